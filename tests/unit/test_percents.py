"""Whole percents in the place of counts: what each tells, and where counts must not be."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.adapters.check import check
from opengazette.adapters.contracts import load_contract, load_rule_pack
from opengazette.demo.sample import sample
from opengazette.disclosure.tables.percents import false_percents, whole_percents
from opengazette.errors import CannotProtect, ContractInvalid, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.percents import PercentRules
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import DocumentRef, Release, TableRef
from opengazette.steps.percents import percents_found, percents_table
from opengazette.steps.recollection import recollected

ROOT = Path(__file__).parents[2]
PACK = load_rule_pack(ROOT, "calhhs-ddg-2.0")
SEXES = ("Female", "Intersex", "Male")
PERCENTS = {
    "name": "share",
    "label": "Share",
    "of": "sex",
    "footnote": "Numbers are not published.",
    "counts_nowhere_else": "Asked of every program.",
    "decided_by": "The expert",
}


def asked(**publication: Any) -> Contract:
    told = load_contract(ROOT, "emergency_encounters").model_dump(mode="json", exclude_none=True)
    sex = {
        "name": "sex",
        "label": "Sex",
        "column": "sex",
        "characteristic": {"kind": "sex", "basis": "Three groups."},
    }
    told["publication"] |= {"dimensions": [sex], "whole_percents": PERCENTS, **publication}
    people = {"kind": "people", "people": 39_000_000, "basis": "The people of the state."}
    told["disclosure"] |= {"denominator": people, "reporting_period": {"years": 1}}
    return Contract.model_validate(told)


CONTRACT = asked()


@dataclass
class Shown:
    """Public tables that were kept, by their hash."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def load(self, table: TableRef) -> pd.DataFrame:
        return self.tables[table.sha256]

    def save(self, dataset: str, table: pd.DataFrame) -> TableRef:
        sha256 = f"{len(self.tables):064}"
        self.tables[sha256] = table
        return TableRef(dataset, sha256, len(table), tuple(table.columns))

    def released(self, public: pd.DataFrame, dataset: str = "emergency_encounters") -> Release:
        """Return a release of which the public saw this table."""
        seen = self.save(dataset, public)
        return replace(released(*public.columns), dataset=dataset, public=seen)


def true_table(*counts: int) -> pd.DataFrame:
    return pd.DataFrame({"sex": SEXES, "encounters": pd.array(counts, dtype="Int64")})


def shown(*counts: int) -> list[str]:
    return list(percents(true_table(*counts))["share"])


def percents(true: pd.DataFrame, pack: RulePack = PACK) -> pd.DataFrame:
    """Return the percents of a table that is linked to none and was never published."""
    return percents_table(CONTRACT, pack, true, (), {}, Shown())


def false(public: pd.DataFrame, true: pd.DataFrame) -> int:
    wanted = CONTRACT.publication.whole_percents
    assert wanted is not None
    return false_percents(public, true, CONTRACT.publication, wanted)


def test_m5_ten_of_eleven_hundred_are_less_than_one_percent() -> None:
    assert shown(545, 10, 545) == ["50%", "<1%", "50%"]
    assert shown(545, 11, 544) == ["50%", "1%", "49%"]
    assert shown(1_095, 5, 0) == [">99%", "<1%", "0%"]
    assert shown(1_100, 0, 0) == ["100%", "0%", "0%"]


def test_a_half_is_rounded_up_and_is_true() -> None:
    texts = shown(910, 10, 1_080)
    assert texts == ["46%", "<1%", "54%"]
    public = pd.DataFrame({"sex": SEXES, "share": texts})
    assert false(public, true_table(910, 10, 1_080)) == 0


