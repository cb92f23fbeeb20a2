"""Answers of any length, read one line after another."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator


def lines(texts: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text that comes in pieces, each with its line feed."""
    rest = ""
    for text in texts:
        whole, end, rest = (rest + text).rpartition("\n")
        yield from io.StringIO(whole + end, newline="\n")
    if rest:
        yield rest
