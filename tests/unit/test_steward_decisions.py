"""What a steward writes below `publication.suppression`, from the contract to the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.contracts import load_contract, load_department, load_rule_pack
from opengazette.errors import AuditFailed, CannotProtect, ContractInvalid, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Cleared, Deidentified, Release, TableRef, Validated
from opengazette.steps.clear import clear
from opengazette.steps.deidentify import deidentify
from opengazette.steps.document import document

ROOT = Path(__file__).parents[2]
TAKEN_FROM = "covid_testing"
PERSONAL = {"kind": "other", "basis": "A made-up characteristic."}


def contract(
    dimensions: dict[str, list[str]],
    suppression: dict[str, Any],
    *,
    high_risk: bool = True,
    pack: str = "calhhs-ddg-2.0",
) -> Contract:
    """A contract of one count over categories with totals; its small counts are withheld."""
    words = load_contract(ROOT, TAKEN_FROM).model_dump(mode="json")
    words["columns"] = {
        name: {"type": "text", "role": "dimension", "label": name} for name in dimensions
    }
    words["publication"] = {
        "row": "one cell",
        "dimensions": [
            {
                "name": name,
                "label": name,
                "column": name,
                "characteristic": PERSONAL,
                "generalise": {
                    "rule": "categories",
                    "groups": {label: [label] for label in labels},
                },
                "total": "All",
            }
            for name, labels in dimensions.items()
        ],
        "measures": [
            {"kind": "count", "name": "n", "label": "N", "unit": "people", "definition": "People."}
        ],
        "suppression": suppression,
    }
    words["disclosure"] |= {
        "rule_pack": pack,
        "high_risk": {"present": high_risk, "basis": "Of the test."},
        "reporting_period": {"years": 1},
        "denominator": {"kind": "people", "people": 1_000_000, "basis": "Of the test."},
    }
    return Contract.model_validate(words)


@dataclass(frozen=True)
class Given:
    """A tabulator that has the base cells already."""

    base: pd.DataFrame

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        return self.base

    def contributions(self, extract: Path, contract: Contract, measure: str) -> pd.DataFrame:
        raise AssertionError("these tables hold no amounts")


class Desk:
    """The steps between validation and the gate, on a real archive."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        self.archive = FolderArchive(folder)
        self.tables, self.papers = ParquetTables(self.archive), ArchivePapers(self.archive)
        self.contract = contract
        self.pack: RulePack = load_rule_pack(ROOT, contract.disclosure.rule_pack)
        extract = self.papers.file("extract.parquet", "application/octet-stream", b"rows")
        table = TableRef(contract.id, extract.sha256, 1, ())
        self.validated = Validated(contract.id, contract.fingerprint(), table, ())

    def masked(self, counts: list[int], *earlier: Release) -> Deidentified:
        stores = (self.archive, Given(self._base(counts)), self.tables, self.papers)
        return deidentify(self.validated, self.contract, self.pack, {}, earlier, *stores)

    def cleared(self, masked: Deidentified, *earlier: Release) -> Cleared:
        return clear(masked, self.contract, self.pack, {}, earlier, self.tables, self.papers)

    def released(self, counts: list[int], *earlier: Release) -> Release:
        cleared = self.cleared(self.masked(counts, *earlier), *earlier)
        department = load_department(ROOT, self.contract.department)
        made = document(cleared, self.contract, self.pack, department, (), self.tables, self.papers)
        return made.release

    def shown(self, counts: list[int]) -> pd.Series:
        """Mask and clear a table; return what the public sees, by code."""
        masked = self.masked(counts)
        self.cleared(masked)
        return self.public(masked)["n"]

    def public(self, masked: Deidentified | Release) -> pd.DataFrame:
        table = self.tables.load(masked.public)
        return table.set_index(list(self.contract.publication.key()))

    def evidence(self, counts: list[int]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.papers.read(self.cleared(self.masked(counts)).evidence)
        )
        return found

    def tampered(self, masked: Deidentified, **columns: dict[str, Any]) -> Deidentified:
        """Return the stage with cells of the first dimension's codes overwritten."""
        table = self.tables.load(masked.public)
        key = self.contract.publication.key()[0]
        for column, cells in columns.items():
            for code, value in cells.items():
                table.loc[table[key] == code, column] = value
        return replace(masked, public=self.tables.save(masked.dataset, table))

    def _base(self, counts: list[int]) -> pd.DataFrame:
        dimensions = self.contract.publication.dimensions
        labels = [list(d.generalise.groups) for d in dimensions]  # type: ignore[union-attr]
        frame = pd.DataFrame(list(product(*labels)), columns=[d.name for d in dimensions])
        return frame.astype("string").assign(n=pd.array(counts, dtype="Int64"))


