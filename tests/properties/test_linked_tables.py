"""Linked tables against an attacker who tries every pair of tables that agree where they meet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit.audit import Finding, PublishedTable, attack, audit
from opengazette.disclosure.audit.linkage import read_together
from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.linear_system import CellTable, Dimension, floors
from opengazette.disclosure.tables.linkage import joined, linked, shared, unlinked
from opengazette.errors import CannotProtect

RULE, RANGE = SmallCountRule(threshold=4), Protection(low=1, high=3)
REGION = Dimension("region", None, {}, ("north", "south"))
SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
AGE = Dimension("age", "all", {"all": ("0", "1")}, ("all", "0", "1"))
Masks = dict[str, np.ndarray]
# Four finest cells of at most 12 each: a region holds at most twelve people.
EVERY = np.array(list(product(range(13), repeat=4)))


@dataclass(frozen=True)
class Sheet:
    """A table with, per cell, the finest cells that it adds up."""

    table: CellTable
    inside: np.ndarray


def sheet(dimension: Dimension, finest: np.ndarray) -> Sheet:
    """Cross regions with a dimension; `finest` holds one row per region."""
    keys = tuple(product(REGION.codes, dimension.codes))
    ends = list(product(REGION.codes, dimension.children[str(dimension.total)]))
    inside = np.array(
        [[e[0] == k[0] and k[1] in (e[1], dimension.total) for e in ends] for k in keys],
        dtype=np.int64,
    )
    return Sheet(CellTable((REGION, dimension), keys, {"n": inside @ finest.ravel()}), inside)


@st.composite
def two_sheets(draw: st.DrawFn) -> dict[str, Sheet]:
    """Count the same people by region and sex, and by region and age."""
    count = st.sampled_from([0, 0, 1, 1, 2, 3])
    people = np.array(draw(st.lists(count, min_size=8, max_size=8))).reshape(2, 2, 2)
    return {"by sex": sheet(SEX, people.sum(axis=2)), "by age": sheet(AGE, people.sum(axis=1))}


def cells(sheets: dict[str, Sheet]) -> dict[str, CellTable]:
    return {name: each.table for name, each in sheets.items()}


def fits(each: Sheet, hidden: np.ndarray) -> np.ndarray:
    """List every table of whole numbers that agrees with what one sheet shows."""
    counts = each.table.counts["n"]
    grid = EVERY @ each.inside.T
    fit = (grid[:, ~hidden] == counts[~hidden]).all(1) & (grid[:, hidden] >= 1).all(1)
    return np.asarray(grid[fit])


def enumerated(sheets: dict[str, Sheet], hidden: dict[str, Masks]) -> tuple[np.ndarray, np.ndarray]:
    """Bound each cell over all pairs of tables whose regions have the same totals."""
    found = {name: fits(each, hidden[name]["n"]) for name, each in sheets.items()}
    totals = {name: {tuple(row) for row in rows[:, [0, 3]]} for name, rows in found.items()}
    common = set.intersection(*totals.values())
    kept = [rows[[tuple(row) in common for row in rows[:, [0, 3]]]] for rows in found.values()]
    return np.concatenate([k.min(0) for k in kept]), np.concatenate([k.max(0) for k in kept])


def publish(table: CellTable, hidden: np.ndarray) -> PublishedTable:
    values = {"n": np.where(hidden, np.nan, table.counts["n"])}
    return PublishedTable(table.dimensions, table.keys, values)


def read(sheets: dict[str, Sheet], hidden: dict[str, Masks]) -> PublishedTable:
    return read_together({n: publish(s.table, hidden[n]["n"]) for n, s in sheets.items()})


@settings(deadline=None, max_examples=60)
@given(two_sheets())
def test_no_enumeration_narrows_a_primary_cell_of_linked_tables(sheets: dict[str, Sheet]) -> None:
    tables = cells(sheets)
    table = linked(tables, shared(tables))
    try:
        pattern = protect(table, RULE, RANGE)
    except CannotProtect:
        assume(False)
        raise
    hidden = unlinked(tables, pattern.withheld)
    low, high = enumerated(sheets, hidden)
    primary, floor = pattern.primary["n"], floors(table, least=1)["n"]
    assert (low[primary] <= np.maximum(RANGE.low, floor[primary])).all()
    assert (high[primary] >= RANGE.high).all()
    assert audit(read(sheets, hidden), pattern.primary, RANGE, RULE).passed


@settings(deadline=None, max_examples=60)
@given(two_sheets())
def test_a_shared_cell_is_withheld_in_all_tables_or_in_none(sheets: dict[str, Sheet]) -> None:
    tables = cells(sheets)
    try:
        pattern = protect(linked(tables, shared(tables)), RULE, RANGE)
    except CannotProtect:
        assume(False)
        raise
    hidden = unlinked(tables, pattern.withheld)
    for (one, key), (other, twin) in shared(tables):
        here = hidden[one]["n"][tables[one].keys.index(key)]
        assert here == hidden[other]["n"][tables[other].keys.index(twin)]
    again = joined(tables, hidden)
    assert np.array_equal(again["n"], pattern.withheld["n"])


@settings(deadline=None, max_examples=80)
@given(two_sheets(), st.lists(st.booleans(), min_size=12, max_size=12))
def test_the_audit_of_linked_tables_agrees_with_enumeration(
    sheets: dict[str, Sheet], chosen: list[bool]
) -> None:
    tables = cells(sheets)
    counts = np.concatenate([table.counts["n"] for table in tables.values()])
    masks = {"n": np.array(chosen) & (counts > 0)}
    hidden = unlinked(tables, masks)
    low, high = enumerated(sheets, hidden)
    table = linked(tables, shared(tables))
    at = {key: i for i, key in enumerate(table.keys)}
    for finding in attack(read(sheets, hidden), masks, Protection(0, 8), RULE):
        i = at[finding.key]
        assert finding.proved
        assert finding.low == low[i]
        if high[i] < 8:
            assert finding.high == high[i]


@settings(deadline=None, max_examples=60)
@given(two_sheets(), st.lists(st.booleans(), min_size=12, max_size=12))
def test_reading_a_second_table_never_widens_an_interval(
    sheets: dict[str, Sheet], chosen: list[bool]
) -> None:
    tables = cells(sheets)
    counts = np.concatenate([table.counts["n"] for table in tables.values()])
    hidden = unlinked(tables, {"n": np.array(chosen) & (counts > 0)})
    wide = Protection(0, 8)
    shown = {name: publish(each.table, hidden[name]["n"]) for name, each in sheets.items()}
    alone = [f for name in shown for f in attack(shown[name], hidden[name], wide, RULE)]
    both = attack(read_together(shown), joined(cells(sheets), hidden), wide, RULE)
    assert len(alone) == len(both)
    for before, after in zip(
        sorted(alone, key=_by_codes), sorted(both, key=_by_codes), strict=True
    ):
        assert _by_codes(after) == _by_codes(before)
        assert after.low >= before.low
        assert min(after.high, wide.high) <= min(before.high, wide.high)


def _by_codes(finding: Finding) -> list[str]:
    return sorted(code for code in finding.key if code)
