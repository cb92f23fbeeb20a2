"""A CSV of cells as text, and what is refused of it: never with a value, always with its line."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opengazette.errors import ExtractRefused

_COUNT = re.compile(r"\d{1,15}(\.0+)?")
_WEIGHT = re.compile(r"\d{1,7}(\.\d{1,9})?")
_HEAVIEST = 1e6
_SHOWN = 5


@dataclass(frozen=True)
class Sheet:
    """A CSV as text: its name, the names of its columns, and each column's texts."""

    file: str
    columns: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> tuple[str, ...]:
        """Return the texts of a column."""
        return self.texts[self.columns.index(name)]

    def keys(self, dims: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the codes of each row."""
        return tuple(zip(*(self.column(dim) for dim in dims), strict=True))


def read_sheet(path: Path) -> Sheet:
    """Return a CSV with commas, a header and at least one row.

    Raises:
        ExtractRefused: it is something else, or cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = (row for row in csv.reader(lines, strict=True) if row)
            columns = tuple(next(rows, ()))
            texts, uneven = _by_column(rows, len(columns))
    except FileNotFoundError:
        raise ExtractRefused(f"There is no file {path.name}.", "Correct the name.") from None
    except UnicodeDecodeError:
        raise ExtractRefused(f"{path.name} is not UTF-8.", "Save it as UTF-8.") from None
    except (OSError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a CSV"
        raise ExtractRefused(
            f"{path.name} cannot be read: {why}.", "Give a CSV with commas and a header."
        ) from None
    if uneven:
        raise ExtractRefused(
            f"{path.name}: {len(uneven)} rows have more or fewer fields than the header "
            f"({_places(uneven)}).",
            "Put text with commas in double quotes.",
        )
    if not columns or not texts[0]:
        raise ExtractRefused(f"{path.name} has no rows.", "Give a header and a row for each cell.")
    return Sheet(path.name, columns, texts)


def numbers(sheet: Sheet, column: str, *, blank_allowed: bool) -> NDArray[np.float64]:
    """Return a column of whole numbers from 0 up; a blank is nan.

    Raises:
        ExtractRefused: names the lines that hold something else.
    """
    texts = sheet.column(column)
    blank = float("nan") if blank_allowed else None
    meaning = {text: _count(text.strip(), blank) for text in set(texts)}
    odd = {text for text, number in meaning.items() if number is None}
    refuse_texts(
        sheet,
        column,
        odd,
        "is not a whole number from 0 up" + (" or blank" if blank_allowed else ""),
        "Write plain counts, without separators.",
    )
    return np.array([meaning[text] for text in texts], dtype=np.float64)


def weights(sheet: Sheet, column: str) -> NDArray[np.float64]:
    """Return a column of weights above 0, up to a million; a blank is 1.

    Raises:
        ExtractRefused: names the lines that hold something else.
    """
    texts = sheet.column(column)
    meaning = {text: _weight(text.strip() or "1") for text in set(texts)}
    odd = {text for text, weight in meaning.items() if weight is None}
    refuse_texts(
        sheet,
        column,
        odd,
        "is not a number above 0, up to a million",
        "Write what withholding the cell costs beside 1 for any other, or nothing.",
    )
    return np.array([meaning[text] for text in texts], dtype=np.float64)


def unique_keys(sheet: Sheet, dims: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the codes of each row.

    Raises:
        ExtractRefused: names the lines that repeat each other.
    """
    keys = sheet.keys(dims)
    if len(set(keys)) < len(keys):
        times = Counter(keys)
        refuse_rows(
            sheet,
            ", ".join(dims),
            np.array([times[key] > 1 for key in keys]),
            "repeats the codes of another row",
            "Give each combination of codes one row.",
        )
    return keys


def refuse_columns(sheet: Sheet, *, needed: Sequence[str], allowed: Sequence[str]) -> None:
    """Refuse a sheet with a column missing, twice, or not allowed."""
    missing = [name for name in needed if name not in sheet.columns]
    known = {*needed, *allowed}
    foreign = [name for name in sheet.columns if name not in known]
    if missing:
        raise ExtractRefused(
            f"{sheet.file} has no column {missing[0]!r}.",
            f"The columns are {', '.join(needed)}; a dimension is called as in the structure.",
        )
    if foreign or len(set(sheet.columns)) < len(sheet.columns):
        name = foreign[0] if foreign else Counter(sheet.columns).most_common(1)[0][0]
        raise ExtractRefused(
            f"{sheet.file} has a column {name!r} that is not expected, or is there twice.",
            f"Leave it out, or add it to the structure; expected are {', '.join(needed)}.",
        )


def refuse_rows(sheet: Sheet, column: str, odd: NDArray[np.bool_], why: str, fix: str) -> None:
    """Refuse a sheet for the rows that are marked odd; they are named by line."""
    wrong = np.flatnonzero(odd)
    if len(wrong):
        rows = f"{len(wrong)} rows" if len(wrong) > 1 else "1 row"
        raise ExtractRefused(
            f"{sheet.file}, column {column}: in {rows} it {why} ({_places(wrong + 1)}).", fix
        )


def refuse_texts(sheet: Sheet, column: str, odd: Collection[str], why: str, fix: str) -> None:
    """Refuse a sheet for the rows whose text in a column is one of the odd ones."""
    if odd:
        wrong = np.array([text in odd for text in sheet.column(column)])
        refuse_rows(sheet, column, wrong, why, fix)


def _by_column(
    rows: Iterable[Sequence[str]], width: int
) -> tuple[tuple[tuple[str, ...], ...], list[int]]:
    """Turn rows into columns; list the rows of another width, from 1, and leave those out.

    One copy of each text of a column is kept: a large table repeats its codes.
    """
    texts: list[list[str]] = [[] for _ in range(width)]
    known: list[dict[str, str]] = [{} for _ in range(width)]
    uneven = []
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            uneven.append(number)
            continue
        for column, seen, text in zip(texts, known, row, strict=True):
            column.append(seen.setdefault(text, text))
    return tuple(map(tuple, texts)), uneven


def _count(text: str, blank: float | None) -> float | None:
    if _COUNT.fullmatch(text):
        return float(text)
    return None if text else blank


def _weight(text: str) -> float | None:
    return float(text) if _WEIGHT.fullmatch(text) and 0 < float(text) <= _HEAVIEST else None


def _places(rows: Iterable[int]) -> str:
    """Name rows as an editor counts the lines of the file, the header being the first."""
    lines = [str(int(row) + 1) for row in rows]
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"line {', '.join(lines[:_SHOWN])}{more}"