def desk(folder: Path, suppression: dict[str, Any], labels: str = "abcd", **more: Any) -> Desk:
    return Desk(folder, contract({"area": list(labels)}, suppression, **more))


def blank(shown: pd.Series) -> set[Any]:
    return set(shown[shown.isna()].index)


def found(evidence: dict[str, Any], check: str) -> str:
    return next(c["found"] for c in evidence["checks"] if c["name"] == check)


CODES = "Codes tell why a count is withheld only where that is safe"
TELL = {"annotation": "distinguish-where-safe"}


def test_codes_tell_the_reason_where_the_audit_holds(tmp_path: Path) -> None:
    office = desk(tmp_path, TELL)
    release = office.released([5, 30, 40, 60])
    assert list(office.public(release)["n_annotation"]) == ["", "1", "2", "", ""]
    dictionary = office.papers.read(release.document("dictionary.csv")).decode()
    assert "1 = Withheld to protect small numbers; 2 = Withheld so that another" in dictionary
    evidence = json.loads(office.papers.read(release.evidence))
    assert evidence["codes"] == "distinguish"
    assert "where its annotation is 1, it is from 1 to 10" in evidence["legend"]
    assert "tell 1 small counts from 1 complementary ones" in found(evidence, CODES)


def test_codes_that_would_give_counts_away_are_merged_and_the_evidence_says_how_many(
    tmp_path: Path,
) -> None:
    office = desk(tmp_path, TELL, labels="abcdefgh")
    counts = [10, 14, 10, 10, 0, 0, 0, 30]
    masked = office.masked(counts)
    assert set(office.public(masked)["n_annotation"]) == {"", "1"}
    evidence = office.evidence(counts)
    assert evidence["codes"] == "merged"
    assert "would give 3 protected counts away" in found(evidence, CODES)
    assert "does not say which of the two" in evidence["legend"]


def test_a_naive_masker_that_tells_the_codes_is_stopped(tmp_path: Path) -> None:
    """5 and 12 sum to 17: known to be at least 11, the one leaves at most 6 for the other."""
    office = desk(tmp_path, TELL)
    masked = office.masked([5, 12, 40, 60])
    assert set(office.public(masked)["n_annotation"]) == {"", "1"}
    with pytest.raises(AuditFailed, match="1 that can be narrowed below 1 to 10"):
        office.cleared(office.tampered(masked, n_annotation={"a": "1", "b": "2"}))


@pytest.mark.parametrize(
    ("asked", "code", "problem"),
    [(TELL, {"b": "1", "a": "2"}, "2 of them falsely"), ({}, {"b": "2"}, "does not allow")],
)
def test_codes_that_lie_or_tell_unasked_are_stopped(
    tmp_path: Path, asked: dict[str, Any], code: dict[str, str], problem: str
) -> None:
    office = desk(tmp_path, asked)
    masked = office.masked([5, 30, 40, 60])
    with pytest.raises(DisclosureRisk, match=problem):
        office.cleared(office.tampered(masked, n_annotation=code))


def test_what_codes_told_last_night_is_held_against_tonight(tmp_path: Path) -> None:
    """Told to be at most 10, a withheld 5 leaves at least 4 for the 9 that it sums to 14 with."""
    office = desk(tmp_path, TELL, "abcde")
    first = office.released([5, 30, 40, 60, 70])
    assert office.public(first)["n_annotation"].to_dict()["a"] == "1"
    naive = office.masked([5, 9, 40, 60, 70])
    assert blank(office.public(naive)["n"]) == {"a", "b"}
    office.cleared(naive)
    with pytest.raises(AuditFailed, match="1 that can be narrowed"):
        office.cleared(naive, first)
    assert len(blank(office.public(office.released([5, 9, 40, 60, 70], first))["n"])) == 3


