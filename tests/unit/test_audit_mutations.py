"""An audit that forgets one family of facts misses a leak that the whole audit finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from opengazette.disclosure.audit import attack as audit_attack
from opengazette.disclosure.audit import audit as audit_module
from opengazette.disclosure.audit import knowledge as audit_knowledge
from opengazette.disclosure.audit.audit import PublishedRate, PublishedTable, audit
from opengazette.disclosure.audit.insiders import Insider
from opengazette.disclosure.audit.knowledge import PublishedSum
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.linear_system import Dimension

RULE, RANGE = SmallCountRule(measures=("n", "part")), Protection()
Marks = dict[str, np.ndarray]


@dataclass(frozen=True)
class Leak:
    """A published table that gives a protected cell away, and who reads it."""

    shown: PublishedTable
    protected: Marks
    insiders: tuple[Insider, ...] = ()

    def found(self) -> bool:
        return not audit(self.shown, self.protected, RANGE, RULE, insiders=self.insiders).passed


def one_way(*cells: float) -> PublishedTable:
    """Publish a, b, c ... after their total; a negative cell is withheld."""
    codes = tuple("abcdefgh"[: len(cells)])
    group = Dimension("group", "T", {"T": codes}, ("T", *codes))
    known = np.array([np.abs(cells).sum(), *cells], dtype=np.float64)
    return PublishedTable(
        (group,), tuple((c,) for c in group.codes), {"n": np.where(known < 0, np.nan, known)}
    )


def marked(shown: PublishedTable, *places: int) -> Marks:
    return {"n": np.isin(np.arange(len(shown.keys)), places)}


def total_of_dimension(axis: int) -> Leak:
    """A whole slice is hidden: inside it counts trade places, across it each stands alone."""
    cells = np.array([[[5, 30], [31, 32]], [[40, 41], [42, 43]]])
    for along in range(3):
        cells = np.concatenate([cells.sum(axis=along, keepdims=True), cells], axis=along)
    cells = np.moveaxis(cells, 0, axis)
    index = np.moveaxis(np.indices(cells.shape), 0, -1)
    hidden = (index > 0).all(axis=-1) & (index[..., axis] == 1)
    dimensions = tuple(
        Dimension(f"d{i}", "T", {"T": ("0", "1")}, ("T", "0", "1")) for i in range(3)
    )
    keys = tuple(product(*(d.codes for d in dimensions)))
    shown = PublishedTable(dimensions, keys, {"n": np.where(hidden, np.nan, cells).ravel()})
    return Leak(shown, {"n": ((cells == 5) & hidden).ravel()})


def missing_combination() -> Leak:
    """The last part of the total is in no row: it is zero, so the first is what is left."""
    shown = one_way(-10, 20, 30)
    (group,) = shown.dimensions
    tree = Dimension("group", "T", {"T": (*"abcd",)}, (*group.codes, "d"))
    return Leak(replace(shown, dimensions=(tree,)), marked(shown, 1))


def least() -> Leak:
    """With 10 to share, a cell is 10 only if the other may be 0."""
    shown = one_way(-5, -5, 40)
    return Leak(shown, marked(shown, 1, 2))


def said_to_be_small() -> Leak:
    """Three that are at most 10 and sum to 30 are 10 each."""
    shown = one_way(-10, -10, -10, 30)
    told = replace(shown, reasons={"n": np.array([0, 1, 1, 1, 0])})
    return Leak(told, marked(shown, 1, 2, 3))


def said_to_be_complementary() -> Leak:
    """5 and 12 sum to 17: the other is 11 or more, so the first is at most 6."""
    shown = one_way(-5, -12, 30)
    return Leak(replace(shown, reasons={"n": np.array([0, 1, 2, 0])}), marked(shown, 1))


def part_under_its_whole() -> Leak:
    """6 and 8 sum to 14; the second is part of a shown whole of 11, so the first is 3 or more."""
    shown = one_way(-6, -8, 40)
    values = {"n": np.array([151.0, 60, 11, 80]), "part": shown.values["n"]}
    table = replace(shown, values=values, parts={"part": "n"})
    return Leak(table, {"part": marked(shown, 1)["n"]})


def rate_from(shown_rate: float) -> Leak:
    """Of 7,500 people, 0.0 percent are at most 3 and 0.1 percent are 4 to 11."""
    shown = one_way(-5, -25, 40)
    people = np.array([30_000.0, 7_500.0, 11_250.0, 11_250.0])
    rate = PublishedRate("n", "people", 100.0, 1, np.array([np.nan, shown_rate, np.nan, np.nan]))
    table = replace(shown, values={**shown.values, "people": people}, rates=(rate,))
    return Leak(table, marked(shown, 1))


def same_cell() -> Leak:
    """The complementary cell stands open in another place."""
    shown = one_way(-5, -20, 20)
    return Leak(replace(shown, same=((2, 3),)), marked(shown, 1))


def other_results() -> Leak:
    """Of 50 people 45 were shown to be negative, so that 5 were positive."""
    shown = one_way(-5, -20, 40)
    values = {"n": shown.values["n"], "tests": np.array([160.0, 50, 50, 60])}
    values["negative"] = np.array([95.0, 45, 30, 20])
    sums = (PublishedSum("tests", ("n", "negative"), range(4)),)
    return Leak(replace(shown, values=values, sums=sums), marked(shown, 1))


def insider() -> Leak:
    """Whoever knows the neighbour knows the cell."""
    shown = one_way(-5, -20, 40)
    return Leak(shown, marked(shown, 1), (Insider((2,), (20.0,)),))


def whole_numbers() -> Leak:
    """Here p + 2x is 31 and p at most 10: in halves p can be 10, in whole numbers only 9.

    Overlapping groups: T is p, x, y; V is p, e; G is x, a; H is y, a, and G equals H.
    """
    groups = {"T": ("p", "x", "y"), "V": ("p", "e"), "G": ("x", "a"), "H": ("y", "a")}
    one = Dimension("group", None, groups, tuple("TVGHpxyea"))
    shown = np.array([31.0, 11.0, 50.0, 50.0, *[np.nan] * 5])
    table = PublishedTable((one,), tuple((c,) for c in one.codes), {"n": shown})
    return Leak(table, marked(table, 4))


def nothing(*_: object) -> Iterator[object]:
    return iter(())


def without_axis(axis: int) -> Callable[..., Iterator[tuple[int, list[int], bool]]]:
    intact = audit_knowledge.totals_along

    def kept(published: PublishedTable, along: int) -> Iterator[tuple[int, list[int], bool]]:
        return iter(()) if along == axis else intact(published, along)

    return kept


def open_ended() -> Callable[..., Iterator[audit_knowledge.Fact]]:
    intact = audit_knowledge.total_facts
    return lambda published: intact(replace(published, absent="unknown"))


def limits_with(**changed: float) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Forget one thing that the rule or a code says."""
    intact = audit_knowledge.limits

    def loose(
        published: PublishedTable, unknown: np.ndarray, least: int, threshold: int
    ) -> tuple[np.ndarray, np.ndarray]:
        low, high = intact(published, unknown, least, threshold)
        if "high" in changed:
            return low, np.full(len(high), changed["high"])
        return np.where(low == changed["forget"], changed["low"], low), high

    return loose


