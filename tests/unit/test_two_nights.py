"""Two nights of one table: the second release gives nothing of the first away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples.encounters import COUNTIES, Office, by_county_and_sex, small_contract

from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.structure import cell_table
from opengazette.errors import AuditFailed
from opengazette.model.contract import Contract
from opengazette.model.stages import Deidentified, Release

KEY = ["year", "county", "age_group", "sex"]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "archive")


def base(office: Office, seed: int = 3) -> pd.DataFrame:
    bands = next(d for d in office.contract.publication.dimensions if d.name == "age_group")
    ages = [band.label for band in bands.generalise.bands]  # type: ignore[union-attr]
    keys = pd.MultiIndex.from_product([["2022"], COUNTIES, ages, ["Female", "Male"]], names=KEY)
    counts = np.random.default_rng(seed).negative_binomial(1, 0.03, len(keys))
    frame = keys.to_frame(index=False).astype("string")
    return frame.assign(encounters=pd.array(counts, dtype="Int64"))


def test_a_table_that_has_not_changed_is_masked_as_it_was(office: Office) -> None:
    first = office.released(base(office))
    second = office.released(base(office), first)
    assert second.fingerprint == first.fingerprint
    assert first.primary > 0


def test_what_was_shown_and_has_not_changed_is_shown_again(office: Office) -> None:
    first = office.released(base(office))
    grown = base(office)
    grown.loc[0, "encounters"] += 25
    second = office.released(grown, first)
    (true_then, then), (true_now, now) = office.read(first), office.read(second)
    same = true_then == true_now
    assert (same & then.notna()).any()
    assert now[same & then.notna()].notna().all()
    assert second.fingerprint != first.fingerprint


def test_a_pattern_that_forgets_the_earlier_release_does_not_pass(office: Office) -> None:
    """Two patterns for the same counts, each safe alone, give counts away together."""
    first = office.released(base(office))
    masked, (true, then) = office.masked(base(office)), office.read(first)
    table = office.tables.load(first.private)
    cells = cell_table(office.contract.publication, table)
    withheld_then = then.isna().to_numpy()
    pattern = protect(
        cells,
        SmallCountRule(11),
        Protection(1, 10),
        weights={"encounters": np.where(withheld_then, 100.0, 1.0)},
    )
    forgetful = withhold(table, office.contract.publication, pattern.withheld)
    assert (pattern.withheld["encounters"] != withheld_then).any()
    public = office.tables.save(masked.dataset, forgetful)
    other = Deidentified(
        masked.dataset,
        masked.contract,
        masked.rule_pack,
        masked.extract,
        public,
        masked.private,
        masked.assessment,
        (),
    )
    assert office.cleared(other).primary == first.primary
    with pytest.raises(AuditFailed, match="can be narrowed"):
        office.cleared(other, first)
    assert len(true) == public.rows


def test_a_new_small_count_is_not_given_away_by_the_unchanged_counts_around_it(
    office: Office,
) -> None:
    """Every total that holds the only changed count would give it away; all are withheld."""
    quiet = base(office)
    quiet["encounters"] = pd.array([40] * len(quiet), dtype="Int64")
    first = office.released(quiet)
    assert (first.primary, first.complementary) == (0, 0)
    busier = quiet.copy()
    busier.loc[0, "encounters"] = 5
    second = office.released(busier, first)
    (true_then, _), (true_now, now) = office.read(first), office.read(second)
    changed = true_then != true_now
    assert now[changed].isna().all()
    assert now[~changed].notna().all()


def test_a_count_that_was_withheld_is_not_given_away_once_it_is_large(tmp_path: Path) -> None:
    """Alpine's 5 women were withheld with 20 men; tonight there are 30 women, and still 20 men."""
    office = Office(tmp_path / "archive", small_contract())
    first = office.released(by_county_and_sex(40, 45, 5, 20, 60, 66, 70, 81))
    then = office.read(first)[1]
    assert pd.isna(then[("Alpine", "Female")])
    assert pd.isna(then[("Alpine", "Male")])
    grown = by_county_and_sex(40, 45, 30, 20, 60, 66, 70, 81)
    with pytest.raises(AuditFailed, match="together with the releases that the public has seen"):
        office.cleared(office.forgetful(grown), first)
    second = office.released(grown, first)
    now = office.read(second)[1]
    assert pd.isna(now[("Alpine", "Male")])
    assert (second.primary, second.complementary > 0) == (0, True)
    found = "No small count of another release, or added since, can be narrowed"
    assert office.findings(second)[found].startswith("1 attacked")


def test_a_third_night_is_held_against_both_before_it(tmp_path: Path) -> None:
    office = Office(tmp_path / "archive", small_contract())
    nights = [
        by_county_and_sex(40, 45, 5, 20, 60, 66, 70, 81),
        by_county_and_sex(40, 45, 5, 22, 60, 66, 70, 81),
        by_county_and_sex(40, 45, 33, 22, 60, 66, 70, 81),
    ]
    earlier: list[Release] = []
    for night in nights:
        earlier.insert(0, office.released(night, *earlier))
    held = office.findings(earlier[0])[
        "Releases that the public has seen are held against this one"
    ]
    assert held == "2 of this dataset, 0 of linked ones"


def test_what_earlier_releases_give_away_together_does_not_stop_a_dataset_for_ever(
    tmp_path: Path,
) -> None:
    """Two releases of the same counts went out, masked by themselves with other blanks."""
    office = Office(tmp_path / "archive", small_contract())
    night = by_county_and_sex(40, 45, 5, 20, 60, 66, 70, 81)
    first = office.released(night)
    told = office.contract.model_dump(mode="json")
    told["publication"]["suppression"]["least_interesting"] = {"county": ["Sierra"]}
    later = Office(tmp_path / "archive", Contract.model_validate(told))
    alone = later.forgetful(night)
    second = later.documented(later.cleared(alone))
    assert not later.read(second)[1].isna().equals(office.read(first)[1].isna())
    with pytest.raises(AuditFailed, match="can be narrowed"):
        later.cleared(alone, first)
    changed = by_county_and_sex(40, 45, 5, 20, 60, 66, 75, 81)
    third = later.released(changed, second, first)
    found = later.findings(third)["Small counts that earlier releases give away together"]
    assert found == "1 counts, of which this table says no more"
    assert pd.isna(later.read(third)[1][("Alpine", "Female")])
