"""Attacks on published tables: each breaks a naive masker and not ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from opengazette.disclosure.audit.audit import PublishedRate, PublishedTable, audit
from opengazette.disclosure.audit.linkage import read_together
from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.masking.annotation import annotation_of, with_reasons
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.disclosure.tables.linkage import joined, linked, shared, unlinked

RULE, RANGE = SmallCountRule(measures=("n", "part")), Protection()
NAN = float("nan")
Masks = dict[str, np.ndarray]
Masker = Callable[[CellTable], Masks]


@dataclass(frozen=True)
class Case:
    """The same truth as a naive masker and as ours would publish it, and what is protected."""

    naive: PublishedTable
    ours: PublishedTable
    protected: Masks


def flat(name: str, size: int) -> Dimension:
    codes = tuple(f"{name}{i}" for i in range(size))
    return Dimension(name, "T", {"T": codes}, ("T", *codes))


def spread(ends: np.ndarray) -> np.ndarray:
    """Add a total in front along every axis."""
    for axis in range(ends.ndim):
        ends = np.concatenate([ends.sum(axis=axis, keepdims=True), ends], axis=axis)
    return ends.ravel()


def cross(*ends: list[Any], part: list[int] | None = None) -> CellTable:
    cells = np.array(ends if len(ends) > 1 else ends[0])
    dimensions = tuple(flat(f"d{axis}", size) for axis, size in enumerate(cells.shape))
    counts = {"n": spread(cells)}
    if part is not None:
        counts["part"] = spread(np.array(part))
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


def ours(table: CellTable) -> Masks:
    return dict(protect(table, RULE, RANGE).withheld)


def publish(table: CellTable, hidden: Masks) -> PublishedTable:
    values = {m: np.where(hidden[m], np.nan, counts) for m, counts in table.counts.items()}
    return PublishedTable(table.dimensions, table.keys, values, table.parts)


def masked(table: CellTable, masker: Masker) -> Case:
    return Case(publish(table, masker(table)), publish(table, ours(table)), small_only(table))


def rates_shown(*naive: float) -> Case:
    """Rates of 30,000 people; ours withholds the rate of each withheld count."""
    table = cross([3, 15, 40])
    people = np.array([30_000.0, 7_500.0, 11_250.0, 11_250.0])
    shown = publish(table, ours(table))
    values = {**shown.values, "people": people}
    honest = np.where(np.isnan(shown.values["n"]), np.nan, [0.2, 0.0, 0.1, 0.4])

    def beside(rates: np.ndarray) -> PublishedTable:
        rate = PublishedRate("n", "people", 100.0, 1, rates)
        return replace(shown, values=values, rates=(rate,))

    return Case(beside(np.array(naive)), beside(honest), small_only(table))


def denominators() -> Case:
    """Visits are shown and visits per person too: the withheld number of people follows."""
    table = cross([9, 20, 30])
    visits, rates = np.array([201.0, 45, 66, 90]), np.array([3.41, 5.00, 3.30, 3.00])

    def beside(hidden: Masks, *, all_rates: bool) -> PublishedTable:
        shown = publish(table, hidden)
        told = rates if all_rates else np.where(hidden["n"], np.nan, rates)
        rate = PublishedRate("visits", "n", 1.0, 2, told)
        return replace(shown, values={**shown.values, "visits": visits}, rates=(rate,))

    naive = beside(next_smallest(table), all_rates=True)
    return Case(naive, beside(ours(table), all_rates=False), small_only(table))


def reasons_told(*cells: int) -> Case:
    """The naive table tells why each cell is withheld; ours only if that gives nothing away."""
    table = cross(list(cells))
    small, hidden = small_only(table), ours(table)
    merged = publish(table, hidden)
    told = with_reasons(merged, small)
    decision = annotation_of(merged, small, [Concern(small, RANGE)], RULE)
    return Case(told, told if decision.codes == "distinguish" else merged, small)


def linked_tables() -> Case:
    """The county's total that hides its neighbour stands open in the table by sex."""
    county, sex = flat("county", 3), flat("sex", 2)
    place = Dimension("county", "T", {}, ("county1",))
    tables = {
        "counties": CellTable(
            (county,), tuple((c,) for c in county.codes), {"n": np.array([75, 5, 20, 50])}
        ),
        "sexes": CellTable(
            (place, sex),
            tuple(("county1", code) for code in sex.codes),
            {"n": np.array([20, 12, 8])},
        ),
    }
    return together(tables, unlinked(tables, protected(tables, shared(tables))), None)


def protected(tables: dict[str, CellTable], same: Any) -> Masks:
    return dict(protect(linked(tables, same), RULE, RANGE).withheld)


def together(tables: dict[str, CellTable], hidden: dict[str, Masks], same: Any) -> Case:
    naive = {name: publish(table, next_smallest(table)) for name, table in tables.items()}
    safe = {name: publish(table, hidden[name]) for name, table in tables.items()}
    small = joined(tables, {name: small_only(table) for name, table in tables.items()})
    return Case(read_together(naive, same), read_together(safe, same), small)


SUITE: dict[str, Callable[[], Case]] = {
    "subtract from the total": lambda: masked(cross([5, 20, 30]), small_only),
    "hierarchy with a single child": lambda: masked(single_children(), next_smallest),
    "all but one hidden in a row": lambda: masked(cross([3, 4, 2, 40]), next_smallest),
    "hidden pair with a tiny sum": lambda: masked(cross([1, 1, 40, 50]), next_smallest),
    "rows and columns of zeros": lambda: masked(
        cross([5, 0, 0, 30], [0, 0, 0, 0], [0, 0, 40, 50], [0, 0, 60, 7]), next_smallest
    ),
    "one small count in a three-way table": lambda: masked(
        cross([[4, 30], [40, 50]], [[60, 25], [35, 45]]), small_only
    ),
    "a part under its shown whole": lambda: masked(
        cross([11, 60, 80], part=[6, 8, 40]), next_smallest
    ),
    "a rounded rate of a withheld count": lambda: rates_shown(0.2, 0.0, NAN, 0.4),
    "a rounded rate of its complement": lambda: rates_shown(0.2, NAN, 0.1, 0.4),
    "rates that give denominators": denominators,
    "codes that say small": lambda: reasons_told(10, 14, 10, 10, 0, 0, 0, 30),
    "codes that say complementary": lambda: reasons_told(5, 12, 40, 60),
    "linked tables": linked_tables,
}


@pytest.mark.parametrize("attack", SUITE)
def test_the_attack_breaks_a_naive_masker(attack: str) -> None:
    case = SUITE[attack]()
    assert not audit(case.naive, case.protected, RANGE, RULE).passed


@pytest.mark.parametrize("attack", SUITE)
def test_the_attack_fails_on_ours(attack: str) -> None:
    case = SUITE[attack]()
    result = audit(case.ours, case.protected, RANGE, RULE)
    assert result.passed
    assert result.n_protected > 0


def test_ten_ten_ten_is_known_exactly_once_the_reasons_are_told() -> None:
    """Guidelines 4.4.3, first example: three hidden cells of at most 10 that sum to 30."""
    case = SUITE["codes that say small"]()
    result = audit(case.naive, case.protected, RANGE, RULE)
    assert [(f.low, f.high) for f in result.narrowest] == [(10, 10)] * 3


def test_a_rate_of_zero_percent_of_7500_is_at_most_three() -> None:
    """Guidelines 4.4.3, third example."""
    case = SUITE["a rounded rate of a withheld count"]()
    result = audit(case.naive, case.protected, RANGE, RULE)
    assert [(f.low, f.high) for f in result.narrowest] == [(1, 3)]
