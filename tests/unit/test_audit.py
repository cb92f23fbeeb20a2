"""What the audit finds in published tables, and what it says of them."""

from __future__ import annotations

import numpy as np
import pytest

from opengazette.disclosure.audit.audit import Finding, PublishedRate, PublishedTable, attack, audit
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.linear_system import Dimension
from opengazette.errors import AuditFailed

RULE, RANGE, GONE = SmallCountRule(), Protection(), float("nan")


def one_way(*values: float) -> PublishedTable:
    """Publish ages A1, A2, ... followed by their total."""
    codes = tuple(f"A{i + 1}" for i in range(len(values) - 1))
    age = Dimension("age", "T", {"T": codes}, (*codes, "T"))
    return PublishedTable((age,), tuple((c,) for c in age.codes), {"n": np.array(values)})


def marked(shown: PublishedTable, *names: str) -> dict[str, np.ndarray]:
    return {"n": np.array([key[0] in names for key in shown.keys])}


def interval(shown: PublishedTable, name: str, high: int = 1000) -> tuple[float, float]:
    (finding,) = attack(shown, marked(shown, name), Protection(1, high), RULE)
    return finding.low, finding.high


def test_a_lone_withheld_cell_is_known_exactly() -> None:
    shown = one_way(GONE, 20, 30, 54)
    result = audit(shown, marked(shown, "A1"), RANGE, RULE)
    assert not result.passed
    assert (result.n_withheld, result.n_protected, result.n_narrow) == (1, 1, 1)
    assert result.narrowest == (Finding("n", ("A1",), 4, 4, covered=False, proved=True),)


def test_two_withheld_cells_share_what_is_left() -> None:
    assert interval(one_way(GONE, GONE, 30, 46), "A1") == (1, 15)


def test_a_pair_of_sum_two_is_one_and_one() -> None:
    shown = one_way(GONE, GONE, 30, 32)
    result = audit(shown, marked(shown, "A1", "A2"), RANGE, RULE)
    assert [(f.low, f.high) for f in result.narrowest] == [(1, 1), (1, 1)]


def test_a_range_passes_exactly_at_its_ends() -> None:
    assert audit(one_way(GONE, GONE, 11), {"n": np.array([1, 1, 0])}, RANGE, RULE).passed
    assert not audit(one_way(GONE, GONE, 10), {"n": np.array([1, 1, 0])}, RANGE, RULE).passed


def test_a_small_count_that_is_shown_fails_the_audit_even_if_unmarked() -> None:
    result = audit(one_way(5, 20, 25), {}, RANGE, RULE)
    assert (result.passed, result.n_exposed) == (False, 1)


def test_a_protected_cell_that_is_shown_fails_the_audit() -> None:
    shown = one_way(15, 20, 35)
    assert audit(shown, marked(shown, "A1"), RANGE, RULE).n_exposed == 1


def test_small_counts_of_measures_outside_the_rule_may_be_shown() -> None:
    assert audit(one_way(5, 20, 25), {}, RANGE, SmallCountRule(measures=())).passed


def test_codes_that_differ_tell_which_cells_are_small() -> None:
    shown = one_way(GONE, GONE, 30, 46)
    told = PublishedTable(
        shown.dimensions, shown.keys, shown.values, reasons={"n": np.array([1, 2, 0, 0])}
    )
    assert interval(shown, "A1") == (1, 15)
    assert interval(told, "A1") == (1, 5)


def test_a_published_rate_gives_its_numerator_away() -> None:
    shown = one_way(GONE, GONE, 30, 46)
    people = np.array([7500.0, 8000.0, 9000.0, 24500.0])
    rate = PublishedRate("n", "people", 100.0, 1, np.array([0.0, GONE, 0.3, 0.2]))
    values = {**shown.values, "people": people}
    with_rate = PublishedTable(shown.dimensions, shown.keys, values, rates=(rate,))
    rule = SmallCountRule(measures=("n",))
    (finding,) = attack(with_rate, marked(shown, "A1"), RANGE, rule)
    assert (finding.low, finding.high) == (1, 3)


