"""Tables of cells in files: the true counts that come in, the protected table that goes out."""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from opengazette.adapters.config_files import load_yaml
from opengazette.disclosure.given_cells import GivenCells, PublishedCells
from opengazette.errors import ExtractRefused
from opengazette.model.cell_structure import CellStructure

_COUNT = re.compile(r"\d{1,15}(\.0+)?")
_FLAGS = {"0": False, "1": True, "false": False, "true": True}
_STATUS = ("published", "primary", "complementary")
_SHOWN = 5


@dataclass(frozen=True)
class _Sheet:
    """A CSV as text: its name, the names of its columns and its rows."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        at = self.columns.index(name)
        return [row[at] for row in self.rows]

    def keys(self, dims: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        return tuple(zip(*(self.column(dim) for dim in dims), strict=True))


def read_structure(path: Path) -> CellStructure:
    """Return the structure of a table of cells from its META.json.

    Raises:
        ContractInvalid: names file, line, field and fix of every mistake.
    """
    return load_yaml(path, CellStructure, shown=path.name)


def read_cells(path: Path, structure: CellStructure) -> GivenCells:
    """Return the true counts of a CELLS.csv: private.

    Shape: one cell per row, in the order of the rows; columns are the dimensions of the
    structure, `value`, and `primary` unless the threshold alone is to decide.

    Raises:
        ExtractRefused: names the file, the column and the rows by number, never a value.
    """
    dims = tuple(dim.name for dim in structure.dims)
    sheet = _read(path)
    _refuse_columns(sheet, needed=(*dims, "value"), allowed=("primary",))
    cells = _given(sheet, dims)
    _refuse_unknown_codes(sheet, structure)
    _refuse_other_sizes(sheet, cells, structure)
    return cells


def read_long_cells(path: Path) -> GivenCells:
    """Return the true counts of a CSV that has no structure: every other column is a dimension.

    Raises:
        ExtractRefused: names the file, the column and the rows by number, never a value.
    """
    sheet = _read(path)
    _refuse_columns(sheet, needed=("value",), allowed=sheet.columns)
    dims = tuple(name for name in sheet.columns if name not in ("value", "primary"))
    if not dims:
        raise ExtractRefused(
            f"{sheet.file} has no column but the counts.",
            "Give it a column for each classifying variable.",
        )
    return _given(sheet, dims)


def read_published_cells(path: Path, structure: CellStructure) -> PublishedCells:
    """Return a published table: what `protect` writes, or any with its blanks.

    Shape: one cell per row; the values stand in `published`, or else in `value`; blank is
    withheld. `status` tells which cells are primary, if it is there.

    Raises:
        ExtractRefused: names the file, the column and the rows by number.
    """
    dims = tuple(dim.name for dim in structure.dims)
    sheet = _read(path)
    held = "published" if "published" in sheet.columns else "value"
    _refuse_columns(sheet, needed=(*dims, held), allowed=("status",))
    values = _numbers(sheet, held, blank_allowed=True)
    _refuse_unknown_codes(sheet, structure)
    blank = np.isnan(values)
    primary = blank
    if "status" in sheet.columns:
        status = np.array(sheet.column("status"), dtype=object)
        odd = ~np.isin(status, _STATUS) | ((status == "published") == blank)
        _refuse_rows(
            sheet,
            "status",
            odd,
            "is none of published, primary, complementary, or does not fit the value",
            "Write published where there is a value, and one of the others where it is blank.",
        )
        primary = np.asarray(status == "primary", dtype=np.bool_)
    return PublishedCells(_unique_keys(sheet, dims), values, primary)


def write_published_cells(
    path: Path, dims: Sequence[str], cells: GivenCells, withheld: Iterable[bool]
) -> None:
    """Write the protected table: the rows in order, `published` blank where withheld, `status`.

    The file appears whole or not at all.
    """
    with _whole(path) as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*dims, "published", "status"])
        rows = zip(cells.keys, cells.values, cells.is_primary(), withheld, strict=True)
        for key, value, primary, gone in rows:
            status = "primary" if primary else "complementary" if gone else "published"
            writer.writerow([*key, "" if gone else int(value), status])


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV; the file appears whole or not at all."""
    with _whole(path) as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_page(path: Path, page: bytes) -> None:
    """Write a page; the file appears whole or not at all."""
    with _whole(path) as out:
        out.write(page.decode())


