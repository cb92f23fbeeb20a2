"""Sums of money: amounts of few people, of one who dominates, and cells forced either way."""

from __future__ import annotations

import numpy as np
import pytest

from opengazette.disclosure.audit.audit import PublishedTable, audit
from opengazette.disclosure.complementary.pattern import Width, protect
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.primary.dominance import (
    amount_rule,
    amounts_of_few,
    dominant_cells,
    largest_contributions,
    p_percent_cells,
    p_percent_shortfall,
)
from opengazette.disclosure.primary.forced import Forced, decided
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.errors import CannotProtect

PAYER = Dimension("payer", "T", {"T": ("a", "b", "c", "d")}, ("T", "a", "b", "c", "d"))
KEYS = tuple((code,) for code in PAYER.codes)


def dominant(first: list[float], total: float, n: int, k: float) -> bool:
    return bool(dominant_cells(np.array([first]), np.array([total]), n=n, k=k)[0])


def p_percent(first: list[float], total: float, p: float) -> bool:
    return bool(p_percent_cells(np.array([first]), np.array([total]), p=p)[0])


def test_amounts_of_one_to_ten_people_are_primary_and_of_nobody_are_not() -> None:
    people = np.array([0, 1, 10, 11])
    assert amounts_of_few(people, SmallCountRule()).tolist() == [False, True, True, False]
    strict = SmallCountRule(zeros_shown=False)
    assert amounts_of_few(people, strict).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("first", "total", "n", "k", "marked"),
    [
        ([80], 100, 1, 80, False),
        ([81], 100, 1, 80, True),
        ([50, 35], 100, 2, 85, False),
        ([50, 36], 100, 2, 85, True),
        ([50, 36], 100, 1, 85, False),
        ([7], 7, 1, 99, True),
        ([0], 0, 1, 80, False),
    ],
)
def test_the_largest_dominate_from_just_above_the_percentage(
    first: list[float], total: float, n: int, k: float, marked: bool
) -> None:
    assert dominant(first, total, n, k) is marked


@pytest.mark.parametrize(
    ("first", "total", "p", "marked"),
    [
        ([100, 50], 160, 10, False),
        ([100, 50], 159, 10, True),
        ([100, 50], 161, 10, False),
        ([100, 0], 100, 10, True),
        ([60, 40], 100, 1, True),
        ([0, 0], 0, 10, False),
    ],
)
def test_the_second_may_not_come_within_p_percent_of_the_first(
    first: list[float], total: float, p: float, marked: bool
) -> None:
    assert p_percent(first, total, p) is marked


def test_the_shortfall_is_what_the_others_lack() -> None:
    largest, totals = np.array([[100, 50], [100, 50]]), np.array([153, 170])
    assert p_percent_shortfall(largest, totals, p=10).tolist() == [7, 0]


def test_the_largest_contributions_of_each_cell_come_first() -> None:
    amounts, cells = np.array([5, 9, 7, 1, 3]), np.array([0, 2, 0, 0, 2])
    found = largest_contributions(amounts, cells, n_cells=3, top=2)
    assert found.tolist() == [[7, 5], [0, 0], [9, 3]]


@pytest.mark.parametrize(
    ("first", "total"),
    [([-1, 0], 10), ([3, 4], 10), ([6, 5], 10), ([np.nan, 0], 10), ([3, 2], np.nan)],
    ids=["negative", "out of order", "more than the total", "missing", "no total"],
)
def test_contributions_that_cannot_be_are_refused_without_quoting_them(
    first: list[float], total: float
) -> None:
    with pytest.raises(CannotProtect, match=r"^The contributions of 1 of 1 cells"):
        p_percent(first, total, 10)


def test_too_few_contributions_are_refused() -> None:
    with pytest.raises(CannotProtect, match="needs the 2 largest contributions of each of 1"):
        p_percent([5], 10, 10)


@pytest.mark.parametrize(("n", "k"), [(0, 80), (1, 0), (1, 100)])
def test_a_rule_that_marks_nothing_or_everything_is_refused(n: int, k: float) -> None:
    with pytest.raises(CannotProtect, match="marks nothing or everything"):
        dominant([5], 10, n, k)


