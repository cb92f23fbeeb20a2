"""From the bytes of an upload to rows of text, in batches, as its parse options say."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple
from unicodedata import normalize

from opengazette.localportal.bodies import LARGEST_ROW
from opengazette.localportal.problems import bad_request
from opengazette.localportal.publishing.drafts import ParseOptions
from opengazette.localportal.values import Kind

BATCH_ROWS: Final = 10_000
MOST_COLUMNS: Final = 1600
_WINDOW: Final = 1 << 20
_ENCODINGS: Final = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "iso8859-1": "iso8859-1",
    "iso8859-15": "iso8859-15",
    "cp1252": "cp1252",
    "ascii": "ascii",
    "mac-roman": "mac-roman",
}


class Unreadable(Exception):
    """A source that cannot be read. The message counts rows; it quotes nothing of the file."""


@dataclass(frozen=True)
class Heading:
    """A column as the file heads it."""

    field_name: str
    display_name: str
    kind: Kind = "text"


class Row(NamedTuple):
    """The cells of a row, one for each heading; or what is wrong with the row.

    An empty cell is null; letters need not be composed yet.
    """

    cells: Sequence[str | None]
    error: str | None = None


@dataclass(frozen=True)
class Reading:
    """A file being read: its headings, and its rows in batches."""

    headings: tuple[Heading, ...]
    batches: Iterator[list[Row]]


def known_encoding(name: str) -> str:
    """Return the codec of an encoding's name.

    Raises:
        Problem: it is none of those this portal reads (400).
    """
    try:
        found = codecs.lookup(name.replace("windows-", "cp")).name
    except LookupError:
        found = ""
    if found not in _ENCODINGS:
        raise bad_request(f"The encoding is one of {', '.join(_ENCODINGS)}.")
    return _ENCODINGS[found]


def read_separated(file: Path, options: ParseOptions) -> Reading:
    """Read a file of separated values.

    Raises:
        Unreadable: the text is not in its encoding, or a quote is not closed.
    """
    encoding = known_encoding(options.encoding) if options.encoding else guessed_encoding(file)
    rows = _rows_of(file, encoding, options)
    heads = [row for _, row in zip(range(max(options.header_count, 0)), rows, strict=False)]
    at = options.column_header - 1
    first = next(rows, None)
    if 0 <= at < len(heads):
        names = heads[at]
    else:
        names = [f"column_{n}" for n in range(1, len(first or []) + 1)]
    headings = headings_of(names)
    following = chain([first], rows) if first is not None else iter(())
    return Reading(headings, batches_of(_fitted(row, len(headings)) for row in following))


def guessed_encoding(file: Path) -> str:
    """Guess an encoding: by its mark, then UTF-8 if all of it is, else Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as data:
        start = data.read(4)
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        data.seek(0)
        try:
            while piece := data.read(_WINDOW):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _rows_of(file: Path, encoding: str, options: ParseOptions) -> Iterator[list[str]]:
    # The limit of the csv module belongs to the process; its default refuses long texts.
    csv.field_size_limit(LARGEST_ROW)
    number = 0
    trims, keeps_empty = options.trim_whitespace, not options.remove_empty_rows
    try:
        with file.open(encoding=encoding, newline="") as text:
            for row in csv.reader(
                text,
                delimiter=options.column_separator,
                quotechar=options.quote_char or None,
                quoting=csv.QUOTE_MINIMAL if options.quote_char else csv.QUOTE_NONE,
                strict=True,
            ):
                number += 1
                cells = [cell.strip() for cell in row] if trims else row
                if keeps_empty or any(cells):
                    yield cells
    except UnicodeError:
        raise Unreadable("The text is not in its encoding.") from None
    except csv.Error:
        raise Unreadable(f"After row {number}: the separated values are malformed.") from None


def headings_of(names: list[str]) -> tuple[Heading, ...]:
    """Make field names of the names of columns, each once.

    Raises:
        Unreadable: there are none, or more than a dataset may have.
    """
    if not names:
        raise Unreadable("The file has no columns.")
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"There are {len(names)} columns; {MOST_COLUMNS} are the most.")
    taken: set[str] = set()
    headings = []
    for number, name in enumerate(names, start=1):
        field = field_name_of(name, number, taken)
        taken.add(field)
        headings.append(Heading(field, name.strip() or field))
    return tuple(headings)


def field_name_of(name: str, number: int, taken: set[str]) -> str:
    """Make a field name that is not taken."""
    plain = re.sub(r"[^a-z0-9]+", "_", _ascii(name).lower()).strip("_")[:200]
    field = plain or f"column_{number}"
    field = f"_{field}" if field[0].isdigit() else field
    if field not in taken:
        return field
    return next(tried for n in range(1, len(taken) + 2) if (tried := f"{field}_{n}") not in taken)


def _ascii(name: str) -> str:
    return normalize("NFKD", name).encode("ascii", "ignore").decode()


def _fitted(row: list[str], width: int) -> Row:
    if len(row) == width:
        return Row(row)
    padded = [*row[:width], *([None] * (width - len(row)))]
    return Row(padded, f"The row has {len(row)} cells, the header {width}")


def batches_of(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Gather rows to batches."""
    kept: list[Row] = []
    for row in rows:
        kept.append(row)
        if len(kept) == BATCH_ROWS:
            yield kept
            kept = []
    if kept:
        yield kept
