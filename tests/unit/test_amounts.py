"""Sums of money, from records to evidence: amounts of few people, or of one who stands out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.contracts import load_contract, load_department, load_rule_pack
from opengazette.adapters.tabulator import IbisTabulator
from opengazette.errors import (
    AuditFailed,
    CannotProtect,
    ContractInvalid,
    DisclosureRisk,
    StandardsNotMet,
)
from opengazette.model.contract import Contract
from opengazette.model.stages import Cleared, Deidentified, Release, TableRef, Validated
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document

ROOT = Path(__file__).parents[2]
COUNTIES = tuple("abcdefgh")
TYPES = ("clinic", "hospital", "lab")


def words() -> dict[str, Any]:
    """A contract of claims and what was paid for them, by county and type of provider."""
    given = load_contract(ROOT, "covid_testing").model_dump(mode="json")
    given["columns"] = {
        "county": {"type": "text", "role": "dimension", "label": "County"},
        "kind": {"type": "text", "role": "dimension", "label": "Kind"},
        "provider": {"type": "text", "role": "identifier", "label": "Provider"},
        "paid": {"type": "integer", "role": "measure", "label": "Paid"},
    }
    dimensions = [
        {
            "name": name,
            "label": name,
            "column": name,
            "characteristic": {"kind": "other", "basis": "Of the test."},
            "generalise": {"rule": "categories", "groups": {label: [label] for label in labels}},
            "total": "All",
        }
        for name, labels in (("county", COUNTIES), ("kind", TYPES))
    ]
    measures = [
        {"kind": "count", "name": "claims", "label": "C", "unit": "claims", "definition": "All."},
        {
            "kind": "sum",
            "name": "paid",
            "label": "Paid",
            "unit": "dollars",
            "definition": "Paid for the claims.",
            "column": "paid",
            "over": "claims",
            "contributor": "provider",
        },
    ]
    given["publication"] = {"row": "one cell", "dimensions": dimensions, "measures": measures}
    given["disclosure"] |= {
        "high_risk": {"present": True, "basis": "Of the test."},
        "reporting_period": {"years": 1},
    }
    return given


def claims(seed: int = 1) -> pd.DataFrame:
    """Many providers with claims of all sizes; one hospital takes most of county a."""
    rng = np.random.default_rng(seed)
    n = 4_000
    frame = pd.DataFrame(
        {
            "county": rng.choice(COUNTIES, n, p=[0.2, 0.2, 0.2, 0.15, 0.15, 0.06, 0.03, 0.01]),
            "kind": rng.choice(TYPES, n, p=[0.6, 0.3, 0.1]),
            "provider": rng.integers(0, 300, n).astype(str),
            "paid": rng.lognormal(6, 1.5, n).astype(np.int64),
        }
    )
    giant = (frame["county"] == "a") & (frame["kind"] == "hospital") & (frame.index % 3 == 0)
    frame.loc[giant, "provider"] = "giant"
    frame.loc[giant, "paid"] += 50_000
    return frame


class Desk:
    """The steps between validation and the gate, from records on a real archive."""

    def __init__(self, folder: Path, given: dict[str, Any] | None = None) -> None:
        self.folder, self.archive = folder, FolderArchive(folder / "archive")
        self.tables, self.papers = ParquetTables(self.archive), ArchivePapers(self.archive)
        self.contract = Contract.model_validate(given or words())
        self.pack = load_rule_pack(ROOT, "calhhs-ddg-2.0")

    def masked(self, records: pd.DataFrame, *earlier: Release) -> Deidentified:
        file = self.folder / "extract.parquet"
        records.to_parquet(file)
        content = file.read_bytes()
        sha256 = self.papers.file("extract.parquet", "application/octet-stream", content).sha256
        table = TableRef(self.contract.id, sha256, len(records), ())
        validated = Validated(self.contract.id, self.contract.fingerprint(), table, ())
        stores = (self.archive, IbisTabulator(), self.tables, self.papers)
        return deidentify(validated, self.contract, self.pack, {}, earlier, *stores)

    def cleared(self, masked: Deidentified, *earlier: Release) -> Cleared:
        return clear(masked, self.contract, self.pack, {}, earlier, self.tables, self.papers)

    def released(self, records: pd.DataFrame, *earlier: Release) -> Release:
        cleared = self.cleared(self.masked(records, *earlier), *earlier)
        department = load_department(ROOT, self.contract.department)
        made = document(cleared, self.contract, self.pack, department, (), self.tables, self.papers)
        return made.release

    def public(self, stage: Deidentified | Release) -> pd.DataFrame:
        return self.tables.load(stage.public).set_index(["county", "kind"])

    def true(self, stage: Deidentified | Release) -> pd.DataFrame:
        return self.tables.load(stage.private).set_index(["county", "kind"])

    def showing(self, masked: Deidentified, cells: pd.Series) -> Deidentified:
        """Return the stage with some amounts filled in."""
        table, true = self.tables.load(masked.public), self.tables.load(masked.private)
        table["paid"] = table["paid"].where(~cells.to_numpy(), true["paid"])
        return replace(masked, public=self.tables.save(masked.dataset, table))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def masked(desk: Desk) -> Deidentified:
    return desk.masked(claims())


def test_an_amount_that_one_provider_makes_up_is_withheld_though_its_count_is_shown(
    desk: Desk, masked: Deidentified
) -> None:
    public, true = desk.public(masked), desk.true(masked)
    giant = ("a", "hospital")
    assert true.loc[giant, "paid: contribution 1"] > 0.8 * true.loc[giant, "paid"]
    assert public.loc[giant, "claims"] == true.loc[giant, "claims"]
    assert pd.isna(public.loc[giant, "paid"])
    assert public.loc[giant, "paid_annotation"] == "1"


def test_amounts_go_with_their_count_and_with_few_contributors(
    desk: Desk, masked: Deidentified
) -> None:
    public, true = desk.public(masked), desk.true(masked)
    assert public.loc[public["claims"].isna(), "paid"].isna().all()
    few = true["paid: contributors"].between(1, 10)
    assert few.any()
    assert public.loc[few, "paid"].isna().all()
    assert public["paid"].notna().sum() > 5


def test_a_contributor_of_several_cells_counts_once_in_their_total(
    desk: Desk, masked: Deidentified
) -> None:
    records, true = claims(), desk.true(masked)
    assert true.loc[("All", "All"), "paid: contributors"] == records["provider"].nunique()
    by_provider = records.groupby("provider")["paid"].sum().sort_values(ascending=False)
    assert true.loc[("All", "All"), "paid: contribution 2"] == by_provider.iloc[1]


def test_the_release_says_of_its_amounts_what_was_found(desk: Desk) -> None:
    release = desk.released(claims())
    evidence = json.loads(desk.papers.read(release.evidence))
    name = "No amount of few, or of one who stands out, in paid"
    found = next(c["found"] for c in evidence["checks"] if c["name"] == name)
    assert "attacked through totals" in found
    assert "one or two of them make it up" in evidence["legend"]
    dictionary = desk.papers.read(release.document("dictionary.csv")).decode()
    assert "Paid for the claims. Unit: dollars." in dictionary
    header = desk.papers.read(release.document("table.csv")).decode().split("\n")[0]
    assert header == "county,kind,claims,claims_annotation,paid,paid_annotation"


def test_protected_amounts_alone_are_given_away_by_their_totals(
    desk: Desk, masked: Deidentified
) -> None:
    """A masker that withholds the protected amounts and no others is stopped."""
    public, true = desk.public(masked), desk.true(masked)
    few = true["paid: contributors"].between(1, 10)
    giant = 100 * true["paid: contribution 1"] > 60 * true["paid"]
    complementary = public["paid"].isna() & public["claims"].notna() & ~few & ~giant
    assert complementary.any()
    with pytest.raises(AuditFailed, match=r"0 protected amounts of 'paid' shown and \d+ that can"):
        desk.cleared(desk.showing(masked, complementary))


def test_a_protected_amount_that_is_shown_is_found(desk: Desk, masked: Deidentified) -> None:
    giant = pd.Series(desk.public(masked).index == ("a", "hospital"))
    with pytest.raises(AuditFailed, match="1 protected amounts of 'paid' shown"):
        desk.cleared(desk.showing(masked, giant))


def test_an_amount_beside_a_withheld_count_is_found(desk: Desk, masked: Deidentified) -> None:
    beside = desk.public(masked)["claims"].isna()
    with pytest.raises(DisclosureRisk, match="values of 'paid' are shown beside a withheld count"):
        desk.cleared(desk.showing(masked, beside))


def test_amounts_that_have_not_changed_are_shown_again(desk: Desk) -> None:
    first = desk.released(claims())
    grown = claims()
    grown.loc[grown.index[-1], "paid"] += 10
    second = desk.released(grown, first)
    then, now = desk.public(first)["paid"], desk.public(second)["paid"]
    same = desk.true(first)["paid"] == desk.true(second)["paid"]
    assert same.any()
    assert now[same & then.notna()].notna().all()


def lonely() -> pd.DataFrame:
    """Claims of many providers, but those of counties a and b are of one each."""
    records = claims()
    alone = records["county"].isin(["a", "b"])
    records.loc[alone, "kind"] = "clinic"
    records.loc[alone, "provider"] = records.loc[alone, "county"]
    records.loc[alone, "paid"] = 40
    return records


def test_who_alone_makes_up_a_cell_learns_no_other_amount(tmp_path: Path) -> None:
    """Two amounts of one provider each hide each other, but not from the two."""
    asked = words()
    asked["publication"]["suppression"] = {"singletons": True}
    naive, desk = Desk(tmp_path), Desk(tmp_path, asked)
    masked = naive.masked(lonely())
    naive.cleared(masked)
    with pytest.raises(AuditFailed, match="0 protected amounts of 'paid' shown and"):
        desk.cleared(masked)
    ours = desk.masked(lonely())
    desk.cleared(ours)
    assert desk.public(ours)["paid"].isna().sum() > naive.public(masked)["paid"].isna().sum()


def test_rule_packs_without_rules_for_money_publish_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.pack = desk.pack.model_copy(update={"amounts": None})
    with pytest.raises(
        ContractInvalid, match="publication.measures: 'paid' is a sum, and the rule pack"
    ):
        desk.masked(claims())


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("paid", -5, "1 rows have an empty, negative or fractional value"),
        ("provider", None, "1 rows do not say whose amount it is"),
    ],
)
def test_amounts_that_cannot_be_are_refused_by_number(
    tmp_path: Path, column: str, value: Any, problem: str
) -> None:
    records = claims()
    records.loc[3, column] = value
    with pytest.raises(StandardsNotMet, match=problem):
        Desk(tmp_path).masked(records)


def test_amounts_too_large_to_be_attacked_to_the_unit_are_refused(tmp_path: Path) -> None:
    records = claims()
    records.loc[3, "paid"] = 2_000_000_000
    with pytest.raises(CannotProtect, match="above 1,000,000,000.*larger unit"):
        Desk(tmp_path).masked(records)


def test_a_mean_of_the_same_column_is_refused() -> None:
    given = words()
    mean = {"kind": "mean", "name": "average", "label": "A", "unit": "dollars", "column": "paid"}
    given["publication"]["measures"].append(mean | {"definition": "Mean.", "over": "claims"})
    with pytest.raises(ValidationError, match="measure 'average': 'paid' is the column of 'paid'"):
        Contract.model_validate(given)


def test_a_second_sum_of_the_same_column_is_refused() -> None:
    given = words()
    given["publication"]["measures"].append(
        given["publication"]["measures"][1] | {"name": "twice", "contributor": None}
    )
    with pytest.raises(ValidationError, match="measure 'twice': 'paid' is the column of 'paid'"):
        Contract.model_validate(given)


def test_amounts_are_added_up_over_a_count_of_records() -> None:
    given = words()
    given["publication"]["measures"][0]["column"] = "paid"
    with pytest.raises(ValidationError, match="measure 'paid': over must be a count of records"):
        Contract.model_validate(given)
