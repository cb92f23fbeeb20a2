"""Two faces differ where somebody would see a difference, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.documentation.public_face import (
    differences,
    face_of_files,
    papers_digest,
    said_fields,
)
from opengazette.documentation.row_marks import row_marks
from opengazette.model.public_face import PublicFace

TYPES = {"county": "text", "cases": "number"}
KEY = ("county",)
Row = dict[str, str | None]
METADATA: dict[str, Any] = {
    "name": "Cases",
    "description": "Cases by county.",
    "tags": ["Flu", "cases"],
    "rowLabel": "one county",
    "custom_fields": {"Publication": {"frequency": "monthly"}},
    "columns": [
        {"fieldName": name, "name": name.title(), "dataTypeName": kind, "description": "x"}
        for name, kind in TYPES.items()
    ],
}


def face(rows: list[Row], **changes: Any) -> PublicFace:
    return PublicFace(
        TYPES, row_marks(TYPES, KEY, rows), said_fields({**METADATA, **changes}), {"note": "ab"}
    )


tables = st.dictionaries(
    st.text("abc 1", min_size=1, max_size=3), st.one_of(st.none(), st.integers(0, 99)), max_size=12
)


def as_rows(table: dict[str, int | None]) -> list[Row]:
    return [{"county": k, "cases": None if v is None else str(v)} for k, v in table.items()]


@given(tables, tables)
def test_rows_are_counted_by_their_dimensions(
    now: dict[str, int | None], then: dict[str, int | None]
) -> None:
    found = differences(face(as_rows(now)), face(as_rows(then)))
    both = now.keys() & then.keys()
    assert found.rows_added == len(then.keys() - both)
    assert found.rows_removed == len(now.keys() - both)
    assert found.rows_changed == sum(now[k] != then[k] for k in both)


@given(tables, st.randoms())
def test_the_order_of_rows_and_the_spelling_of_numbers_do_not_count(
    table: dict[str, int | None], random: Any
) -> None:
    rows = as_rows(table)
    other = [{**r, "cases": r["cases"] and f"{r['cases']}.0"} for r in rows]
    random.shuffle(other)
    assert not differences(face(rows), face(other)).rows


def test_a_row_that_stands_there_twice_is_one_row_too_many() -> None:
    once: list[Row] = [{"county": "Alameda", "cases": "12"}]
    assert differences(face(once), face(once * 2)).rows_added == 1
    assert differences(face(once * 2), face(once)).rows_removed == 1


def test_a_withheld_cell_that_somebody_fills_in_is_a_changed_row() -> None:
    blank, filled = [{"county": "Alpine", "cases": ""}], [{"county": "Alpine", "cases": "0"}]
    assert differences(face(blank), face(filled)).rows_changed == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"description": "Otherwise."}, ("description",)),
        ({"description": None}, ("description",)),
        ({"licenseId": "PDDL"}, ("licenseId",)),
        ({"tags": ["flu"]}, ("tags",)),
        ({"custom_fields": {"Publication": {}}}, ("Publication: frequency",)),
        ({"custom_fields": {"Publication": {"frequency": "monthly"}, "X": {"y": "z"}}}, ("X: y",)),
        ({"columns": METADATA["columns"][:1]}, ("column cases: description", "column cases: name")),
        ({"tags": ["CASES", "flu"]}, ()),
        ({"name": " Cases "}, ()),
        ({"attribution": ""}, ()),
    ],
)
def test_what_is_said_is_compared_field_by_field(
    change: dict[str, Any], named: tuple[str, ...]
) -> None:
    assert differences(face([]), face([], **change)).fields == named


def test_columns_are_told_apart_by_name_type_and_order() -> None:
    now = PublicFace({"a": "text", "b": "number", "c": "text"}, b"", {}, {})
    then = PublicFace({"b": "text", "a": "text", "d": "text"}, b"", {}, {})
    found = differences(now, then)
    assert found.columns_added == ("d",)
    assert found.columns_removed == ("c",)
    assert found.columns_retyped == ("b",)
    assert found.columns_moved
    assert found.columns
    assert not found.rows


def test_an_attachment_that_was_exchanged_changes_the_digest_of_the_papers() -> None:
    assert papers_digest({}, {"note": "ab"}) != papers_digest({}, {"note": "cd"})
    assert differences(face([]), PublicFace(TYPES, b"", face([]).fields, {})).attachments == (
        "note",
    )


def test_a_face_holds_no_cell() -> None:
    seen = face_of_files(b"county,cases\nAlameda,4711\n", METADATA, {}, KEY)
    assert "Alameda" not in repr(seen)
    assert "4711" not in repr(seen)
    assert seen.row_count == 1