def test_a_rate_with_a_withheld_denominator_binds_the_two_together() -> None:
    place = Dimension("p", None, {}, ("a",))
    rate = PublishedRate("n", "people", 100.0, 0, np.array([50.0]))
    values = {"n": np.array([GONE]), "people": np.array([20.0])}
    shown = PublishedTable((place,), (("a",),), values, rates=(rate,))
    (finding,) = attack(shown, {"n": np.array([True])}, Protection(1, 40), RULE)
    assert (finding.low, finding.high) == (10, 10)
    turned = PublishedTable(
        (place,), (("a",),), {"n": np.array([12.0]), "people": np.array([GONE])}, rates=(rate,)
    )
    (finding,) = attack(turned, {"people": np.array([True])}, Protection(1, 40), RULE)
    assert (finding.low, finding.high) == (24, 24)


def test_a_rate_beside_its_published_counts_adds_nothing() -> None:
    shown = one_way(GONE, GONE, 30, 46)
    values = {**shown.values, "people": np.array([7500.0, 8000.0, 9000.0, 24500.0])}
    rate = PublishedRate("n", "people", 1000.0, 1, np.array([GONE, GONE, 3.3, 1.9]))
    known = PublishedTable(shown.dimensions, shown.keys, values, rates=(rate,))
    (finding,) = attack(known, marked(shown, "A1"), Protection(1, 1000), RULE)
    assert (finding.low, finding.high) == interval(shown, "A1")


def test_a_part_is_at_most_its_whole() -> None:
    shown = one_way(GONE, GONE, 30)
    values = {"tests": np.array([12.0, 25.0, 37.0]), "n": shown.values["n"]}
    known = PublishedTable(shown.dimensions, shown.keys, values, {"n": "tests"})
    (finding,) = attack(known, marked(shown, "A2"), Protection(1, 1000), RULE)
    assert (finding.low, finding.high) == (18, 25)


def test_a_missing_combination_bounds_its_total_only_if_it_is_known_to_be_zero() -> None:
    shown = one_way(GONE, GONE, 30, 46)
    keys, values = shown.keys[:1] + shown.keys[2:], {"n": shown.values["n"][[0, 2, 3]]}
    zero = PublishedTable(shown.dimensions, keys, values)
    unknown = PublishedTable(shown.dimensions, keys, values, absent="unknown")
    assert interval(zero, "A1") == (16, 16)
    assert interval(unknown, "A1") == (1, 16)


def test_what_the_shown_zeros_reveal_is_not_held_against_a_pattern() -> None:
    shown = one_way(GONE, GONE, GONE, 0, GONE)
    (finding,) = attack(shown, marked(shown, "T"), RANGE, RULE)
    assert finding.low == 3
    assert finding.high >= 10
    assert finding.covered


@pytest.mark.parametrize(
    "values",
    [(4, 20, 30, 55), (GONE, 20, 30, 49), (GONE, GONE, 30, 31)],
    ids=["sum", "negative", "room"],
)
def test_a_table_that_contradicts_itself_is_refused_without_quoting_it(
    values: tuple[float, ...],
) -> None:
    shown = one_way(*values)
    with pytest.raises(AuditFailed, match="published values contradict each other") as caught:
        audit(shown, marked(shown, "A1"), RANGE, RULE)
    assert not any(str(int(v)) in str(caught.value) for v in values if v >= 20)


def test_cells_that_are_the_same_have_the_same_interval() -> None:
    shown = one_way(GONE, GONE, 30, 46)
    known = PublishedTable(shown.dimensions, shown.keys, shown.values, same=((0, 1),))
    (finding,) = attack(known, marked(shown, "A1"), Protection(1, 1000), RULE)
    assert (finding.low, finding.high) == (8, 8)


def test_a_total_that_is_said_to_be_one_of_two_parts_is_refused() -> None:
    shown = one_way(GONE, GONE, GONE)
    known = PublishedTable(shown.dimensions, shown.keys, shown.values, same=((0, 2),))
    with pytest.raises(AuditFailed, match="contradict each other"):
        audit(known, marked(shown, "A1"), RANGE, RULE)