def test_the_published_table_has_no_count() -> None:
    public = percents(true_table(545, 10, 545))
    assert list(public.columns) == ["sex", "share", "share_annotation"]


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=3).filter(lambda c: sum(c) >= 1_100))
def test_a_small_count_is_nothing_but_less_than_one_percent(counts: list[int]) -> None:
    texts = shown(*counts)
    for count, text in zip(counts, texts, strict=True):
        assert (text == "0%") == (count == 0)
        assert text == "<1%" or not 0 < count < 11
    assert false(pd.DataFrame({"sex": SEXES, "share": texts}), true_table(*counts)) == 0


@pytest.mark.parametrize("lie", ["49%", "51%", "<1%", ">99%", "0%", "50", "545", ""])
def test_a_percent_that_is_not_true_is_found(lie: str) -> None:
    public = pd.DataFrame({"sex": SEXES, "share": [lie, "<1%", "50%"]})
    assert false(public, true_table(545, 10, 545)) == 1


@pytest.mark.parametrize("lie", ["0%", "1%", "2%", ">99%"])
def test_a_small_category_that_is_told_is_found(lie: str) -> None:
    public = pd.DataFrame({"sex": SEXES, "share": ["50%", lie, "50%"]})
    assert false(public, true_table(545, 10, 545)) == 1


def test_one_percent_told_as_less_is_found() -> None:
    public = pd.DataFrame({"sex": SEXES, "share": ["50%", "<1%", "49%"]})
    assert false(public, true_table(545, 11, 544)) == 1


def released(*columns: str) -> Release:
    table = TableRef("emergency_encounters", "0" * 64, 3, columns)
    paper = DocumentRef("evidence.json", "application/json", "0" * 64)
    return Release(
        dataset="emergency_encounters",
        contract="",
        rule_pack="",
        extract=table,
        public=table,
        private=table,
        evidence=paper,
        documents=(),
        score=None,
        primary=0,
        complementary=0,
    )


def with_counts(name: str, **further: Any) -> pd.DataFrame:
    return pd.DataFrame({"sex": SEXES, name: [545, 10, 545], f"{name}_annotation": ""} | further)


@pytest.mark.parametrize("name", ["encounters", "visits", "share"])
def test_counts_that_the_public_has_seen_are_not_taken_back_by_percents(name: str) -> None:
    """Whatever the column of the counts was called, even as that of the percents is now."""
    true, tables = true_table(545, 10, 545), Shown()
    before = [tables.released(with_counts(name))]
    with pytest.raises(DisclosureRisk, match="1 earlier releases show something other"):
        percents_table(CONTRACT, PACK, true, before, {}, tables)
    with pytest.raises(DisclosureRisk, match="1 earlier releases show something other"):
        percents_found(CONTRACT, PACK, percents(true), true, before, {}, tables)


def test_percents_may_follow_percents() -> None:
    true, tables = true_table(545, 10, 545), Shown()
    before = [tables.released(percents(true_table(550, 9, 541)))]
    public = percents_table(CONTRACT, PACK, true, before, {}, tables)
    assert percents_found(CONTRACT, PACK, public, true, before, {}, tables)


def test_counts_in_a_linked_dataset_are_told_by_no_percents() -> None:
    link = {"dataset": "sexes", "names": {"sex": "gender"}, "basis": "The same people."}
    told = CONTRACT.model_dump(mode="json", exclude_none=True) | {"linked_to": [link]}
    contract, true, tables = Contract.model_validate(told), true_table(545, 10, 545), Shown()
    counts = with_counts("visits").rename(columns={"sex": "gender"})
    beside = {"sexes": [tables.released(counts, "sexes")]}
    for step in (
        lambda linked: percents_table(contract, PACK, true, (), linked, tables),
        lambda linked: percents_found(contract, PACK, percents(true), true, (), linked, tables),
    ):
        with pytest.raises(DisclosureRisk, match="1 releases of 'sexes' show numbers by 'sex'"):
            step(beside)
        with pytest.raises(DisclosureRisk, match="'sexes' were not looked up"):
            step({})
        others = counts.rename(columns={"gender": "county"})
        assert len(step({"sexes": [tables.released(others, "sexes")]})) in (3, 4)


