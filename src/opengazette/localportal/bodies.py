"""Bodies of requests: written to disk as they come, read back in batches of rows."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, NoReturn, TextIO

from fastapi import Request
from pydantic import JsonValue
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.values import JsonNumber

BATCH_ROWS = 10_000
LARGEST_ROW = 70_000_000
LARGEST_DOCUMENT = 5_000_000
_WINDOW = 1 << 20
_FIRST_MARK: Final = 64
_BLANK: Final = " \t\r\n"


class Absent:
    """What a JSON row holds under a field it does not name."""


ABSENT: Final = Absent()


@dataclass(frozen=True)
class Batch:
    """Some rows, field by field; `ABSENT` where a row does not name the field."""

    count: int
    cells: dict[str, list[object]]


async def spool(request: Request, staged: Path) -> int:
    """Write the body to a file and return its size in bytes."""
    size = 0
    with staged.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            await run_in_threadpool(file.write, chunk)
    return size


async def sent_json(request: Request) -> JsonValue:
    """Read a body that is a JSON document; an empty body is null.

    Raises:
        Problem: it is no JSON, or too large for a document.
    """
    body = await request.body()
    if len(body) > LARGEST_DOCUMENT:
        raise Problem(413, "req.body.too-large", "The document is too large.")
    try:
        found: JsonValue = json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        raise bad_request("The body is not JSON.", "req.body.malformed-json") from None
    return found


async def sent_object(request: Request) -> dict[str, JsonValue]:
    """Read a body that is a JSON object.

    Raises:
        Problem: it is no JSON object, or too large for a document.
    """
    found = await sent_json(request)
    if not isinstance(found, dict):
        raise bad_request("The body is not a JSON object.")
    return found


def sent_file_name(request: Request) -> str:
    """Return the last part of the name that a file was sent with.

    Raises:
        Problem: it has none, or one that cannot be printed.
    """
    return plain_file_name(request.headers.get("x-file-name", ""))


def plain_file_name(sent: str) -> str:
    """Return the last part of a file's name.

    Raises:
        Problem: there is none, or one that cannot be printed.
    """
    name = PurePosixPath(sent.replace("\\", "/")).name
    if not name or not name.isprintable():
        raise bad_request("The name of the file is missing.")
    return name


def body_is_csv(request: Request, suffix: str) -> bool:
    """Say whether the body is CSV: the content type decides, then the suffix.

    Raises:
        Problem: the content type is neither, or there is neither type nor suffix.
    """
    sent = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if sent == "text/csv":
        return True
    if sent == "application/json":
        return False
    if sent:
        raise Problem(415, "req.content-type.unsupported", "Send application/json or text/csv.")
    if suffix:
        return suffix == "csv"
    raise bad_request("Content-Type is missing.", "req.content-type.missing")


def is_one_object(file: Path) -> bool:
    """Say whether a body of JSON is one object, by its first mark."""
    with file.open("rb") as body:
        return body.read(_FIRST_MARK).lstrip().startswith(b"{")


def csv_batches(file: Path) -> Iterator[Batch]:
    """Read CSV after RFC 4180 with a header of field names."""
    # The limit of the csv module belongs to the process; its default refuses long texts.
    csv.field_size_limit(LARGEST_ROW)
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.reader(text, strict=True)
            header = [name.strip() for name in next(rows, [])]
            _refuse_bad_header(header)
            yield from _csv_rows(rows, header)
    except UnicodeDecodeError:
        raise bad_request("The CSV is not UTF-8.", "req.body.malformed-csv") from None
    except csv.Error:
        raise bad_request("The CSV is malformed.", "req.body.malformed-csv") from None


def _refuse_bad_header(header: list[str]) -> None:
    if not header:
        raise bad_request("The CSV has no header row.", "req.body.malformed-csv")
    if len(set(header)) != len(header):
        raise bad_request("The CSV header names a column twice.", "req.body.malformed-csv")


def _csv_rows(rows: Iterator[list[str]], header: list[str]) -> Iterator[Batch]:
    kept: list[list[str]] = []
    for number, read in enumerate(rows, start=1):
        row = read or [""]
        if len(row) != len(header):
            raise bad_request(
                f"CSV row {number} has {len(row)} cells, the header {len(header)}.",
                "req.body.malformed-csv",
            )
        kept.append(row)
        if len(kept) == BATCH_ROWS:
            yield _turned(kept, header)
            kept = []
    if kept:
        yield _turned(kept, header)


def _turned(rows: list[list[str]], header: list[str]) -> Batch:
    return Batch(
        len(rows),
        {name: list(cells) for name, cells in zip(header, zip(*rows, strict=True), strict=True)},
    )


def json_batches(file: Path, *, single_allowed: bool) -> Iterator[Batch]:
    """Read a JSON array of rows, or one row where that is allowed."""
    kept: list[dict[str, object]] = []
    try:
        with file.open(encoding="utf-8") as text:
            for row in json_rows(text, single_allowed=single_allowed):
                kept.append(row)
                if len(kept) == BATCH_ROWS:
                    yield _gathered(kept)
                    kept = []
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise _malformed_json() from None
    if kept:
        yield _gathered(kept)


def _gathered(rows: list[dict[str, object]]) -> Batch:
    fields = dict.fromkeys(field for row in rows for field in row)
    return Batch(len(rows), {field: [row.get(field, ABSENT) for row in rows] for field in fields})


def json_rows(text: TextIO, *, single_allowed: bool) -> Iterator[dict[str, object]]:
    """Yield the objects of a JSON array without holding more than one window of it."""
    window = _Window(text)
    first = window.peek()
    if first == "{" and single_allowed:
        yield window.take_object()
    elif first == "[":
        window.skip()
        yield from _elements(window)
    else:
        raise _malformed_json("Expected an array of rows.")
    if window.peek():
        raise _malformed_json()


def _elements(window: _Window) -> Iterator[dict[str, object]]:
    if window.peek() == "]":
        window.skip()
        return
    while True:
        yield window.take_object()
        mark = window.peek()
        window.skip()
        if mark == "]":
            return
        if mark != ",":
            raise _malformed_json()


class _Window:
    """A sliding piece of a JSON text."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._held = ""
        self._at = 0
        self._decoder = json.JSONDecoder(
            parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=_refuse_constant
        )

    def peek(self) -> str:
        """Return the next mark that is not blank, or nothing at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._held) or not self._read_on():
                return self._held[self._at : self._at + 1]

    def skip(self) -> None:
        self._at += 1

    def take_object(self) -> dict[str, object]:
        if self.peek() != "{":
            raise _malformed_json("A row is not an object.")
        while True:
            try:
                row, self._at = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError:
                if len(self._held) - self._at > LARGEST_ROW:
                    raise Problem(413, "req.body.too-large", "A row is too large.") from None
                if not self._read_on():
                    raise
            else:
                return dict(row)

    def _read_on(self) -> bool:
        size = max(_WINDOW, len(self._held) - self._at)
        more = self._text.read(size)
        self._held, self._at = self._held[self._at :] + more, 0
        return bool(more)


def _refuse_constant(_name: str) -> NoReturn:
    raise _malformed_json("NaN and Infinity are not JSON.")


def _malformed_json(message: str = "The body is not JSON.") -> Problem:
    return bad_request(message, "req.body.malformed-json")
