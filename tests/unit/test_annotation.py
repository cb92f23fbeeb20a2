"""Codes that tell why a value is withheld: used where the audit holds, else merged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from opengazette.disclosure.audit.audit import PublishedTable, audit
from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.masking.annotation import AnnotationDecision, annotation_of
from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.disclosure.tables.margins import with_margins
from opengazette.disclosure.tables.structure import cell_table, published_table
from opengazette.errors import Fault
from opengazette.model.publication import PublicationTable

RULE, RANGE = SmallCountRule(), Protection()
Flags = dict[str, np.ndarray]


def contract(*names: str) -> PublicationTable:
    counts = [
        {"kind": "count", "name": name, "label": "C", "unit": "people", "definition": "Cases."}
        for name in names
    ]
    rate = {
        "kind": "rate",
        "name": "share",
        "label": "S",
        "unit": "percent",
        "definition": "Share.",
        "numerator": names[-1],
        "denominator": names[0],
    }
    county = {
        "name": "county",
        "label": "County",
        "column": "county",
        "characteristic": {"kind": "residence"},
        "total": "All",
    }
    return PublicationTable.model_validate(
        {"row": "one county", "dimensions": [county], "measures": [*counts, rate]}
    )


PUBLICATION = contract("cases")


def true_table(*cases: int) -> pd.DataFrame:
    counties = [f"c{i}" for i in range(len(cases))]
    base = pd.DataFrame({"county": counties, "cases": pd.array(cases, dtype="Int64")})
    return with_margins(base, PUBLICATION)


def decided(*cases: int) -> tuple[pd.DataFrame, AnnotationDecision]:
    true = true_table(*cases)
    pattern = protect(cell_table(PUBLICATION, true), RULE, RANGE)
    merged = withhold(true, PUBLICATION, pattern.withheld)
    shown, concerns = published_table(PUBLICATION, merged), [Concern(pattern.primary, RANGE)]
    decision = annotation_of(shown, pattern.primary, concerns, RULE)
    if decision.codes == "merged":
        return merged, decision
    return withhold(true, PUBLICATION, pattern.withheld, small=pattern.primary), decision


def test_m1_ten_ten_ten_merges_its_codes_by_itself() -> None:
    """Guidelines 4.4.3, first example: told to be small, three that sum to 30 are 10 each."""
    public, decision = decided(10, 14, 10, 10, 0, 0, 0, 30)
    assert (decision.codes, decision.n_given_away) == ("merged", 3)
    assert "would give 3 protected counts away" in decision.because
    assert set(public["cases_annotation"]) == {"", "1"}


def test_codes_that_harm_nobody_are_told() -> None:
    public, decision = decided(5, 30, 40, 60)
    assert (decision.codes, decision.n_small, decision.n_complementary) == ("distinguish", 1, 1)
    assert "tell 1 small counts from 1 complementary" in decision.because
    codes = public.set_index("county")["cases_annotation"]
    assert (codes["c0"], codes["c1"], codes["c2"]) == ("1", "2", "")


def test_a_complement_just_over_the_threshold_merges_the_codes() -> None:
    """5 and 12 sum to 17: a complement of at least 11 leaves at most 6 for the small count."""
    _, decision = decided(5, 12, 40, 60)
    assert decision.codes == "merged"


def test_told_codes_pass_the_audit_that_reads_them_from_the_table() -> None:
    true = true_table(5, 30, 40, 60)
    public, _ = decided(5, 30, 40, 60)
    shown = published_table(PUBLICATION, public)
    assert shown.reasons["cases"].any()
    small = {"cases": primary_cells(true["cases"].to_numpy(dtype=np.int64), RULE)}
    assert audit(shown, small, RANGE, RULE).passed


def test_the_same_table_gets_the_same_decision() -> None:
    assert decided(5, 12, 40, 60)[1] == decided(5, 12, 40, 60)[1]


def test_a_protected_count_that_is_not_small_is_not_told_to_be() -> None:
    age = Dimension("age", "T", {"T": ("a", "b", "c")}, ("T", "a", "b", "c"))
    keys = tuple((code,) for code in age.codes)
    values = {"n": np.array([200.0, np.nan, np.nan, 100.0])}
    forced, nothing = {"n": np.array([False, True, False, False])}, dict[str, np.ndarray]()
    shown = PublishedTable((age,), keys, values)
    decision = annotation_of(shown, nothing, [Concern(forced, RANGE)], RULE)
    assert (decision.codes, decision.n_small, decision.n_complementary) == ("merged", 0, 2)


def told(publication: PublicationTable, true: pd.DataFrame, gone: Flags, small: Flags) -> pd.Series:
    public = withhold(true, publication, gone, small=small)
    return public[["tests_annotation", "cases_annotation", "share_annotation"]].agg("".join, axis=1)


def test_what_derives_from_a_small_count_has_its_code() -> None:
    publication = contract("tests", "cases")
    true = pd.DataFrame(
        {
            "county": ["a", "b", "c"],
            "tests": pd.array([50, 60, 70], dtype="Int64"),
            "cases": pd.array([5, 20, 30], dtype="Int64"),
            "share": [10.0, 33.3, 42.9],
        }
    )
    gone = {"tests": np.array([True, False, False]), "cases": np.array([True, True, False])}
    small = {"cases": np.array([True, False, False])}
    assert list(told(publication, true, gone, small)) == ["211", "22", ""]


def test_a_small_count_that_is_not_withheld_is_our_fault() -> None:
    flags = {"cases": np.array([True, False, False, False, False])}
    with pytest.raises(Fault, match="not withheld"):
        withhold(true_table(5, 30, 40, 60), PUBLICATION, {}, small=flags)


def test_cells_of_a_table_without_contract_are_decided_alike() -> None:
    age = Dimension("age", "T", {"T": ("a", "b", "c")}, ("T", "a", "b", "c"))
    keys = tuple((code,) for code in age.codes)
    table = CellTable((age,), keys, {"n": np.array([105, 5, 40, 60])})
    pattern = protect(table, RULE, RANGE)
    values = {"n": np.where(pattern.withheld["n"], np.nan, table.counts["n"])}
    shown = PublishedTable(table.dimensions, table.keys, values)
    decision = annotation_of(shown, pattern.primary, [Concern(pattern.primary, RANGE)], RULE)
    assert decision.codes == "distinguish"
