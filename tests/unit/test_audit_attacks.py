"""Attacks on published tables: each breaks a naive masker and not ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from opengazette.disclosure import audit_attack, audit_knowledge
from opengazette.disclosure.audit import PublishedRate, PublishedTable, audit
from opengazette.disclosure.complementary import protect
from opengazette.disclosure.linear_system import CellTable, Dimension
from opengazette.disclosure.primary import Protection, SmallCountRule, primary_cells

RULE, RANGE = SmallCountRule(measures=("n", "part")), Protection()
Masks = dict[str, np.ndarray]


def flat(name: str, size: int) -> Dimension:
    codes = tuple(f"{name}{i}" for i in range(size))
    return Dimension(name, "T", {"T": codes}, ("T", *codes))


def spread(dimensions: tuple[Dimension, ...], ends: np.ndarray) -> np.ndarray:
    """Add a total in front along every axis."""
    for axis in range(len(dimensions)):
        ends = np.concatenate([ends.sum(axis=axis, keepdims=True), ends], axis=axis)
    return ends.ravel()


def cross(*ends: list[Any], part: list[int] | None = None) -> CellTable:
    cells = np.array(ends if len(ends) > 1 else ends[0])
    dimensions = tuple(flat(f"d{axis}", size) for axis, size in enumerate(cells.shape))
    counts = {"n": spread(dimensions, cells)}
    if part is not None:
        counts["part"] = spread(dimensions, np.array(part))
    keys = tuple(product(*(d.codes for d in dimensions)))
    return CellTable(dimensions, keys, counts, {"part": "n"} if part is not None else {})


def single_children() -> CellTable:
    place = Dimension(
        "place",
        "CA",
        {"CA": ("north", "south"), "north": ("n1",), "south": ("s1", "s2")},
        ("CA", "north", "south", "n1", "s1", "s2"),
    )
    return CellTable(
        (place,), tuple((c,) for c in place.codes), {"n": np.array([60, 6, 54, 6, 24, 30])}
    )


def small_only(table: CellTable) -> Masks:
    return {m: primary_cells(counts, RULE) for m, counts in table.counts.items()}


def next_smallest(table: CellTable) -> Masks:
    """Hide the smallest other cell wherever a group along some dimension has one hidden cell."""
    hidden = small_only(table)
    at = {key: i for i, key in enumerate(table.keys)}
    for m, counts in table.counts.items():
        for key, (axis, dimension) in product(table.keys, enumerate(table.dimensions)):
            below = dimension.children.get(key[axis], ())
            group = [at[*key[:axis], code, *key[axis + 1 :]] for code in below]
            open_cells = [i for i in group if not hidden[m][i] and counts[i] > 0]
            if sum(hidden[m][i] for i in group) == 1 and open_cells:
                hidden[m][min(open_cells, key=lambda i: counts[i])] = True
    return hidden


def publish(table: CellTable, hidden: Masks) -> PublishedTable:
    values = {m: np.where(hidden[m], np.nan, counts) for m, counts in table.counts.items()}
    return PublishedTable(table.dimensions, table.keys, values, table.parts)


ATTACKS = {
    "subtract from the total": (cross([5, 20, 30]), small_only),
    "hierarchy with a single child": (single_children(), next_smallest),
    "all but one hidden in a row": (cross([3, 4, 2, 40]), small_only),
    "hidden pair with a tiny sum": (cross([1, 1, 40, 50]), next_smallest),
    "rows and columns of zeros": (
        cross([5, 0, 0, 30], [0, 0, 0, 0], [0, 0, 40, 50], [0, 0, 60, 7]),
        next_smallest,
    ),
    "one small count in a three-way table": (
        cross([[4, 30], [40, 50]], [[60, 25], [35, 45]]),
        small_only,
    ),
    "a part under its shown whole": (
        cross([11, 60, 80], part=[6, 8, 40]),
        next_smallest,
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_breaks_a_naive_masker(name: str) -> None:
    table, masker = ATTACKS[name]
    assert not audit(publish(table, masker(table)), small_only(table), RANGE, RULE).passed


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_fails_on_ours(name: str) -> None:
    table, _ = ATTACKS[name]
    pattern = protect(table, RULE, RANGE)
    assert audit(publish(table, dict(pattern.withheld)), pattern.primary, RANGE, RULE).passed


def test_ten_ten_ten_is_safe_only_while_the_reasons_are_merged() -> None:
    """Guidelines 4.4.3, first example: three hidden cells of at most 10 that sum to 30."""
    table = cross([10, 14, 10, 10, 0, 0, 0, 30])
    pattern = protect(table, RULE, RANGE)
    merged = publish(table, dict(pattern.withheld))
    codes = pattern.primary["n"] + 2 * (pattern.withheld["n"] & ~pattern.primary["n"])
    told = replace(merged, reasons={"n": codes.astype(np.int64)})
    assert audit(merged, pattern.primary, RANGE, RULE).passed
    result = audit(told, pattern.primary, RANGE, RULE)
    assert [(f.low, f.high) for f in result.narrowest] == [(10, 10)] * 3


def with_people(table: CellTable, *rates: float) -> PublishedTable:
    shown = publish(table, dict(protect(table, RULE, RANGE).withheld))
    people = np.array([30_000.0, 7_500.0, 11_250.0, 11_250.0])
    rate = PublishedRate("n", "people", 100.0, 1, np.array(rates))
    return replace(shown, values={**shown.values, "people": people}, rates=(rate,))


def test_the_rounded_rate_of_a_withheld_count_gives_it_away() -> None:
    """Guidelines 4.4.3, third example: 0.0 percent of 7,500 is at most 3."""
    table = cross([3, 15, 40])
    primary, nan = small_only(table), float("nan")
    assert audit(with_people(table, 0.2, nan, nan, 0.4), primary, RANGE, RULE).passed
    result = audit(with_people(table, 0.2, 0.0, nan, 0.4), primary, RANGE, RULE)
    assert [(f.low, f.high) for f in result.narrowest] == [(1, 3)]


def test_the_rate_of_the_complementary_cell_gives_the_primary_away() -> None:
    table = cross([3, 15, 40])
    nan = float("nan")
    result = audit(with_people(table, nan, nan, 0.1, nan), small_only(table), RANGE, RULE)
    assert not result.passed


Leak = tuple[PublishedTable, Masks]


def leak_along(axis: int) -> Leak:
    """Both cells of the other dimension's group are hidden: only this dimension tells."""
    table = cross([5, 20, 40], [30, 25, 50], [60, 70, 80])
    gone = [("d00", "d10"), ("d00", "d11")] if axis == 0 else [("d00", "d10"), ("d01", "d10")]
    hidden = {"n": np.array([key in gone for key in table.keys])}
    return publish(table, hidden), small_only(table)


