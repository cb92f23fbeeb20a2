"""Two datasets on the people of one table are either held against each other or refused."""

from __future__ import annotations

import shutil
from pathlib import Path

from opengazette.adapters.check import check
from opengazette.adapters.contracts import load_contract
from opengazette.demo.sample import sample

ROOT = Path(__file__).parents[2]
FIRST, SECOND = "emergency_encounters", "encounters_again"


def reasons(folder: Path, *, linked: bool) -> list[str]:
    """Check the demonstration's dataset and another that reads the same table."""
    for name in ("config", "expectations"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("config/datasets", "config/approvals", "expectations"):
        for file in (folder / name).glob("*.yaml"):
            if file.stem != FIRST:
                file.unlink()
    first = load_contract(ROOT, FIRST)
    for name, other in ((FIRST, SECOND), (SECOND, FIRST)):
        told = first.model_copy(update={"id": name})
        text = told.model_dump(mode="json", exclude_none=True)
        text["linked_to"] = [{"dataset": other, "basis": "The same encounters."}] if linked else []
        read = type(first).model_validate(text)
        file = folder / f"config/datasets/{name}.yaml"
        file.write_text(read.model_dump_json(exclude_none=True), encoding="utf-8")
    return [p.reason for p in check(folder, sample) if "same table" in p.reason]


def test_two_datasets_on_the_people_of_one_table_must_be_linked(tmp_path: Path) -> None:
    assert sorted(reasons(tmp_path, linked=False)) == [
        "dataset 'emergency_encounters' counts people of the same table, and is not linked",
        "dataset 'encounters_again' counts people of the same table, and is not linked",
    ]


def test_linked_datasets_are_no_problem(tmp_path: Path) -> None:
    assert reasons(tmp_path, linked=True) == []