def in_fractions(
    _attack: object, _cost: object, _cell: int, _cap: float, end: float
) -> tuple[float, bool]:
    return end, True


Family = tuple[Leak, Any, str, Callable[..., Any]]
KNOWLEDGE: ModuleType = audit_knowledge
FAMILIES: dict[str, Family] = {
    "totals of the first dimension": (
        total_of_dimension(0),
        KNOWLEDGE,
        "totals_along",
        without_axis(0),
    ),
    "totals of the second dimension": (
        total_of_dimension(1),
        KNOWLEDGE,
        "totals_along",
        without_axis(1),
    ),
    "totals of the third dimension": (
        total_of_dimension(2),
        KNOWLEDGE,
        "totals_along",
        without_axis(2),
    ),
    "all totals": (total_of_dimension(0), KNOWLEDGE, "total_facts", nothing),
    "missing combinations are zero": (
        missing_combination(),
        KNOWLEDGE,
        "total_facts",
        open_ended(),
    ),
    "withheld counts are not zero": (
        least(),
        KNOWLEDGE,
        "limits",
        limits_with(forget=1, low=0),
    ),
    "codes that say small": (
        said_to_be_small(),
        KNOWLEDGE,
        "limits",
        limits_with(high=np.inf),
    ),
    "codes that say complementary": (
        said_to_be_complementary(),
        KNOWLEDGE,
        "limits",
        limits_with(forget=11, low=1),
    ),
    "parts and wholes": (part_under_its_whole(), KNOWLEDGE, "part_facts", nothing),
    "rates from above": (rate_from(0.0), KNOWLEDGE, "rate_facts", nothing),
    "rates from below": (rate_from(0.1), KNOWLEDGE, "rate_facts", nothing),
    "cells that are the same": (same_cell(), KNOWLEDGE, "same_facts", nothing),
    "counts that add up": (other_results(), KNOWLEDGE, "sum_facts", nothing),
    "insiders": (insider(), audit_module, "told", nothing),
    "whole numbers": (whole_numbers(), audit_attack.Attack, "_whole_end", in_fractions),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_of_facts_uncovers_a_leak(family: str) -> None:
    leak, _, _, _ = FAMILIES[family]
    assert leak.found()


@pytest.mark.parametrize("family", FAMILIES)
def test_an_audit_without_a_family_of_facts_misses_its_leak(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak, where, name, mutant = FAMILIES[family]
    monkeypatch.setattr(where, name, mutant)
    assert not leak.found()


def test_no_family_of_facts_is_left_out() -> None:
    mutated = {name for _, where, name, _ in FAMILIES.values() if where is KNOWLEDGE}
    assert {name for name in vars(KNOWLEDGE) if name.endswith("_facts")} <= mutated


def test_whole_numbers_leave_the_cell_one_less_than_fractions() -> None:
    leak = whole_numbers()
    (finding,) = audit(leak.shown, leak.protected, RANGE, RULE).narrowest
    assert (finding.low, finding.high, finding.covered) == (1, 9, False)
