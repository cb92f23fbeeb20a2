"""A table that counts on: what was added since is protected like any other count."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from examples.encounters import ROOT, Office, by_county_and_sex, small_contract

from opengazette.adapters.contracts import (
    load_contract,
)
from opengazette.errors import AuditFailed
from opengazette.model.contract import Contract

TO_DATE = {"between_releases": True, "basis": "Every release counts from January on."}


def test_what_was_added_to_a_running_total_is_protected(tmp_path: Path) -> None:
    """Nothing is small in either release, but three women came to Alpine since."""
    office = Office(tmp_path / "archive", small_contract(growth=TO_DATE))
    first = office.released(by_county_and_sex(40, 45, 30, 20, 60, 66, 70, 81))
    assert (first.primary, first.complementary) == (0, 0)
    later = by_county_and_sex(55, 60, 33, 38, 80, 89, 91, 99)
    with pytest.raises(AuditFailed, match="small numbers added since"):
        office.cleared(office.forgetful(later), first)
    second = office.released(later, first)
    now = office.read(second)[1]
    assert now[("Alpine", "Female")] is pd.NA
    assert now.notna().sum() > now.isna().sum()


def test_a_count_that_only_changes_is_no_running_total(tmp_path: Path) -> None:
    office = Office(tmp_path / "archive", small_contract())
    first = office.released(by_county_and_sex(40, 45, 30, 20, 60, 66, 70, 81))
    second = office.released(by_county_and_sex(55, 60, 33, 38, 80, 89, 91, 99), first)
    assert (second.primary, second.complementary) == (0, 0)


def test_what_is_added_along_a_table_is_protected(tmp_path: Path) -> None:
    """A count up to each year: one more woman by 2022 is as private as one woman."""
    told = load_contract(ROOT, "emergency_encounters").model_dump(mode="json")
    year, _, _, sex = told["publication"]["dimensions"]
    told["publication"] |= {"dimensions": [year, sex]}
    told["disclosure"]["denominator"] = {
        "kind": "people",
        "people": 15000,
        "basis": "Residents of the county, Department of Finance.",
    }
    grows = {"over": "year", "basis": "Each year counts everybody since the clinic opened."}
    keys = pd.MultiIndex.from_product([["2021", "2022"], ["Female", "Male"]], names=["year", "sex"])
    base = keys.to_frame(index=False).astype("string")
    base = base.assign(encounters=pd.array([40, 50, 41, 75], dtype="Int64"))
    office = Office(tmp_path / "archive", Contract.model_validate({**told, "growth": grows}))
    with pytest.raises(AuditFailed, match="small numbers added since"):
        office.cleared(office.forgetful(base))
    blank = office.read(office.released(base))[1].isna()
    assert blank.sum() >= 2
