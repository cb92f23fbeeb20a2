"""The reference of every field of a contract, from the model's own descriptions."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from opengazette.model.contract import Contract

_PLAIN = {str: "text", int: "whole number", float: "number", bool: "yes or no"}


def contract_reference() -> str:
    """Return the reference as Markdown: a section for each part, a row for each field."""
    parts = list(dict.fromkeys(_parts(Contract)))
    sections = "\n".join(_section(part) for part in parts)
    return (
        "# Contract\n\n"
        "Every field of `config/datasets/<id>.yaml`, made from the model itself. "
        "What is not listed here is refused.\n\n" + sections
    )


def _parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for nested in _models(field.annotation):
            yield from _parts(nested)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _section(model: type[BaseModel]) -> str:
    name = "The file" if model is Contract else model.__name__
    purpose = (model.__doc__ or "").strip().split("\n")[0]
    rows = "\n".join(_row(key, field) for key, field in model.model_fields.items())
    return f"## {name}\n\n{purpose}\n\n| Field | Value | Meaning |\n|---|---|---|\n{rows}\n"


def _row(name: str, field: FieldInfo) -> str:
    needed = "**required**" if field.is_required() else _default(field)
    meaning = ". ".join(part for part in (field.description, needed) if part)
    return f"| `{name}` | {_kind(field.annotation)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if default is None or default in ((), {}):
        return "Optional"
    if isinstance(default, BaseModel):
        return f"Default: {type(default).__name__}"
    return f"Default: `{default}`"


def _kind(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(each) for each in arguments if each is not type(None))
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return f"map from {_kind(arguments[0])} to {_kind(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _PLAIN.get(annotation, getattr(annotation, "__name__", str(annotation)))
