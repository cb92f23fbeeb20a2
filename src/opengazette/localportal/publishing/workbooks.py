"""The first sheet of an Excel workbook as rows of text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from importlib import import_module
from pathlib import Path
from typing import Any

from opengazette.localportal.publishing.drafts import ParseOptions
from opengazette.localportal.publishing.parsing import (
    Reading,
    Row,
    Unreadable,
    batches_of,
    headings_of,
)


def read_workbook(file: Path, options: ParseOptions) -> Reading:
    """Read the first sheet of an .xls or .xlsx.

    Raises:
        Unreadable: the file is no workbook, or the reader of workbooks is not there.
    """
    try:
        reader: Any = import_module("python_calamine")
    except ImportError:
        raise Unreadable("To read Excel files this portal needs python-calamine.") from None
    try:
        sheet = reader.load_workbook(str(file)).get_sheet_by_index(0)
        found = [[_text(cell) for cell in row] for row in sheet.to_python()]
    except (reader.CalamineError, OSError, ValueError, IndexError):
        raise Unreadable("The workbook cannot be read.") from None
    rows = [row for row in found if any(row) or not options.remove_empty_rows]
    heads, following = rows[: options.header_count], rows[options.header_count :]
    width = max((len(row) for row in rows), default=0)
    at = options.column_header - 1
    named = heads[at] if 0 <= at < len(heads) else []
    names = [name or "" for name in named] + [""] * (width - len(named))
    return Reading(headings_of(names), batches_of(_rows(following, width)))


def _rows(found: list[list[str | None]], width: int) -> Iterator[Row]:
    for row in found:
        yield Row((*row, *([None] * (width - len(row)))))


def _text(cell: object) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return str(cell).strip()
