"""Downloads hold what the table shows, exactly, and only for those who may read it."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from opengazette.localportal.pages import download_routes

COLUMNS = {"code": "text", "visits": "number", "rate": "number", "visits_annotation": "text"}
ROWS = [
    {"code": "007", "visits": 1200, "rate": "12.50", "visits_annotation": None},
    {"code": "=1+1", "visits": None, "rate": None, "visits_annotation": "1"},
    {"code": "@SUM(A1)", "visits": 0, "rate": "0.05", "visits_annotation": None},
]
FORMS = ("csv", "json", "xlsx", "parquet")


def sheet(content: bytes, name: str = "Rows") -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()


def test_a_workbook_keeps_codes_as_text_and_shows_a_withheld_cell_empty(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS, description="About visits.")
    content = office.client.get(f"/d/{made}/download.xlsx").content
    assert sheet(content) == [
        ["Code", "Visits", "Rate", "Visits_annotation"],
        ["007", 1200.0, 12.5, ""],
        ["=1+1", "", "", "1"],
        ["@SUM(A1)", 0.0, 0.05, ""],
    ]
    assert ["Description", "About visits."] in sheet(content, "About")
    assert sheet(content, "Columns")[1][:3] == ["Code", "code", "Text"]


def test_a_workbook_holds_no_formula(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    content = office.client.get(f"/d/{made}/download.xlsx").content
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if "worksheets" in name]
    assert sheets
    assert not any(b"<f>" in part or b"<hyperlink" in part for part in sheets)


def test_parquet_has_exact_types_and_nulls_for_withheld_cells(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    table = pq.read_table(io.BytesIO(office.client.get(f"/d/{made}/download.parquet").content))
    assert str(table.schema.field("visits").type) == "int64"
    assert table.column("visits").to_pylist() == [1200, None, 0]
    assert table.column("rate").to_pylist() == [Decimal("12.50"), None, Decimal("0.05")]
    assert table.column("code").to_pylist() == ["007", "=1+1", "@SUM(A1)"]


def test_csv_and_json_are_those_of_the_interface(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    for form in ("csv", "json"):
        ours = office.client.get(f"/d/{made}/download.{form}").content
        assert ours == office.client.get(f"/resource/{made}.{form}").content


@pytest.mark.parametrize("form", FORMS)
def test_a_download_says_what_it_is_and_leaves_nothing_behind(office: Any, form: str) -> None:
    made = office.publish(COLUMNS, ROWS, name="Visits: café, 2020")
    answer = office.client.get(f"/d/{made}/download.{form}")
    named = f'attachment; filename="visits-cafe-2020-{made}.{form}"'
    assert answer.headers["content-disposition"] == named
    assert (
        answer.headers["content-type"].split(";")[0]
        == {
            "csv": "text/csv",
            "json": "application/json",
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "parquet": "application/vnd.apache.parquet",
        }[form]
    )
    tag = {"If-None-Match": answer.headers["etag"]}
    assert office.client.get(f"/d/{made}/download.{form}", headers=tag).status_code == 304
    assert office.client.head(f"/d/{made}/download.{form}").content == b""
    assert list((office.folder / "incoming").iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_stranger_downloads_nothing_private(office: Any, form: str) -> None:
    made = office.publish(COLUMNS, ROWS, public=False)
    answer = office.client.get(f"/d/{made}/download.{form}")
    assert answer.status_code == 404
    assert b"1200" not in answer.content
    signed_in = office.client.get(f"/d/{made}/download.{form}", auth=office.auth)
    assert signed_in.headers["cache-control"] == "private, no-store"


def test_a_download_holds_the_rows_that_the_filter_leaves(office: Any) -> None:
    made = office.publish(COLUMNS, ROWS)
    for asked, codes in (
        ("from.visits=1", ["007"]),
        ("withheld=only", ["=1+1"]),
        ("withheld=none&sort=visits", ["@SUM(A1)", "007"]),
        ("is.code=%40SUM%28A1%29", ["@SUM(A1)"]),
        ("q=sum", ["@SUM(A1)"]),
    ):
        found = office.client.get(f"/d/{made}/download.json?{asked}").json()
        assert [row["code"] for row in found] == codes, asked


def test_more_rows_than_a_workbook_holds_are_refused_with_a_way_out(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_routes, "MOST_ROWS", 2)
    made = office.publish(COLUMNS, ROWS)
    assert "take CSV or Parquet" in office.read(f"/d/{made}/download.xlsx", 413)
    assert office.client.get(f"/d/{made}/download.xlsx?withheld=only").status_code == 200
