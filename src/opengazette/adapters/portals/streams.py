"""Answers of any length, read one row or line after another."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

_BETWEEN: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()


def members(texts: Iterable[str]) -> Iterator[Any]:
    """Yield the members of a list of objects whose text comes in pieces.

    Raises ValueError where it is no whole list of objects;
    what came before has been yielded then. Memory: one piece and the objects in it.
    """
    reader = _Reader(iter(texts))
    if reader.sign() != "[":
        raise ValueError("no list")
    sign = reader.sign()
    while sign == "{":
        yield from reader.objects_at_sign()
        sign = reader.sign()
        if sign == ",":
            sign = reader.sign()
            if sign != "{":
                raise ValueError("no object after a comma")
        elif sign == "{":
            raise ValueError("no comma between objects")
    if sign != "]" or reader.sign():
        raise ValueError("no end of the list")


def lines(texts: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text that comes in pieces, each with its line feed."""
    rest = ""
    for text in texts:
        whole, end, rest = (rest + text).rpartition("\n")
        yield from io.StringIO(whole + end, newline="\n")
    if rest:
        yield rest


class _Reader:
    """A place in a text that comes in pieces."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts, self._text, self._at = texts, "", 0
        self._tried = -1

    def sign(self) -> str:
        """Return the next sign that is no space, and step over it; nothing at the end."""
        while True:
            found = _BETWEEN.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                self._at += 1
                return self._text[self._at - 1]
            if not self._more():
                return ""

    def objects_at_sign(self) -> list[Any]:
        """Return the object whose first sign was stepped over last, and some of those after it."""
        self._at -= 1
        while True:
            found = self._whole_lines()
            if found:
                return found
            try:
                one, self._at = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
            else:
                return [one]

    def _whole_lines(self) -> list[Any]:
        """Return the objects to the last line feed, where they end there: no text holds one."""
        end = self._text.rfind("\n", self._at)
        if end <= self._tried:
            return []
        self._tried = end
        try:
            found: list[Any] = json.loads(f"[{self._text[self._at : end]}]")
        except json.JSONDecodeError:
            return []
        if set(map(type, found)) != {dict}:
            raise ValueError("no list of objects")
        self._at = end
        return found

    def _more(self) -> bool:
        piece = next(self._texts, None)
        if piece is None:
            return False
        self._text, self._at = self._text[self._at :] + piece, 0
        self._tried = -1
        return True