def _read(path: Path) -> _Sheet:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines, strict=True))
    except FileNotFoundError:
        raise ExtractRefused(f"There is no file {path.name}.", "Correct the name.") from None
    except UnicodeDecodeError:
        raise ExtractRefused(f"{path.name} is not UTF-8.", "Save it as UTF-8.") from None
    except (OSError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a CSV"
        raise ExtractRefused(
            f"{path.name} cannot be read: {why}.", "Give a CSV with commas and a header."
        ) from None
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise ExtractRefused(f"{path.name} has no rows.", "Give a header and a row for each cell.")
    columns = tuple(rows[0])
    uneven = [i for i, row in enumerate(rows) if len(row) != len(columns)]
    if uneven:
        raise ExtractRefused(
            f"{path.name}: {len(uneven)} rows have more or fewer fields than the header "
            f"({_places(uneven)}).",
            "Put text with commas in double quotes.",
        )
    return _Sheet(path.name, columns, tuple(tuple(row) for row in rows[1:]))


def _given(sheet: _Sheet, dims: Sequence[str]) -> GivenCells:
    values = _numbers(sheet, "value", blank_allowed=False).astype(np.int64)
    if "primary" not in sheet.columns:
        return GivenCells(_unique_keys(sheet, dims), values, None)
    flags = [text.strip().lower() for text in sheet.column("primary")]
    odd = np.array([flag not in _FLAGS for flag in flags])
    _refuse_rows(sheet, "primary", odd, "is neither 0 nor 1", "Write 1 for a primary cell, else 0.")
    primary = np.array([_FLAGS[flag] for flag in flags], dtype=np.bool_)
    return GivenCells(_unique_keys(sheet, dims), values, primary)


def _numbers(sheet: _Sheet, column: str, *, blank_allowed: bool) -> np.ndarray:
    texts = [text.strip() for text in sheet.column(column)]
    odd = [not (_COUNT.fullmatch(t) or (blank_allowed and not t)) for t in texts]
    _refuse_rows(
        sheet,
        column,
        np.array(odd),
        "is not a whole number from 0 up" + (" or blank" if blank_allowed else ""),
        "Write plain counts, without separators.",
    )
    return np.array([float(text) if text else np.nan for text in texts])


def _unique_keys(sheet: _Sheet, dims: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    keys = sheet.keys(dims)
    times = Counter(keys)
    twice = np.array([times[key] > 1 for key in keys])
    _refuse_rows(
        sheet,
        ", ".join(dims),
        twice,
        "repeats the codes of another row",
        "Give each combination of codes one row.",
    )
    return keys


def _refuse_columns(sheet: _Sheet, *, needed: Sequence[str], allowed: Sequence[str]) -> None:
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


def _refuse_unknown_codes(sheet: _Sheet, structure: CellStructure) -> None:
    for dim in structure.dims:
        if dim.total is None:
            continue
        known = set(dim.codes())
        odd = np.array([code not in known for code in sheet.column(dim.name)])
        _refuse_rows(
            sheet,
            dim.name,
            odd,
            "is a code that the structure does not have",
            f"Add it to the tree of {dim.name!r}, under the code that it adds to.",
        )


def _refuse_other_sizes(sheet: _Sheet, cells: GivenCells, structure: CellStructure) -> None:
    found = {"n_cells": len(cells.keys)}
    if cells.primary is not None:
        found["n_primary"] = int(cells.primary.sum())
    for field, count in found.items():
        said = getattr(structure, field)
        if said is not None and said != count:
            raise ExtractRefused(
                f"{sheet.file} does not have as many cells as the structure says in {field!r}.",
                f"Is it the right file? Correct {field!r}, or leave it out.",
            )


def _refuse_rows(sheet: _Sheet, column: str, odd: np.ndarray, why: str, fix: str) -> None:
    wrong = np.flatnonzero(odd)
    if len(wrong):
        rows = f"{len(wrong)} rows" if len(wrong) > 1 else "1 row"
        raise ExtractRefused(
            f"{sheet.file}, column {column}: in {rows} it {why} ({_places(wrong + 1)}).", fix
        )


def _places(rows: Iterable[int]) -> str:
    """Name rows as an editor counts the lines of the file, the header being the first."""
    lines = [str(int(row) + 1) for row in rows]
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return f"line {', '.join(lines[:_SHOWN])}{more}"


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """Write beside the file and put it in its place at the end."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ExtractRefused(
            f"{path.name} cannot be written: {error.strerror}.", "Choose another folder."
        ) from None
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.chmod(0o600)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