def test_counts_do_not_follow_percents_that_the_public_has_seen(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    papers = ArchivePapers(archive)
    contract = papers.file("contract.json", "application/json", CONTRACT.model_dump_json().encode())
    before = replace(released("sex", "share"), documents=(contract,))
    counts = load_contract(ROOT, "emergency_encounters")
    with pytest.raises(DisclosureRisk, match="shows 'sex' in whole percents"):
        recollected(counts, [before], {}, ParquetTables(archive), papers)


def test_the_second_pair_of_eyes_does_not_trust_the_percents() -> None:
    true = true_table(545, 10, 545)
    public = percents(true)
    public.loc[1, "share"] = "1%"
    with pytest.raises(DisclosureRisk, match="1 percents of 'share' are not those of the counts"):
        percents_found(CONTRACT, PACK, public, true, (), {}, Shown())
    with pytest.raises(CannotProtect, match="1 periods have fewer"):
        percents_found(CONTRACT, PACK, public, true_table(250, 5, 245), (), {}, Shown())


def test_an_edition_without_the_method_refuses() -> None:
    pack = load_rule_pack(ROOT, "calhhs-ddg-1.0")
    with pytest.raises(ContractInvalid, match="does not let whole percents stand for counts"):
        percents(true_table(545, 10, 545), pack)


def test_a_table_without_rows_has_no_percents() -> None:
    rules, wanted = PACK.percents, CONTRACT.publication.whole_percents
    assert rules is not None
    assert wanted is not None
    with pytest.raises(CannotProtect, match="exactly 3 categories"):
        whole_percents(true_table(1, 1, 1)[:0], CONTRACT.publication, wanted, rules)


def test_a_higher_threshold_needs_more_people_below_the_percents() -> None:
    """Of 1,100 people, 15 are a whole percent already."""
    stricter = PACK.thresholds.model_copy(update={"numerator": 16})
    pack = PACK.model_copy(update={"thresholds": stricter})
    with pytest.raises(CannotProtect, match="at least 1,600 people"):
        percents(true_table(800, 15, 784), pack)
    assert list(percents(true_table(800, 15, 785), pack)["share"])[1] == "<1%"


def test_fewer_people_than_a_lax_rule_asks_for_are_still_refused() -> None:
    lax = PercentRules(categories=3, smallest_total=500, source="A reading of ours")
    pack = PACK.model_copy(update={"percents": lax})
    with pytest.raises(CannotProtect, match="at least 1,100 people"):
        percents(true_table(245, 5, 250), pack)


@pytest.mark.parametrize(
    ("publication", "problem"),
    [
        ({"whole_percents": PERCENTS | {"of": "gender"}}, "'gender' is not one of the dimensions"),
        ({"whole_percents": PERCENTS | {"name": "sex"}}, "'sex' is the name of a dimension"),
        ({"suppression": {"objective": "sum"}}, "suppression is about counts"),
    ],
)
def test_what_percents_cannot_do_is_refused(publication: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        asked(**publication)


def test_counts_by_the_same_variable_in_another_dataset_are_found(tmp_path: Path) -> None:
    """The other dataset is the demonstration's, which counts the same people by sex."""
    for folder in ("config", "expectations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for folder in ("config/datasets", "config/approvals", "expectations"):
        for file in (tmp_path / folder).glob("*.yaml"):
            if file.stem != "emergency_encounters":
                file.unlink()
    told = CONTRACT.model_copy(update={"id": "encounters_by_sex"}).model_dump_json(
        exclude_none=True
    )
    (tmp_path / "config/datasets/encounters_by_sex.yaml").write_text(told, encoding="utf-8")
    found = [p for p in check(tmp_path, sample) if "encounters_by_sex" in p.file]
    assert [p.reason for p in found] == [
        "dataset 'emergency_encounters' publishes counts by 'sex' of the same table"
    ]
