"""Two nights of one table: the second release gives nothing of the first away."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.contracts import (
    load_contract,
    load_department,
    load_populations,
    load_rule_pack,
)
from opengazette.disclosure.complementary import protect
from opengazette.disclosure.primary import Protection, SmallCountRule
from opengazette.disclosure.structure import cell_table
from opengazette.disclosure.withholding import withhold
from opengazette.errors import AuditFailed, ContractInvalid, DisclosureRisk
from opengazette.governance.approvals import standing_approval
from opengazette.model.contract import Contract
from opengazette.model.stages import Cleared, Deidentified, Release, TableRef, Validated
from opengazette.steps.approve import approve
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document
from opengazette.steps.recollection import linked_releases

ROOT = Path(__file__).parents[2]
COUNTIES = ("Alameda", "Alpine", "Fresno", "Sierra")
KEY = ["year", "county", "age_group", "sex"]


@dataclass(frozen=True)
class Given:
    """A tabulator that has the base cells already."""

    base: pd.DataFrame

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        assert extract.exists()
        return self.base


class Office:
    """The steps between validation and the gate, on a real archive."""

    def __init__(self, folder: Path, contract: Contract | None = None) -> None:
        self.folder, self.archive = folder, FolderArchive(folder)
        self.tables, self.papers = ParquetTables(self.archive), ArchivePapers(self.archive)
        self.contract = contract or load_contract(ROOT, "emergency_encounters")
        self.pack = load_rule_pack(ROOT, self.contract.disclosure.rule_pack)
        self.populations = load_populations(ROOT)
        extract = self.papers.file("extract.parquet", "application/octet-stream", b"rows")
        table = TableRef(self.contract.id, extract.sha256, 1, ())
        self.validated = Validated(self.contract.id, self.contract.fingerprint(), table, ())
        self.linked: dict[str, tuple[Release, ...]] = {}

    def masked(self, base: pd.DataFrame, *earlier: Release) -> Deidentified:
        return deidentify(
            self.validated,
            self.contract,
            self.pack,
            self.populations,
            earlier,
            self.archive,
            Given(base),
            self.tables,
            self.papers,
            linked=self.linked,
        )

    def cleared(self, masked: Deidentified, *earlier: Release) -> Cleared:
        return clear(
            masked,
            self.contract,
            self.pack,
            self.populations,
            earlier,
            self.tables,
            self.papers,
            linked=self.linked,
        )

    def released(self, base: pd.DataFrame, *earlier: Release) -> Release:
        return self.documented(self.cleared(self.masked(base, *earlier), *earlier))

    def documented(self, cleared: Cleared) -> Release:
        department = load_department(ROOT, self.contract.department)
        papers = document(cleared, self.contract, self.pack, department, self.tables, self.papers)
        return papers.release

    def forgetful(self, base: pd.DataFrame) -> Deidentified:
        """Mask a table as if it stood alone."""
        alone = Office(self.folder, plain(self.contract))
        masked = alone.masked(base)
        return Deidentified(
            masked.dataset,
            self.contract.fingerprint(),
            masked.rule_pack,
            masked.extract,
            masked.public,
            masked.private,
            masked.assessment,
            (),
        )

    def read(self, release: Release | Deidentified) -> tuple[pd.Series, pd.Series]:
        key = list(self.contract.publication.key())
        true = self.tables.load(release.private).set_index(key)["encounters"]
        return true, self.tables.load(release.public).set_index(key)["encounters"]

    def findings(self, release: Release) -> dict[str, str]:
        checks = json.loads(self.papers.read(release.evidence))["checks"]
        return {check["name"]: check["found"] for check in checks}


def plain(contract: Contract) -> Contract:
    return contract.model_copy(update={"growth": None, "linked_to": ()})


def small_contract(dataset: str = "emergency_encounters", **changes: Any) -> Contract:
    """Publish by county and sex alone, with totals and no regions."""
    told = load_contract(ROOT, "emergency_encounters").model_dump(mode="json")
    dimensions = [d for d in told["publication"]["dimensions"] if d["name"] in ("county", "sex")]
    dimensions[0]["groups"] = {}
    told["publication"] |= {"dimensions": dimensions}
    told["disclosure"]["reporting_period"] = {"years": 1, "dimension": None}
    return Contract.model_validate({**told, "id": dataset, **changes})


def by_county_and_sex(*counts: int) -> pd.DataFrame:
    keys = pd.MultiIndex.from_product([COUNTIES, ["Female", "Male"]], names=["county", "sex"])
    frame = keys.to_frame(index=False).astype("string")
    return frame.assign(encounters=pd.array(counts, dtype="Int64"))


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
    world = (department, sexes.tables, sexes.papers)
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
