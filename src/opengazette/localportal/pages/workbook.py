"""A dataset as an Excel workbook: rows, columns, and what must be known of them.

Memory is bounded: each row goes to disk as it is written. No cell is ever a formula, whatever
it begins with, and what is text in the dataset, a code with zeros in front of it too, is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from opengazette.localportal.showing import MARKS, annotation_of, plain_type
from opengazette.localportal.views import View
from opengazette.localportal.wire import Answer, csv_text

MOST_ROWS: Final = 1_048_575
_LONGEST: Final = 32_767
#: What Excel keeps exactly; longer numbers stay text, digit for digit.
_EXACT: Final = re.compile(r"-?(?=[\d.]{1,16}$)\d{1,15}(?:\.\d+)?")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_workbook(
    file: Path, view: View, answer: Answer, about: Sequence[tuple[str, str]]
) -> None:
    """Write the rows of an answer, the data dictionary and `about` as three sheets."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(file), {**_OPTIONS, "tmpdir": str(file.parent)})
    try:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        withheld = book.add_format({"pattern": 14, "fg_color": "#8A96A3", "bg_color": "#EEF0F1"})
        _rows(book.add_worksheet("Rows"), view, answer, head, withheld)
        columns = (
            (column.name, column.field_name, plain_type(column.kind), column.description)
            for column in view.columns
        )
        header = ("Column", "Field name", "Type", "Description")
        _texts(book.add_worksheet("Columns"), [header, *columns], head, (28, 28, 16, 90))
        _texts(book.add_worksheet("About"), about, None, (22, 100))
    finally:
        book.close()


def _rows(sheet: Any, view: View, answer: Answer, head: Any, withheld: Any) -> None:  # noqa: ANN401
    names = [column.name for column in answer.columns]
    titles = {column.field_name: column.name for column in view.columns}
    notes = {
        names.index(column.field_name): names.index(note)
        for column in view.columns
        if column.field_name in names and (note := annotation_of(view, column)) in names
    }
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(names) - 1, 0), 18)
    for at, name in enumerate(names):
        sheet.write_string(0, at, _text(titles.get(name, name)), head)
    number = 0
    for batch in answer.batches:
        for row in batch:
            number += 1
            for at, cell in enumerate(row):
                if cell is not None:
                    _write(sheet, number, at, csv_text(cell, answer.columns[at]), answer, at)
                elif at in notes and _is_withheld(row[notes[at]]):
                    sheet.write_blank(number, at, None, withheld)
    if number:
        sheet.autofilter(0, 0, number, len(names) - 1)


def _write(sheet: Any, row: int, at: int, text: str, answer: Answer, column: int) -> None:  # noqa: ANN401
    if answer.columns[column].kind == "number" and _EXACT.fullmatch(text):
        sheet.write_number(row, at, float(text))
    else:
        sheet.write_string(row, at, _text(text))


def _is_withheld(code: object) -> bool:
    mark = MARKS.get(str(code).strip()) if code is not None else None
    return mark is not None and "hatched" in mark.style


def _texts(sheet: Any, lines: Iterable[Sequence[str]], head: Any, widths: Sequence[int]) -> None:  # noqa: ANN401
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    for number, line in enumerate(lines):
        for at, text in enumerate(line):
            sheet.write_string(number, at, _text(text), head if number == 0 else None)


def _text(text: str) -> str:
    return _NOT_XML.sub("", text)[:_LONGEST]
