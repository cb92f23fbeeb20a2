"""Tables of cells in files: the true counts that come in, the protected table that goes out."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np

from opengazette.adapters.cell_sheets import (
    Sheet,
    numbers,
    read_sheet,
    refuse_columns,
    refuse_rows,
    refuse_texts,
    unique_keys,
    weights,
)
from opengazette.adapters.config_files import load_yaml
from opengazette.disclosure.standalone.given_cells import GivenCells, PublishedCells
from opengazette.errors import ExtractRefused
from opengazette.model.cell_structure import CellStructure

_FLAGS = {"0": False, "1": True, "false": False, "true": True}
_STATUS = ("published", "primary", "complementary")


def read_structure(path: Path) -> CellStructure:
    """Return the structure of a table of cells from its META.json.

    Raises:
        ContractInvalid: names file, line, field and fix of every mistake.
    """
    return load_yaml(path, CellStructure, shown=path.name)


def read_cells(path: Path, structure: CellStructure) -> GivenCells:
    """Return the true counts of a CELLS.csv: private.

    Shape: one cell per row, in the order of the rows; columns are the dimensions of the
    structure, `value`, `primary` unless the threshold alone is to decide, and `weight` where
    cells are not worth the same.

    Raises:
        ExtractRefused: names the file, the column and the rows by number, never a value.
    """
    dims = tuple(dim.name for dim in structure.dims)
    sheet = read_sheet(path)
    refuse_columns(sheet, needed=(*dims, "value"), allowed=("primary", "weight"))
    cells = _given(sheet, dims)
    _refuse_unknown_codes(sheet, structure)
    _refuse_other_sizes(sheet, cells, structure)
    return cells


def read_long_cells(path: Path) -> tuple[tuple[str, ...], GivenCells]:
    """Return the dimensions and the true counts of a CSV that has no structure: private.

    Every column but `value`, `primary` and `weight` is a dimension.

    Raises:
        ExtractRefused: names the file, the column and the rows by number, never a value.
    """
    sheet = read_sheet(path)
    refuse_columns(sheet, needed=("value",), allowed=sheet.columns)
    dims = tuple(name for name in sheet.columns if name not in ("value", "primary", "weight"))
    if not dims:
        raise ExtractRefused(
            f"{sheet.file} has no column but the counts.",
            "Give it a column for each classifying variable.",
        )
    return dims, _given(sheet, dims)


def read_published_cells(path: Path, structure: CellStructure) -> PublishedCells:
    """Return a published table: what `protect` writes, or any with its blanks.

    Shape: one cell per row; the values stand in `published`, or else in `value`; blank is
    withheld. `status` tells which cells are primary, if it is there.

    Raises:
        ExtractRefused: names the file, the column and the rows by number.
    """
    dims = tuple(dim.name for dim in structure.dims)
    sheet = read_sheet(path)
    held = "published" if "published" in sheet.columns else "value"
    refuse_columns(sheet, needed=(*dims, held), allowed=("status",))
    values = numbers(sheet, held, blank_allowed=True)
    _refuse_unknown_codes(sheet, structure)
    blank = np.isnan(values)
    primary = blank
    if "status" in sheet.columns:
        status = np.array(sheet.column("status"), dtype=object)
        odd = ~np.isin(status, _STATUS) | ((status == "published") == blank)
        refuse_rows(
            sheet,
            "status",
            odd,
            "is none of published, primary, complementary, or does not fit the value",
            "Write published where there is a value, and one of the others where it is blank.",
        )
        primary = np.asarray(status == "primary", dtype=np.bool_)
    return PublishedCells(unique_keys(sheet, dims), values, primary, "status" in sheet.columns)


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


def _given(sheet: Sheet, dims: Sequence[str]) -> GivenCells:
    values = numbers(sheet, "value", blank_allowed=False).astype(np.int64)
    weight = weights(sheet, "weight") if "weight" in sheet.columns else None
    if "primary" not in sheet.columns:
        return GivenCells(unique_keys(sheet, dims), values, None, weight)
    flags = sheet.column("primary")
    meaning = {flag: _FLAGS.get(flag.strip().lower()) for flag in set(flags)}
    odd = {flag for flag, said in meaning.items() if said is None}
    refuse_texts(sheet, "primary", odd, "is neither 0 nor 1", "Write 1 for a primary cell, else 0.")
    primary = np.array([meaning[flag] for flag in flags], dtype=np.bool_)
    return GivenCells(unique_keys(sheet, dims), values, primary, weight)


def _refuse_unknown_codes(sheet: Sheet, structure: CellStructure) -> None:
    for dim in structure.dims:
        if dim.total is None:
            continue
        refuse_texts(
            sheet,
            dim.name,
            set(sheet.column(dim.name)).difference(dim.codes()),
            "is a code that the structure does not have",
            f"Add it to the tree of {dim.name!r}, under the code that it adds to.",
        )


def _refuse_other_sizes(sheet: Sheet, cells: GivenCells, structure: CellStructure) -> None:
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
