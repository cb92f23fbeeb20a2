"""Lines of text as an Excel workbook, the same bytes for the same lines."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A workbook says when it was made, which would make other bytes each night; it has no zone.
_NO_DAY: Final = datetime(2000, 1, 1)  # noqa: DTZ001
_LONGEST: Final = 32_767
_WIDEST: Final = 60
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT_ALONE: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def workbook(title: str, lines: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with one sheet, whose first line is the header.

    What is not done: nothing is taken for a number, a formula or an address, whatever it looks
    like; of a text longer than a cell of Excel holds, the rest is left out.
    """
    import xlsxwriter

    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _TEXT_ALONE) as book:
        book.set_properties({"title": title, "created": _NO_DAY})
        sheet = book.add_worksheet(title)
        head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(zip(*lines, strict=True)):
            sheet.set_column(at, at, min(_WIDEST, 2 + max(map(len, column))))
        for number, line in enumerate(lines):
            for at, text in enumerate(line):
                shown = _NOT_XML.sub("", text)[:_LONGEST]
                sheet.write_string(number, at, shown, wrapped if number else head)
    return file.getvalue()
