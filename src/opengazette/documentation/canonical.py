"""The exact bytes of a published table, and a digest of its rows that no portal can disturb.

A portal changes the order of rows, the quoting and the spelling of numbers, and normalises
text; two tables have the same digest where nothing but such differences lies between them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from unicodedata import normalize

import pandas as pd

from opengazette.errors import Fault

#: Enough digits for every finite floating-point number.
_ANY_FLOAT = Context(prec=400)
_QUOTE = '"'
_MUST_QUOTE = re.compile(r'[",\r\n]')


class NotCanonical(ValueError):
    """A cell is not of its column's type; its text names the column and not the cell."""


def digest(columns: Mapping[str, str], rows: Iterable[Sequence[str | None]]) -> str:
    """Return the SHA-256 of a table's columns and rows, in whatever order the rows come.

    `columns` maps each column, in order, to its type (text, integer, number); a row holds one
    cell for each column. Repeated rows count. Memory: 32 bytes a row.

    Raises:
        NotCanonical: a cell of a number column is no number, or a row has other columns.
    """
    kinds = tuple(columns.items())
    marks = sorted(_row_mark(kinds, row) for row in rows)
    whole = hashlib.sha256(_framed([normalize("NFC", name) for name in columns]))
    for mark in marks:
        whole.update(mark)
    return whole.hexdigest()


def canonical_cell(cell: str | None, kind: str) -> str:
    """Return a cell in its one form: text in NFC, numbers plain and without spare zeros.

    An empty cell and an absent one are the same. Raises ValueError where it is no number.
    """
    if cell is None or cell == "":
        return ""
    if kind == "text":
        return normalize("NFC", cell)
    try:
        number = Decimal(cell.strip())
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite():
        raise ValueError("not a number")
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain


def table_csv(table: pd.DataFrame, decimals: Mapping[str, int]) -> bytes:
    """Return a published table as the file that goes out: UTF-8, `\\n`, RFC 4180.

    Shape: a header and one line for each row, in the table's order; the columns are those of
    `decimals`, in its order. A missing value is an empty cell. Numbers are plain, those of
    floating-point columns with that many decimals, halves rounded away from zero.

    Raises:
        Fault: the table has other columns, or a number that is not finite.
    """
    if list(table.columns) != list(decimals):
        raise Fault("The table to be published has other columns than its description.")
    cells = [_texts(table[name], decimals[name]) for name in decimals]
    lines = [list(decimals), *zip(*cells, strict=True)]
    return "".join(_line(line) for line in lines).encode()


def read_table_csv(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a file that `table_csv` wrote."""
    lines = list(csv.reader(io.StringIO(content.decode(), newline="")))
    return (lines[0], lines[1:]) if lines else ([], [])


def _line(cells: Sequence[str]) -> str:
    """Quote what RFC 4180 says must be quoted, whichever Python this runs on."""
    if len(cells) == 1 and not cells[0]:
        return '""\n'
    return ",".join(map(_quoted, cells)) + "\n"


def _quoted(cell: str) -> str:
    return f'"{cell.replace(_QUOTE, _QUOTE * 2)}"' if _MUST_QUOTE.search(cell) else cell


def _row_mark(kinds: Sequence[tuple[str, str]], row: Sequence[str | None]) -> bytes:
    if len(row) != len(kinds):
        raise NotCanonical("a row has other columns")
    cells = []
    for (name, kind), cell in zip(kinds, row, strict=True):
        try:
            cells.append(canonical_cell(cell, kind))
        except ValueError:
            raise NotCanonical(f"column {name!r} holds something that is no number") from None
    return hashlib.sha256(_framed(cells)).digest()


def _framed(parts: Iterable[str]) -> bytes:
    """Join texts so that no two lists of texts give the same bytes."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _texts(column: pd.Series, decimals: int) -> list[str]:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        raise Fault(f"Column {column.name!r} of the table to be published is a yes or no.")
    if pd.api.types.is_float_dtype(kind):
        return ["" if pd.isna(x) else _plain(float(x), decimals) for x in column]
    if pd.api.types.is_integer_dtype(kind):
        return ["" if pd.isna(x) else str(int(x)) for x in column]
    return ["" if pd.isna(x) else str(x) for x in column]


def _plain(number: float, decimals: int) -> str:
    exact = Decimal(repr(number))
    if not exact.is_finite():
        raise Fault("A number to be published is not finite.")
    step = Decimal(1).scaleb(-decimals)
    rounded = exact.quantize(step, rounding=ROUND_HALF_UP, context=_ANY_FLOAT)
    return format(abs(rounded) if rounded.is_zero() else rounded, "f")