def test_a_rule_pack_that_merges_codes_lets_no_contract_tell_them(tmp_path: Path) -> None:
    office = desk(tmp_path, TELL, pack="calhhs-ddg-1.0")
    with pytest.raises(ContractInvalid, match=r"suppression\.annotation.*'calhhs-ddg-1\.0'"):
        office.masked([5, 30, 40, 60])


def forced(be: str, **more: Any) -> dict[str, Any]:
    entry = {"be": be, "where": {"area": "c"}, "reason": "A court asked.", "decided_by": "R. Roe"}
    return {"forced": [entry | more]}


def test_a_count_that_is_forced_to_be_shown_is_not_given_up_for_others(tmp_path: Path) -> None:
    counts = [5, 60, 30, 40]
    assert blank(desk(tmp_path, {}).shown(counts)) == {"a", "c"}
    office = desk(tmp_path, forced("shown"))
    assert blank(office.shown(counts)) == {"a", "d"}
    evidence = office.evidence(counts)
    assert found(evidence, "Counts shown by decision of R. Roe") == "1: A court asked."


def test_a_table_that_breaks_the_decision_to_show_is_stopped(tmp_path: Path) -> None:
    counts = [5, 60, 30, 40]
    naive, office = desk(tmp_path, {}), desk(tmp_path, forced("shown"))
    with pytest.raises(DisclosureRisk, match="1 counts are withheld that a decision wants shown"):
        office.cleared(naive.masked(counts))


@pytest.mark.parametrize("high_risk", [True, False], ids=["masked", "below the score"])
def test_a_count_that_is_forced_to_be_withheld_cannot_be_worked_out(
    tmp_path: Path, high_risk: bool
) -> None:
    counts = [50, 60, 30, 40]
    assert blank(desk(tmp_path, {}, high_risk=high_risk).shown(counts)) == set()
    office = desk(tmp_path, forced("withheld"), high_risk=high_risk)
    shown = office.shown(counts)
    assert "c" in blank(shown)
    assert len(blank(shown)) == 2
    assert "by a decision that is on file" in office.evidence(counts)["legend"]
    alone = {code: counts[i] for i, code in enumerate("abcd") if code != "c"}
    naive = office.tampered(office.masked(counts), n=alone | {"All": 180})
    with pytest.raises(AuditFailed, match="counts withheld by decision shown, 1 that can be"):
        office.cleared(naive)


def test_a_decision_may_ask_for_a_wider_range(tmp_path: Path) -> None:
    """Beside a blank of 20 there is room for a count to be 10 more, but not for 1,000 more."""
    counts = [5_000, 20, 3_000, 9_000]
    assert blank(desk(tmp_path, forced("withheld")).shown(counts)) == {"b", "c"}
    assert blank(desk(tmp_path, forced("withheld", width=2_000)).shown(counts)) == {"a", "c"}


@pytest.mark.parametrize(
    ("suppression", "counts", "problem"),
    [
        (forced("shown"), [50, 60, 5, 40], "1 cells are forced to be shown but withheld"),
        (forced("withheld"), [50, 60, 0, 40], "1 cells are true zeros"),
        (
            {"forced": [*forced("shown")["forced"], *forced("withheld")["forced"]]},
            [50, 60, 30, 40],
            "1 cells are forced to be both",
        ),
    ],
    ids=["small", "zero", "both"],
)
def test_a_decision_that_the_rules_do_not_allow_stops_the_release(
    tmp_path: Path, suppression: dict[str, Any], counts: list[int], problem: str
) -> None:
    with pytest.raises(CannotProtect, match=problem):
        desk(tmp_path, suppression).masked(counts)


