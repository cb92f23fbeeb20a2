"""Two datasets of the same counts: neither gives away what the other withholds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from examples.encounters import COUNTIES, ROOT, Office, by_county_and_sex, plain, small_contract

from opengazette.adapters.contracts import (
    load_department,
)
from opengazette.errors import AuditFailed, ContractInvalid, DisclosureRisk
from opengazette.governance.approvals import standing_approval
from opengazette.model.contract import Contract
from opengazette.steps.approve import approve
from opengazette.steps.document import document
from opengazette.steps.recollection import linked_releases


def linked_office(folder: Path, dataset: str, other: str, *dimensions: str) -> Office:
    told = small_contract(dataset).model_dump(mode="json")
    kept = [d for d in told["publication"]["dimensions"] if d["name"] in dimensions]
    told["publication"]["dimensions"] = kept
    told["disclosure"]["high_risk"]["present"] = True
    told["publication"]["suppression"]["least_interesting"] = (
        {"county": ["Alameda"]} if "sex" in dimensions else {}
    )
    link = {"dataset": other, "basis": "Both count the same encounters."}
    return Office(folder, Contract.model_validate({**told, "linked_to": [link]}))


def both_offices(folder: Path) -> tuple[Office, Office]:
    return (
        linked_office(folder, "encounters_by_county", "encounters_by_sex", "county"),
        linked_office(folder, "encounters_by_sex", "encounters_by_county", "county", "sex"),
    )


BY_COUNTY = pd.DataFrame(
    {
        "county": pd.array(COUNTIES, dtype="string"),
        "encounters": pd.array([85, 5, 25, 151], dtype="Int64"),
    }
)
BY_SEX = by_county_and_sex(40, 45, 2, 3, 12, 13, 70, 81)


def test_what_a_table_was_attacked_with_is_named_as_far_as_the_gate(tmp_path: Path) -> None:
    """What is published since can then be told from what the audit has seen."""
    counties, sexes = both_offices(tmp_path / "archive")
    counties.linked = {"encounters_by_sex": ()}
    first = counties.released(BY_COUNTY)
    sexes.linked = {"encounters_by_county": (first,)}
    second = sexes.released(BY_SEX)
    cleared = sexes.cleared(sexes.masked(BY_SEX, second), second)
    department = load_department(ROOT, sexes.contract.department)
    world = (department, (), sexes.tables, sexes.papers)
    documented = document(cleared, sexes.contract, sexes.pack, *world)
    approval = standing_approval(
        documented.release,
        documented.release.public.rows,
        approver="A. Tester",
        role="Approver",
        approved_on=date(2026, 1, 1),
        reason="Made up.",
    )
    approved = approve(documented, sexes.contract, approval)
    assert approved.compared == {first.tables, second.tables}


def test_linked_tables_that_are_safe_alone_give_a_count_away_together(tmp_path: Path) -> None:
    counties, sexes = both_offices(tmp_path / "archive")
    counties.linked = {"encounters_by_sex": ()}
    first = counties.released(BY_COUNTY)
    sexes.linked = {"encounters_by_county": (first,)}
    forgetful = sexes.forgetful(BY_SEX)
    alone = Office(sexes.folder, plain(sexes.contract))
    assert alone.cleared(forgetful).primary > 0
    assert pd.isna(counties.read(first)[1]["Fresno"])
    assert sexes.read(forgetful)[1][("Fresno", "All")] == 25
    with pytest.raises(AuditFailed, match="can be narrowed"):
        sexes.cleared(forgetful)
    second = sexes.released(BY_SEX)
    assert pd.isna(sexes.read(second)[1][("Fresno", "All")])
    held = sexes.findings(second)["Releases that the public has seen are held against this one"]
    assert held == "0 of this dataset, 1 of linked ones"


def test_a_count_under_another_name_is_the_same_count(tmp_path: Path) -> None:
    """The other table calls counties places and encounters visits."""
    counties, sexes = both_offices(tmp_path / "archive")
    told = counties.contract.model_dump(mode="json")
    told["publication"]["dimensions"][0]["name"] = "place"
    told["publication"]["measures"][0]["name"] = "visits"
    told["disclosure"]["denominator"]["dimension"] = "place"
    places = Office(tmp_path / "archive", Contract.model_validate(told))
    places.linked = {"encounters_by_sex": ()}
    first = places.released(BY_COUNTY.set_axis(["place", "visits"], axis=1))
    told = sexes.contract.model_dump(mode="json")
    told["linked_to"][0]["names"] = {"county": "place", "encounters": "visits"}
    sexes = Office(tmp_path / "archive", Contract.model_validate(told))
    sexes.linked = {"encounters_by_county": (first,)}
    with pytest.raises(AuditFailed, match="can be narrowed"):
        sexes.cleared(sexes.forgetful(BY_SEX))
    assert pd.isna(sexes.read(sexes.released(BY_SEX))[1][("Fresno", "All")])


def test_a_linked_dataset_that_nobody_looked_up_is_refused(tmp_path: Path) -> None:
    counties, _ = both_offices(tmp_path / "archive")
    with pytest.raises(DisclosureRisk, match="'encounters_by_sex' were not looked up"):
        counties.masked(BY_COUNTY)


class Entries:
    """A ledger in which nothing has been published."""

    def entries(self, dataset: str) -> tuple[()]:
        return ()


def test_a_link_needs_both_sides(tmp_path: Path) -> None:
    counties, sexes = both_offices(tmp_path / "archive")
    both = {office.contract.id: office.contract for office in (counties, sexes)}
    found = linked_releases(counties.contract, both.__getitem__, Entries())  # type: ignore[arg-type]
    assert found == {"encounters_by_sex": ()}
    both["encounters_by_sex"] = plain(sexes.contract)
    with pytest.raises(ContractInvalid, match="does not name this dataset in linked_to"):
        linked_releases(counties.contract, both.__getitem__, Entries())  # type: ignore[arg-type]


def test_a_linked_dataset_without_the_totals_to_compare_is_refused(tmp_path: Path) -> None:
    counties, sexes = both_offices(tmp_path / "archive")
    told = sexes.contract.model_dump(mode="json")
    told["publication"]["dimensions"][1]["total"] = None
    open_ended = Office(tmp_path / "archive", Contract.model_validate(told))
    open_ended.linked = {"encounters_by_county": ()}
    counties.linked = {"encounters_by_sex": (open_ended.released(BY_SEX),)}
    with pytest.raises(ContractInvalid, match="'sex' is in one of the two only"):
        counties.masked(BY_COUNTY)
