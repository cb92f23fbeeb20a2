"""A reader of the public table is told how it differs from the one before, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from examples.nights import Nights, by_group

from opengazette.documentation.change_note import PublicTable, change_note
from opengazette.model.publication import PublicationTable
from opengazette.model.stages import Release

YEAR = {
    "name": "year",
    "label": "Year",
    "column": "year",
    "characteristic": {"kind": "time", "level": "year"},
}
TYPES = {"group": "text", "year": "text", "n": "number"}
OLD = "A,2023,12\nB,2023,34\n"


def publication() -> PublicationTable:
    told = by_group().model_dump(mode="json", exclude_none=True)["publication"]
    told["dimensions"].append(YEAR)
    return PublicationTable.model_validate(told)


def table(rows: str, types: Mapping[str, str]) -> PublicTable:
    columns = [
        {"fieldName": name, "name": name.title(), "dataTypeName": kind}
        for name, kind in types.items()
    ]
    return PublicTable(f"{','.join(types)}\n{rows}".encode(), {"columns": columns})


Types = dict[str, str]


def told(now: str, before: str | None, types: Types = TYPES, earlier: Types = TYPES) -> str:
    there = table(before, earlier) if before is not None else None
    return change_note(table(now, types), there, publication())


@pytest.mark.parametrize(
    ("now", "before", "note"),
    [
        (OLD, None, "First release: 2 rows."),
        ("A,2023,12\n", None, "First release: 1 row."),
        ("A,2023,12\n", OLD, "Rows: 1 removed; 1 row in all."),
        ("A,2023,13\nB,2023,34\n", OLD, "Rows: 1 with other values; 2 rows in all."),
        ("A,2023,\nB,2023,34\n", OLD, "Rows: 1 with other values; 2 rows in all."),
        (
            f"{OLD}A,2024,56\n",
            OLD,
            "New in Year: 2024. Rows: 1 added; 3 rows in all.",
        ),
        (
            "A,2024,12\nB,2024,34\n",
            OLD,
            "New in Year: 2024. No longer in Year: 2023. Rows: 2 added, 2 removed; 2 rows in all.",
        ),
        (
            OLD + "".join(f"A,{year},1\n" for year in range(2024, 2028)),
            OLD,
            "New in Year: 4 values. Rows: 4 added; 6 rows in all.",
        ),
        (
            "B,2023,34.0\nA,2023,12\n",
            OLD,
            "The same rows and values as before, in another order or spelling.",
        ),
    ],
)
def test_it_is_told_in_counts_and_periods(now: str, before: str | None, note: str) -> None:
    assert told(now, before) == note


def test_columns_that_come_and_go_are_named_and_change_no_row() -> None:
    fewer = {"group": "text", "year": "text"}
    less = "A,2023\nB,2023\n"
    assert told(OLD, less, earlier=fewer) == "New column: N."
    assert told(less, OLD, types=fewer) == "Removed column: N."
    assert told(OLD, OLD, earlier={**TYPES, "n": "text"}) == "Retyped column: N."


def test_another_breakdown_is_told_and_its_rows_are_not_compared() -> None:
    assert told(OLD, "A,12\nB,34\n", earlier={"group": "text", "n": "number"}) == (
        "New column: Year. The table is broken down in another way, into 2 rows."
    )


def test_nights_without_a_change_keep_the_note_and_the_release(tmp_path: Path) -> None:
    nights = Nights(tmp_path, by_group())
    made = [
        nights.released(f"group,members A,{first} B,345")
        for first in (234, 234, 235, 235, 234, 234)
    ]
    assert [notes_of(nights, release) for release in made] == [
        *["First release: 2 rows."] * 2,
        *["Rows: 1 with other values; 2 rows in all."] * 4,
    ]
    assert len({release.fingerprint for release in made}) == 3


def test_the_approver_reads_what_is_new(tmp_path: Path) -> None:
    nights = Nights(tmp_path, by_group())
    release = nights.released("group,members A,234 B,345")
    report = nights.papers.read(release.document("report.html")).decode()
    assert "First release: 2 rows." in report


def notes_of(nights: Nights, release: Release) -> str:
    metadata = json.loads(nights.papers.read(release.document("metadata.json")))
    return str(metadata["custom_fields"]["Publication"]["change_note"])
