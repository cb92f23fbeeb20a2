"""The data dictionary as an Excel workbook: the same lines, the same bytes."""

from __future__ import annotations

import io
import time
from pathlib import Path
from zipfile import ZipFile

from python_calamine import CalamineWorkbook

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers

HEADER = ("Field Name", "Field Definition")
LINES = [HEADER, ("fips", "0607\n=1+1"), ("é", "https://example.gov"), ("", "1e5")]


def lines_of(file: Path, sheet: str) -> list[list[object]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(file.read_bytes()))
    return [list(line) for line in book.get_sheet_by_name(sheet).to_python()]


def test_the_same_lines_have_the_same_address_on_any_day(tmp_path: Path) -> None:
    papers = ArchivePapers(FolderArchive(tmp_path))
    first = papers.file_sheet("dictionary.xlsx", "Data dictionary", LINES)
    time.sleep(1.1)
    assert papers.file_sheet("dictionary.xlsx", "Data dictionary", LINES) == first
    other = papers.file_sheet("dictionary.xlsx", "Data dictionary", [*LINES, ("more", "")])
    assert other.sha256 != first.sha256
    assert first.media_type.endswith("spreadsheetml.sheet")


def test_every_cell_is_the_text_that_was_given(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    kept = ArchivePapers(archive).file_sheet("dictionary.xlsx", "Data dictionary", LINES)
    file = archive.fetch(kept.sha256)
    assert lines_of(file, "Data dictionary") == [list(line) for line in LINES]
    sheet = ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet, "no formula"
    assert "hyperlink" not in sheet


def test_what_no_workbook_can_hold_is_left_out(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    kept = ArchivePapers(archive).file_sheet("x.xlsx", "Long", [("a",), ("b\x00c" + "d" * 40_000,)])
    told = str(lines_of(archive.fetch(kept.sha256), "Long")[1][0])
    assert (told[:3], len(told)) == ("bcd", 32_767)