def leak_by_least() -> Leak:
    """With 10 to share, a cell is 10 only if the other may be 0."""
    table = cross([5, 5, 40])
    return publish(table, small_only(table)), small_only(table)


def leak_by_part() -> Leak:
    table = cross([11, 60, 80], part=[6, 8, 40])
    return publish(table, next_smallest(table)), small_only(table)


def leak_by_rate() -> Leak:
    table = cross([3, 15, 40])
    nan = float("nan")
    return with_people(table, nan, 0.0, nan, nan), small_only(table)


def leak_by_reason() -> Leak:
    table = cross([10, 14, 10, 10, 30])
    hidden = small_only(table)
    told = replace(publish(table, hidden), reasons={"n": hidden["n"].astype(np.int64)})
    return told, hidden


def leak_by_whole_numbers() -> Leak:
    """Here p + 2x is 31 and p at most 10: in halves p can be 10, in whole numbers only 9.

    Overlapping groups: T is p, x, y; V is p, e; G is x, a; H is y, a, and G equals H.
    """
    groups = {"T": ("p", "x", "y"), "V": ("p", "e"), "G": ("x", "a"), "H": ("y", "a")}
    one = Dimension("group", None, groups, tuple("TVGHpxyea"))
    shown = np.array([31.0, 11.0, 50.0, 50.0, *[np.nan] * 5])
    table = PublishedTable((one,), tuple((c,) for c in one.codes), {"n": shown})
    return table, {"n": np.array([code == "p" for code in one.codes])}


def in_fractions(
    _attack: object, _cost: object, _cell: int, _cap: float, end: float
) -> tuple[float, bool]:
    return end, True


def nothing(*_: object) -> Iterator[object]:
    return iter(())


def without_axis(axis: int) -> Callable[..., Iterator[tuple[int, list[int], bool]]]:
    intact = audit_knowledge.totals_along

    def kept(published: PublishedTable, along: int) -> Iterator[tuple[int, list[int], bool]]:
        return iter(()) if along == axis else intact(published, along)

    return kept


def loose_limits(
    _published: PublishedTable, unknown: np.ndarray, _least: int, _threshold: int
) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(len(unknown)), np.full(len(unknown), np.inf)


FAMILIES = {
    "totals of the first dimension": (leak_along(0), "totals_along", without_axis(0)),
    "totals of the second dimension": (leak_along(1), "totals_along", without_axis(1)),
    "withheld counts are not zero": (leak_by_least(), "limits", loose_limits),
    "codes that tell the reason": (leak_by_reason(), "limits", loose_limits),
    "parts and wholes": (leak_by_part(), "part_facts", nothing),
    "rates": (leak_by_rate(), "rate_facts", nothing),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_of_facts_uncovers_a_leak(family: str) -> None:
    (shown, primary), _, _ = FAMILIES[family]
    assert not audit(shown, primary, RANGE, RULE).passed


@pytest.mark.parametrize("family", FAMILIES)
def test_an_audit_without_a_family_of_facts_misses_its_leak(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown, primary), name, mutant = FAMILIES[family]
    monkeypatch.setattr(audit_knowledge, name, mutant)
    assert audit(shown, primary, RANGE, RULE).passed


def test_whole_numbers_uncover_a_leak_that_fractions_hide(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, protected = leak_by_whole_numbers()
    (finding,) = audit(shown, protected, RANGE, RULE).narrowest
    assert (finding.low, finding.high, finding.covered) == (1, 9, False)
    monkeypatch.setattr(audit_attack.Attack, "_whole_end", in_fractions)
    assert audit(shown, protected, RANGE, RULE).passed
