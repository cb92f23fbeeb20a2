"""What became of a dataset, version by version, on its page."""

from __future__ import annotations

import re
from typing import Any

import pytest

COLUMNS = {"county": "text", "visits": "number"}
ROWS = [{"county": "Alpine", "visits": 1}, {"county": "Butte", "visits": 2}]
KEY = {"metadata": {"rowIdentifier": "county"}}


@pytest.fixture
def made(office: Any) -> str:
    return str(office.publish(COLUMNS, ROWS, **KEY))


def entries(office: Any, made: str) -> list[str]:
    """Return the entries of the history as text, newest first, without their dates."""
    page = office.read(f"/d/{made}")
    listed = re.findall(r"<li><time[^>]*>[^<]*</time><div>(.*?)</div></li>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", entry).split()) for entry in listed]


def note(office: Any, made: str, text: str) -> None:
    fields = {"custom_fields": {"Publication": {"change_note": text}}}
    body = {"metadata": {"rowIdentifier": "county", **fields}}
    office.ask("PUT", f"/api/views/{made}.json", json=body)


def test_each_write_of_public_rows_is_a_version_with_what_was_said_of_it(
    office: Any, made: str
) -> None:
    office.ask("PUT", f"/resource/{made}.json", json=[*ROWS, {"county": "Colusa"}])
    note(office, made, "Colusa is new.")
    office.ask("POST", f"/resource/{made}.json", json=[{"county": "Colusa", "visits": 3}])
    note(office, made, "Colusa was counted.")
    gone = {"county": "Butte", ":deleted": True}
    office.ask("PUT", f"/resource/{made}.json", json=[*ROWS[:1], {"county": "Inyo"}])
    note(office, made, "Butte is left out.")
    office.ask("POST", f"/resource/{made}.json", json=[gone, {"county": "Kern"}])
    assert entries(office, made) == [
        "Version 6: rows changed Rows: 1 added.",
        "Version 5: all rows replaced Rows: 2 in all. Butte is left out.",
        "Version 4: rows changed Rows: 1 changed. Colusa was counted.",
        "Version 3: all rows replaced Rows: 3 in all. Colusa is new.",
        "Version 2: first published Rows: 2 in all.",
        "Dataset created",
    ]


def test_changes_row_by_row_of_one_day_are_one_entry(office: Any, made: str) -> None:
    for county in ("Colusa", "Inyo", "Kern"):
        office.ask("POST", f"/resource/{made}.json", json=[{"county": county}])
    office.ask("DELETE", f"/resource/{made}/Alpine")
    office.ask("POST", f"/resource/{made}/Butte", json={"visits": 7})
    office.ask("POST", f"/resource/{made}.json", json=[])
    assert entries(office, made)[0] == (
        "Version 8: rows changed Rows: 3 added, 1 changed, 1 deleted."
    )
    assert len(entries(office, made)) == 3


def test_many_versions_are_there_and_the_earlier_ones_are_folded(office: Any, made: str) -> None:
    for _ in range(10):
        office.ask("PUT", f"/resource/{made}.json", json=ROWS)
    listed = entries(office, made)
    assert [entry.split(":")[0] for entry in listed[:10]] == [
        f"Version {n}" for n in range(12, 2, -1)
    ]
    page = office.read(f"/d/{made}")
    folded = page[page.index("Earlier versions: 2</summary>") :]
    assert folded.index("first published") < folded.index("Dataset created")


def test_a_working_copy_is_a_version_and_its_own_writes_are_none(office: Any, made: str) -> None:
    copy = office.ask("POST", f"/api/views/{made}/publication.json?method=copy")["id"]
    office.ask("PUT", f"/resource/{copy}.json", json=ROWS[:1])
    office.ask("POST", f"/api/views/{copy}/publication.json")
    assert entries(office, made)[0] == "Version 3: a working copy published Rows: 1 in all."


def test_a_write_that_failed_and_a_dataset_that_is_gone_leave_nothing(
    office: Any, made: str
) -> None:
    before = entries(office, made)
    bad = office.client.put(f"/resource/{made}.json", json=[{"nowhere": 1}], auth=office.auth)
    assert (bad.status_code, entries(office, made)) == (400, before)
    office.ask("DELETE", f"/api/views/{made}")
    with office.client.app.state.portal.store.reading() as session:
        left = session.cursor.execute("SELECT count(*) FROM changes").fetchone()
    assert left == (0,)
