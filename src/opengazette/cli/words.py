"""What a person writes on the command line, looked at before anything is done."""

from __future__ import annotations

from typing import Any

import typer
from pydantic import TypeAdapter, ValidationError


def refuse_wordless(option: str, kind: Any, words: str) -> None:  # noqa: ANN401 - a type
    """Refuse words that the ledger or a file would not take. Raises typer.BadParameter."""
    try:
        TypeAdapter(kind).validate_python(words)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise typer.BadParameter(first["msg"], param_hint=option) from None
