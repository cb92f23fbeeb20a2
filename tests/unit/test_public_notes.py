"""What the public reads beside a table tells nothing of what the table withholds."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.nights import Nights, by_group

MONTH = {
    "name": "month",
    "label": "Month",
    "column": "month",
    "characteristic": {"kind": "time"},
    "total": "Both",
}


def notes_of(folder: Path, smallest: int, *, always: bool) -> tuple[str, str]:
    """Publish two withheld counts behind a total of 15, and return the table and its note."""
    contract = by_group(total="All", always=always)
    told = contract.model_dump(mode="json", exclude_none=True)
    told["columns"]["month"] = {"type": "text", "role": "dimension", "label": "Month"}
    told["publication"]["dimensions"].append(MONTH)
    told["publication"]["dimensions"][0]["characteristic"]["kind"] = "event"
    told["disclosure"]["reporting_period"] = {"dimension": "month"}
    told["disclosure"]["denominator"] |= {"people": 1200 if not always else 25_000}
    nights = Nights(folder, type(contract).model_validate(told))
    a, b = smallest, 15 - smallest
    release = nights.released(
        f"group,month,members X,2025-01,{a} X,2025-02,{40 - a} Y,2025-01,{b} Y,2025-02,{40 - b}"
    )
    documents = ("table.csv", "methodology.md")
    table, note = (nights.papers.read(release.document(name)).decode() for name in documents)
    return table, note


@pytest.mark.parametrize("always", [False, True])
def test_a_note_does_not_tell_how_small_the_smallest_withheld_count_is(
    tmp_path: Path, *, always: bool
) -> None:
    """A smallest count of 5 takes 5 from the score, one of 3 takes 3; all else is public."""
    found = {notes_of(tmp_path / str(n), n, always=always) for n in (7, 4, 1)}
    assert len(found) == 1
    ((table, note),) = found
    assert ",,1" in table
    assert "3. Is there a potential risk? **yes.**" in note