def test_a_p_percent_rule_of_zero_is_refused() -> None:
    with pytest.raises(CannotProtect, match="positive percentage"):
        p_percent([5, 1], 10, 0)


def dollars() -> CellTable:
    return CellTable((PAYER,), KEYS, {"dollars": np.array([10_000, 900, 1_600, 3_500, 4_000])})


def test_a_dominated_sum_of_money_is_protected_as_widely_as_the_rule_demands() -> None:
    largest = np.array([[800, 500], [800, 50], [500, 200], [700, 500], [800, 400]])
    table, rule = dollars(), amount_rule("dollars")
    totals = table.counts["dollars"]
    primary = {"dollars": p_percent_cells(largest, totals, p=20)}
    assert primary["dollars"].tolist() == [False, True, False, False, False]
    short = p_percent_shortfall(largest, totals, p=20)
    demand = Width(2 * int(np.ceil(short.max())))
    assert demand == Width(220)
    pattern = protect(table, rule, demand, primary=primary)
    values = {"dollars": np.where(pattern.withheld["dollars"], np.nan, totals)}
    shown = PublishedTable(table.dimensions, table.keys, values)
    assert audit(shown, primary, demand, rule).passed
    assert pattern.n_complementary == 1


def flags(*codes: str) -> dict[str, np.ndarray]:
    return {"dollars": np.array([key[0] in codes for key in KEYS])}


RULE = amount_rule("dollars")


def test_forced_cells_are_withheld_or_kept_with_their_reason() -> None:
    found = decided(
        dollars(),
        RULE,
        flags("a"),
        shown=[Forced(flags("T"), "The budget names it.")],
        hidden=[Forced(flags("b"), "A court order."), Forced(flags("b", "c"), "A contract.")],
    )
    assert found.primary["dollars"].tolist() == [False, True, True, True, False]
    assert found.must_publish["dollars"].tolist() == [True, False, False, False, False]
    assert found.because == (
        ("The budget names it.", 1),
        ("A court order.", 1),
        ("A contract.", 2),
    )


def test_a_forced_cell_keeps_its_place_in_the_pattern() -> None:
    wanted = Forced(flags("b"), "The next cheapest, but asked for.")
    free = protect(dollars(), RULE, Width(10), primary=flags("a"))
    assert free.withheld["dollars"].tolist() == [False, True, True, False, False]
    found = decided(dollars(), RULE, flags("a"), shown=[wanted])
    kept = protect(
        dollars(), RULE, Width(10), primary=found.primary, must_publish=found.must_publish
    )
    assert kept.withheld["dollars"].tolist() == [False, True, False, True, False]


@pytest.mark.parametrize(
    ("shown", "hidden", "problem"),
    [
        (["a"], [], "1 cells are forced to be shown but withheld by the rules"),
        (["b"], ["b"], "1 cells are forced to be both"),
    ],
)
def test_no_reason_makes_a_primary_cell_public(
    shown: list[str], hidden: list[str], problem: str
) -> None:
    with pytest.raises(CannotProtect, match=problem):
        decided(
            dollars(),
            RULE,
            flags("a"),
            shown=[Forced(flags(*shown), "Because.")],
            hidden=[Forced(flags(*hidden), "Because.")],
        )


def test_a_true_zero_that_is_always_shown_cannot_be_forced_to_hide() -> None:
    table = CellTable((PAYER,), KEYS, {"dollars": np.array([9, 0, 2, 3, 4])})
    with pytest.raises(CannotProtect, match="1 cells are true zeros"):
        decided(table, SmallCountRule(), {}, hidden=[Forced(flags("a"), "Because.")])


def test_cells_are_not_forced_without_a_reason() -> None:
    with pytest.raises(CannotProtect, match="without a reason"):
        decided(dollars(), RULE, {}, hidden=[Forced(flags("a"), " ")])


def test_forced_cells_of_no_measure_are_refused() -> None:
    with pytest.raises(CannotProtect, match="1 sets of forced cells"):
        decided(dollars(), RULE, {}, shown=[Forced({"euros": np.zeros(5, bool)}, "Because.")])