def test_a_person_who_is_alone_in_a_count_learns_no_other_count(tmp_path: Path) -> None:
    counts = [1, 10, 30, 40]
    naive = desk(tmp_path, {})
    assert blank(naive.shown(counts)) == {"a", "b"}
    office = desk(tmp_path, {"singletons": True})
    assert blank(office.shown(counts)) == {"a", "b", "c"}
    with pytest.raises(AuditFailed, match="1 that can be narrowed below 1 to 10"):
        office.cleared(naive.masked(counts))
    told = found(office.evidence(counts), "Nobody who is alone in a count learns of another")
    assert told == "1 people attacked, each with what they know of themselves"


def test_the_least_interesting_labels_are_withheld_first(tmp_path: Path) -> None:
    counts = [5, 60, 30, 40]
    assert blank(desk(tmp_path, {}).shown(counts)) == {"a", "c"}
    office = desk(tmp_path, {"least_interesting": {"area": ["d"]}})
    assert blank(office.shown(counts)) == {"a", "d"}


TWO_WAY = {"area": ["a", "b", "c"], "sex": ["f", "m"]}


def test_totals_are_kept_at_the_price_of_finer_cells(tmp_path: Path) -> None:
    counts = [900, 900, 3, 0, 3, 60]
    cheap = Desk(tmp_path, contract(TWO_WAY, {}))
    kept = Desk(tmp_path, contract(TWO_WAY, {"keep_totals": 5}))
    few, more = blank(cheap.shown(counts)), blank(kept.shown(counts))
    assert (len(few), len(more)) == (6, 7)
    assert [sum("All" in key for key in keys) for keys in (few, more)] == [3, 2]


def test_the_objective_sum_withholds_fewer_people_in_more_cells(tmp_path: Path) -> None:
    def withheld(objective: str) -> tuple[int, int]:
        office = Desk(tmp_path, contract(TWO_WAY, {"objective": objective}))
        masked = office.masked([25, 3, 8, 900, 0, 200])
        office.cleared(masked)
        gone = office.tables.load(masked.public)["n"].isna()
        return int(gone.sum()), int(office.tables.load(masked.private)["n"][gone].sum())

    (cells, people), (more_cells, fewer_people) = withheld("count"), withheld("sum")
    assert more_cells > cells
    assert fewer_people < people


COUNTS = st.lists(st.sampled_from([0, 1, 2, 5, 9, 10, 12, 25, 60, 900]), min_size=6, max_size=6)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "annotation": st.just("distinguish-where-safe"),
        "singletons": st.just(True),
        "objective": st.just("sum"),
        "keep_totals": st.just(3),
        "least_interesting": st.just({"area": ["b"], "sex": ["m"]}),
        "forced": st.sampled_from(["shown", "withheld"]).map(lambda be: forced(be)["forced"]),
    },
)


@settings(deadline=None, max_examples=15)
@given(COUNTS, COUNTS, OPTIONS)
def test_whatever_is_decided_two_nights_pass_the_audit_or_are_refused_before_it(
    tonight: list[int], tomorrow: list[int], suppression: dict[str, Any]
) -> None:
    with TemporaryDirectory() as folder:
        office = Desk(Path(folder), contract(TWO_WAY, suppression))
        releases: list[Release] = []
        for counts in (tonight, tomorrow):
            try:
                releases.insert(0, office.released(counts, *releases))
            except CannotProtect:
                return
        assert len(releases) == 2


BROKEN = {
    "dimension": (
        {"least_interesting": {"sex": ["a"]}},
        "least_interesting: 'sex' is not one of the dimensions area",
    ),
    "label": ({"least_interesting": {"area": ["z"]}}, "'z' is no label of area: All, a, b, c, d"),
    "forced label": (forced("shown", where={"area": "z"}), "forced: 'z' is no label of area"),
    "measure": (forced("shown", measures=["m"]), "forced: 'm' is not one of the counts n"),
    "width of shown": (forced("shown", width=5), "width: only cells that are withheld"),
    "no reason": (forced("shown", reason=""), "reason"),
    "codes": ({"annotation": "always"}, "annotation"),
    "levels": ({"keep_totals": -1}, "keep_totals"),
}


@pytest.mark.parametrize(("suppression", "problem"), BROKEN.values(), ids=BROKEN.keys())
def test_a_bad_field_is_named(suppression: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        contract({"area": list("abcd")}, suppression)
