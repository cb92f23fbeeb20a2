"""The exact bytes of a published table, and a digest of its rows that no portal can disturb.

A portal changes the order of rows, the quoting and the spelling of numbers, and normalises
text; two tables have the same digest where nothing but such differences lies between them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from itertools import islice
from unicodedata import normalize

import numpy as np
import pandas as pd

from opengazette.documentation.sorted_marks import SortedMarks
from opengazette.errors import Fault

#: Enough digits for every finite floating-point number.
_ANY_FLOAT = Context(prec=400)
_QUOTE = '"'
#: Different cells of a column that are remembered at a time.
_MOST_CELLS = 1 << 13
#: Rows that are looked at together.
_AT_ONCE = 1 << 8
_MUST_QUOTE = re.compile(r'[",\r\n]')


class NotCanonical(ValueError):
    """A cell is not of its column's type; its text names the column and not the cell."""


def digest(columns: Mapping[str, str], rows: Iterable[Sequence[str | None]]) -> str:
    """Return the SHA-256 of a table's columns and rows, in whatever order the rows come.

    `columns` maps each column, in order, to its type (text, integer, number); a row holds one
    cell for each column. Repeated rows count. Memory: the same for any number of rows; beyond
    some ten thousand, 32 bytes of each lie in a temporary file without a name.

    Raises:
        NotCanonical: a cell of a number column is no number, or a row has other columns.
    """
    return count_and_digest(columns, rows)[1]


def count_and_digest(
    columns: Mapping[str, str], rows: Iterable[Sequence[str | None]]
) -> tuple[int, str]:
    """Return the number of rows and their digest, which `digest` explains."""
    count, forms = 0, RowForms(columns)
    whole = hashlib.sha256(b"".join(_framed(normalize("NFC", name)) for name in columns))
    with SortedMarks() as marks:
        for some in _together(rows, len(columns)):
            count += len(some)
            marks.add([hashlib.sha256(row).digest() for row in forms.of(some)])
        for piece in marks.in_order():
            whole.update(piece)
    return count, whole.hexdigest()


def refuse_misfits(columns: Mapping[str, str], rows: Iterable[Sequence[str | None]]) -> int:
    """Return the number of rows, where each has these columns and all numbers are some.

    Raises:
        NotCanonical: as `digest` does, at a third of its time.
    """
    count = 0
    numbers = [
        (at, _FramedCells(name, kind))
        for at, (name, kind) in enumerate(columns.items())
        if kind != "text"
    ]
    for some in _together(rows, len(columns)):
        count += len(some)
        for at, known in numbers:
            known.learn({row[at] for row in some})
    return count


def same_in_order(
    columns: Mapping[str, str],
    rows: Iterable[Sequence[str | None]],
    others: Iterable[Sequence[str | None]],
) -> bool:
    """Tell whether two tables with these columns have the same rows in the same order.

    Whatever gives the same `digest` is the same. Neither is read on where they differ.

    Raises:
        NotCanonical: as `digest` does.
    """
    forms, theirs = RowForms(columns), _together(others, len(columns))
    for some in _together(rows, len(columns)):
        those = next(theirs, [])
        if some != those and forms.of(some) != forms.of(those):
            return False
    return next(theirs, None) is None


def _together(
    rows: Iterable[Sequence[str | None]], columns: int
) -> Iterator[list[Sequence[str | None]]]:
    """Yield some rows at a time, all of this many columns."""
    coming = iter(rows)
    while some := list(islice(coming, _AT_ONCE)):
        if set(map(len, some)) != {columns}:
            raise NotCanonical("a row has other columns")
        yield some


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
    floating-point columns with that many decimals, halves rounded away from zero. Whatever Python,
    NumPy or pandas calls missing (None, NaN, NaT, NA) is one thing.

    Raises:
        Fault: the table has other columns, a number that is not finite, or a cell that is neither
            text nor number: a yes or no, a date or a time has no one form that every reader takes.
    """
    if list(table.columns) != list(decimals):
        raise Fault("The table to be published has other columns than its description.")
    cells = [_texts(table[name], decimals[name]) for name in decimals]
    lines = [list(decimals), *zip(*cells, strict=True)]
    return "".join(_line(line) for line in lines).encode()


def read_table_csv(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a file that `table_csv` wrote."""
    header, rows = table_rows(table_lines(content))
    return header, list(rows)


