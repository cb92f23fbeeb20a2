"""Attacks that need more than one release: each breaks a naive masker and not ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest

from opengazette.disclosure.audit.audit import PublishedTable, audit
from opengazette.disclosure.audit.memory import reader_of
from opengazette.disclosure.complementary.pattern import count_weights, protect
from opengazette.disclosure.masking.counts import withheld_for
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.releases.memory import remember
from opengazette.disclosure.releases.seen import STEADY, Growing, SeenTable
from opengazette.disclosure.tables.linear_system import CellTable, Dimension

RULE, RANGE = SmallCountRule(measures=("n", "part")), Protection()
TO_DATE, BY_QUARTER = Growing(between_releases=True), Growing(over="d0")
Masks = dict[str, np.ndarray]
Masker = Callable[[CellTable, list[SeenTable], Growing], Masks]


@dataclass(frozen=True)
class Case:
    """Tables in the order of their release; `linked` tells those of another dataset."""

    tables: tuple[CellTable, ...]
    growing: Growing = STEADY
    linked: bool = False


def spread(ends: np.ndarray, axes: range) -> np.ndarray:
    for axis in axes:
        ends = np.concatenate([ends.sum(axis=axis, keepdims=True), ends], axis=axis)
    return ends.ravel()


def cross(*rows: list[Any], part: list[Any] | None = None, total: bool = True) -> CellTable:
    """Cross dimensions with totals; without `total` the first has none."""
    cells = np.array(rows if len(rows) > 1 else rows[0])
    dimensions = []
    for axis, size in enumerate(cells.shape):
        codes = tuple(f"d{axis}{i}" for i in range(size))
        whole = {"T": codes} if total or axis else {}
        dimensions.append(Dimension(f"d{axis}", "T" if whole else None, whole, (*whole, *codes)))
    axes = range(0 if total else 1, cells.ndim)
    counts = {"n": spread(cells, axes)}
    if part is not None:
        counts["part"] = spread(np.array(part), axes)
    keys = tuple(product(*(d.codes for d in dimensions)))
    parts = {"part": "n"} if part is not None else {}
    return CellTable(tuple(dimensions), keys, counts, parts)


CASES = {
    "two patterns for the same counts": Case((cross([5, 20, 50]), cross([5, 20, 18]))),
    "a withheld count that is large tonight": Case(
        (cross([5, 20], [40, 45], [70, 75]), cross([30, 20], [40, 45], [70, 75]))
    ),
    "a part under the whole of an earlier night": Case(
        (cross([15, 60, 80], part=[6, 20, 40]), cross([55, 61, 80], part=[6, 20, 41]))
    ),
    "year to date, nothing small in either": Case(
        (cross([20, 30, 40]), cross([23, 60, 70])), TO_DATE
    ),
    "year to date, over three quarters": Case(
        (cross([20, 30, 40]), cross([50, 60, 70]), cross([80, 65, 95])), TO_DATE
    ),
    "year to date, small from the start": Case((cross([4, 30, 40]), cross([25, 31, 72])), TO_DATE),
    "counts up to each quarter": Case(
        (cross([20, 30, 40], [23, 60, 70], [50, 90, 99], total=False),), BY_QUARTER
    ),
    "a linked table shows what hides": Case(
        (cross([5, 25, 50]), cross([2, 3], [12, 13], [11, 39])), linked=True
    ),
}


def small_only(table: CellTable) -> Masks:
    return {m: primary_cells(counts, RULE) for m, counts in table.counts.items()}


def alone(table: CellTable, seen: list[SeenTable], growing: Growing) -> Masks:
    """Mask a table as if it stood alone, and least where others hide."""
    prices = count_weights(table)
    if seen:
        dear = np.linspace(9.0, 1.0, len(table.keys))
        prices = {m: dear * price for m, price in prices.items()}
    return dict(protect(table, RULE, RANGE, weights=prices).withheld)


def ours(table: CellTable, seen: list[SeenTable], growing: Growing) -> Masks:
    joint = remember(table, seen, growing)
    small = small_only(table)
    withheld = withheld_for(
        joint.table,
        RULE,
        joint.concerns([Concern(small, RANGE)], RULE, RANGE),
        prices=joint.prices(count_weights(table)),
        must_publish=joint.must_publish({}),
    )
    return {m: mask | small[m] for m, mask in joint.tonight(withheld.cells).items()}


def publish(table: CellTable, hidden: Masks) -> PublishedTable:
    values = {m: np.where(hidden[m], np.nan, counts) for m, counts in table.counts.items()}
    return PublishedTable(table.dimensions, table.keys, values, table.parts)


def attacked(case: Case, masker: Masker) -> list[bool]:
    """Release every table, and tell for each whether the attack failed."""
    seen: list[SeenTable] = []
    passed = []
    for table in case.tables:
        public = publish(table, masker(table, seen, case.growing))
        reader = reader_of(public, table.counts, seen, RULE, case.growing)
        concerns = reader.concerns([Concern(small_only(table), RANGE)])
        results = [
            audit(reader.published, c.cells, RANGE, RULE)
            for c in (*concerns, reader.past(RULE, RANGE))
        ]
        passed.append(all(result.passed for result in results))
        seen.insert(0, SeenTable(table, public, own=not case.linked))
    return passed


@pytest.mark.parametrize("case", CASES)
def test_the_attack_breaks_a_masker_that_sees_one_table(case: str) -> None:
    assert not all(attacked(CASES[case], alone))


@pytest.mark.parametrize("case", CASES)
def test_the_attack_fails_on_a_masker_that_has_seen_them_all(case: str) -> None:
    assert all(attacked(CASES[case], ours))