def table_lines(content: bytes) -> Iterable[str]:
    """Return the lines of a file that `table_csv` wrote, decoded as they are asked for."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")


def table_rows(lines: Iterable[str]) -> tuple[list[str], Iterator[list[str]]]:
    """Return the header and, one after another, the rows of a file that `table_csv` wrote.

    `lines` are those of a text file that was opened with `newline=""`.
    """
    rows = csv.reader(lines)
    return next(rows, []), rows


def _line(cells: Sequence[str]) -> str:
    """Quote what RFC 4180 says must be quoted, whichever Python this runs on."""
    if len(cells) == 1 and not cells[0]:
        return '""\n'
    return ",".join(map(_quoted, cells)) + "\n"


def _quoted(cell: str) -> str:
    return f'"{cell.replace(_QUOTE, _QUOTE * 2)}"' if _MUST_QUOTE.search(cell) else cell


class RowForms:
    """The one form of each row of a table, whatever its spelling: no two rows share it.

    With `any_cell`, a cell that is no number where one should be has a form of its own.
    """

    def __init__(self, columns: Mapping[str, str], *, any_cell: bool = False) -> None:
        kind_of_cells = _FramedAnyCells if any_cell else _FramedCells
        self._columns = tuple(kind_of_cells(name, kind) for name, kind in columns.items())

    def of(self, rows: Sequence[Sequence[str | None]]) -> list[bytes]:
        """Return the forms of some rows. Raises NotCanonical, as `digest` does."""
        if not self._columns:
            return [b""] * len(rows)
        by_column = zip(self._columns, zip(*rows, strict=True), strict=True) if rows else ()
        cells = [map(column.__getitem__, cells) for column, cells in by_column]
        return [*map(b"".join, zip(*cells, strict=True))]


class _FramedCells(dict[str | None, bytes]):
    """What a column's cells add to the mark of a row; the cells of a table repeat."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__()
        self._name, self._kind = name, kind

    def learn(self, cells: Set[str | None]) -> None:
        """Read cells that are not known yet. Raises NotCanonical."""
        for cell in cells - self.keys():
            self.__missing__(cell)

    def __missing__(self, cell: str | None) -> bytes:
        try:
            framed = _framed(canonical_cell(cell, self._kind))
        except ValueError:
            framed = self._misfit(cell)
        if len(self) >= _MOST_CELLS:
            self.clear()
        self[cell] = framed
        return framed

    def _misfit(self, cell: str | None) -> bytes:  # noqa: ARG002 - no error tells a cell
        raise NotCanonical(f"column {self._name!r} holds something that is no number") from None


class _FramedAnyCells(_FramedCells):
    def _misfit(self, cell: str | None) -> bytes:
        return _framed(f"no number: {cell}")


def _framed(text: str) -> bytes:
    """Return a text so that no two lists of texts, one after another, give the same bytes."""
    encoded = text.encode("utf-8", "surrogatepass")
    return len(encoded).to_bytes(4, "big") + encoded


def _texts(column: pd.Series, decimals: int) -> list[str]:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        raise Fault(f"Column {column.name!r} of the table to be published is a yes or no.")
    if pd.api.types.is_float_dtype(kind):
        return ["" if pd.isna(x) else _plain(x, decimals) for x in column]
    if pd.api.types.is_integer_dtype(kind):
        return ["" if pd.isna(x) else str(int(x)) for x in column]
    return [_text(x, str(column.name), decimals) for x in column]


def _text(cell: object, column: str, decimals: int) -> str:
    """Return a cell of a column of no numbers; a column of any objects may hold some."""
    if isinstance(cell, str):
        return cell
    if cell is None or pd.isna(cell):  # type: ignore[call-overload]
        return ""
    if isinstance(cell, int | np.integer) and not isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float | np.floating | Decimal):
        return _plain(cell, decimals)
    raise Fault(f"Column {column!r} of the table to be published holds neither text nor number.")


def _plain(number: float | np.floating | Decimal, decimals: int) -> str:
    exact = number if isinstance(number, Decimal) else Decimal(repr(float(number)))
    if not exact.is_finite():
        raise Fault("A number to be published is not finite.")
    step = Decimal(1).scaleb(-decimals)
    rounded = exact.quantize(step, rounding=ROUND_HALF_UP, context=_ANY_FLOAT)
    return format(abs(rounded) if rounded.is_zero() else rounded, "f")
