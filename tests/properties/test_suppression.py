"""Protection and audit against an attacker who simply tries every whole-number table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit.audit import Finding, PublishedTable, attack, audit
from opengazette.disclosure.complementary.pattern import Pattern, Protection, protect
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.errors import CannotProtect

RULE = SmallCountRule(threshold=4)
PROTECTION = Protection(low=1, high=3)
WIDE = Protection(low=0, high=30)
CAP = 8

Masks = dict[str, np.ndarray]
Place = tuple[str, tuple[str, ...]]

FLAT2 = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
FLAT3 = Dimension("age", "T", {"T": ("0", "1", "2")}, ("T", "0", "1", "2"))
FLAT5 = Dimension("payer", "T", {"T": tuple("abcde")}, ("T", *"abcde"))
NESTED = Dimension(
    "place",
    "CA",
    {"CA": ("north", "south"), "north": ("n1", "n2"), "south": ("s1",)},
    ("CA", "north", "south", "n1", "n2", "s1"),
)
NO_TOTAL = Dimension("year", None, {}, ("2023", "2024"))
SHAPES = ((FLAT3,), (FLAT5,), (NESTED,), (FLAT2, FLAT2), (FLAT2, NO_TOTAL), (FLAT2, FLAT3))


def leaves(dimensions: tuple[Dimension, ...]) -> list[tuple[str, ...]]:
    ends = [[c for c in d.codes if not d.children.get(c)] for d in dimensions]
    return list(product(*ends))


def under(dimension: Dimension, code: str) -> set[str]:
    below = dimension.children.get(code, ())
    return set().union(*(under(dimension, child) for child in below)) if below else {code}


def membership(dimensions: tuple[Dimension, ...]) -> np.ndarray:
    """One row per published cell, one column per leaf: does the cell contain the leaf?"""
    ends = leaves(dimensions)
    return np.array(
        [
            [
                all(x in under(d, c) for d, c, x in zip(dimensions, key, leaf, strict=True))
                for leaf in ends
            ]
            for key in product(*(d.codes for d in dimensions))
        ],
        dtype=np.int64,
    )


def table_of(dimensions: tuple[Dimension, ...], **ends: list[int]) -> CellTable:
    keys = tuple(product(*(d.codes for d in dimensions)))
    counts = {m: membership(dimensions) @ np.array(v) for m, v in ends.items()}
    return CellTable(dimensions, keys, counts, {"part": "n"} if "part" in ends else {})


@st.composite
def tables(draw: st.DrawFn) -> CellTable:
    dimensions = draw(st.sampled_from(SHAPES))
    size = len(leaves(dimensions))
    with_part = size <= 3 and draw(st.booleans())
    few = size * (1 + with_part) > 4
    count = st.sampled_from([0, 0, 1, 1, 2, 3] if few else [0, 0, 1, 1, 2, 3, 4, 5, 7])
    whole = draw(st.lists(count, min_size=size, max_size=size))
    if not with_part:
        return table_of(dimensions, n=whole)
    part = [draw(st.integers(0, most)) for most in whole]
    return table_of(dimensions, n=whole, part=part)


@dataclass(frozen=True)
class Enumerated:
    """The least and greatest value of every cell over all tables that fit what is shown."""

    low: np.ndarray
    high: np.ndarray


def enumerate_all(table: CellTable, withheld: Masks) -> Enumerated:
    """Try every table of whole numbers; a leaf under no published total goes up to CAP."""
    inside, measures = membership(table.dimensions), list(table.counts)
    options = [
        leaf_options(inside, table.counts[m], withheld[m], leaf)
        for m in measures
        for leaf in range(inside.shape[1])
    ]
    grid = np.stack(np.meshgrid(*options, indexing="ij"), axis=-1).reshape(-1, len(options))
    sums = np.concatenate(
        [g @ inside.T.astype(np.int16) for g in np.split(grid, len(measures), axis=1)], axis=1
    )
    truth = np.concatenate([table.counts[m] for m in measures])
    hidden = np.concatenate([withheld[m] for m in measures])
    fits = (sums[:, ~hidden] == truth[~hidden]).all(axis=1) & (sums[:, hidden] >= 1).all(axis=1)
    for part, whole in table.parts.items():
        n, p, w = len(table.keys), measures.index(part), measures.index(whole)
        fits &= (sums[:, p * n : (p + 1) * n] <= sums[:, w * n : (w + 1) * n]).all(axis=1)
    return Enumerated(sums[fits].min(axis=0), sums[fits].max(axis=0))


def leaf_options(
    inside: np.ndarray, counts: np.ndarray, withheld: np.ndarray, leaf: int
) -> np.ndarray:
    own = max(i for i in range(len(inside)) if inside[i].sum() == 1 and inside[i, leaf])
    if not withheld[own]:
        return np.array([counts[own]], dtype=np.int16)
    totals = counts[~withheld & (inside[:, leaf] == 1)]
    return np.arange(1, 1 + (totals.min() if len(totals) else CAP), dtype=np.int16)


def everything(table: CellTable) -> dict[str, np.ndarray]:
    return {m: counts > 0 for m, counts in table.counts.items()}


def published(table: CellTable, withheld: Masks) -> PublishedTable:
    values = {m: np.where(withheld[m], np.nan, counts) for m, counts in table.counts.items()}
    return PublishedTable(table.dimensions, table.keys, values, table.parts)


def protected_or_refused(table: CellTable, *, gap: float = 0.01) -> Pattern:
    try:
        return protect(table, RULE, PROTECTION, gap=gap)
    except CannotProtect:
        everything_withheld = published(table, everything(table))
        primary = {m: (c >= 1) & (c < RULE.threshold) for m, c in table.counts.items()}
        assert not audit(everything_withheld, primary, PROTECTION, RULE).passed
        assume(False)
        raise


def intervals(shown: PublishedTable, marked: Masks) -> dict[Place, Finding]:
    return {(f.measure, f.key): f for f in attack(shown, marked, WIDE, RULE)}


@st.composite
def maskings(draw: st.DrawFn) -> tuple[CellTable, Masks]:
    """A table with any cells withheld that are not zero."""
    table = draw(tables())
    n = len(table.keys)
    return table, {
        m: (counts > 0) & np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
        for m, counts in table.counts.items()
    }


@settings(deadline=None, max_examples=120)
@given(tables())
def test_no_enumeration_narrows_a_primary_cell_of_a_protected_table(table: CellTable) -> None:
    pattern = protected_or_refused(table)
    found = enumerate_all(table, dict(pattern.withheld))
    floor = enumerate_all(table, everything(table)).low
    primary = np.concatenate([pattern.primary[m] for m in table.measures])
    assert (found.low[primary] <= np.maximum(PROTECTION.low, floor[primary])).all()
    assert (found.high[primary] >= np.minimum(PROTECTION.high, CAP)).all()


@settings(deadline=None, max_examples=120)
@given(tables())
def test_a_protected_table_passes_the_audit_and_shows_no_small_count(table: CellTable) -> None:
    pattern = protected_or_refused(table)
    result = audit(published(table, dict(pattern.withheld)), pattern.primary, PROTECTION, RULE)
    assert result.passed
    assert result.n_protected == pattern.n_primary
    for m, counts in table.counts.items():
        assert not ((counts >= 1) & (counts < RULE.threshold) & ~pattern.withheld[m]).any()
        assert not (pattern.withheld[m] & (counts == 0)).any()
    assert pattern.lower_bound <= pattern.cost + 1e-6


@settings(deadline=None, max_examples=150)
@given(maskings())
def test_the_audit_agrees_with_enumeration(case: tuple[CellTable, Masks]) -> None:
    table, withheld = case
    found = enumerate_all(table, withheld)
    floor = enumerate_all(table, everything(table)).low
    at = {(m, k): i for i, (m, k) in enumerate(product(table.measures, table.keys))}
    for finding in attack(published(table, withheld), withheld, PROTECTION, RULE):
        i = at[finding.measure, finding.key]
        low, high = found.low[i], found.high[i]
        needed = max(PROTECTION.low, floor[i])
        assert finding.proved
        assert finding.covered == (low <= needed and high >= max(needed, PROTECTION.high))
        if low > needed:
            assert finding.low == low
        if high < PROTECTION.high:
            assert finding.high == high


@settings(deadline=None, max_examples=80)
@given(maskings(), st.data())
def test_publishing_one_more_cell_never_widens_an_interval(
    case: tuple[CellTable, Masks], data: st.DataObject
) -> None:
    table, withheld = case
    hidden = [(m, i) for m in table.measures for i in np.flatnonzero(withheld[m])]
    assume(hidden)
    measure, cell = data.draw(st.sampled_from(hidden))
    fewer = {m: mask.copy() for m, mask in withheld.items()}
    fewer[measure][cell] = False
    before = intervals(published(table, withheld), fewer)
    after = intervals(published(table, fewer), fewer)
    assert before.keys() == after.keys()
    for place, finding in after.items():
        assert finding.low >= before[place].low
        assert min(finding.high, WIDE.high) <= min(before[place].high, WIDE.high)


@settings(deadline=None, max_examples=80)
@given(maskings())
def test_telling_the_reasons_never_widens_an_interval(case: tuple[CellTable, Masks]) -> None:
    table, withheld = case
    merged = published(table, withheld)
    codes = {
        m: np.where(withheld[m], np.where(counts < RULE.threshold, 1, 2), 0)
        for m, counts in table.counts.items()
    }
    told = intervals(replace(merged, reasons=codes), withheld)
    for place, finding in intervals(merged, withheld).items():
        assert told[place].low >= finding.low
        assert min(told[place].high, WIDE.high) <= min(finding.high, WIDE.high)


@settings(deadline=None, max_examples=60)
@given(maskings(), st.randoms(use_true_random=False))
def test_renaming_and_reordering_change_no_interval(
    case: tuple[CellTable, Masks], random: object
) -> None:
    table, withheld = case
    turned = relabelled(table)
    order = list(range(len(table.keys)))
    random.shuffle(order)  # type: ignore[attr-defined]
    values = published(table, withheld).values
    shuffled = PublishedTable(
        turned.dimensions,
        tuple(turned.keys[i] for i in order),
        {m: v[order] for m, v in values.items()},
        table.parts,
    )
    marked = {m: mask[order] for m, mask in withheld.items()}
    name = dict(zip(table.keys, turned.keys, strict=True))
    before = intervals(published(table, withheld), withheld)
    after = intervals(shuffled, marked)
    assert {(m, name[k]): clipped(f) for (m, k), f in before.items()} == {
        place: clipped(f) for place, f in after.items()
    }


@settings(deadline=None, max_examples=60)
@given(tables())
def test_renaming_changes_nothing_about_what_a_pattern_costs(table: CellTable) -> None:
    pattern = protected_or_refused(table, gap=0.0)
    turned = protect(relabelled(table), RULE, PROTECTION, gap=0.0)
    assert turned.cost == pytest.approx(pattern.cost, abs=2e-3)
    assert turned.n_complementary == pattern.n_complementary


@settings(deadline=None, max_examples=60)
@given(tables())
def test_the_same_table_always_gets_the_same_pattern(table: CellTable) -> None:
    once, again = protected_or_refused(table), protected_or_refused(table)
    for m in table.measures:
        assert np.array_equal(once.withheld[m], again.withheld[m])


def clipped(finding: Finding) -> tuple[float, float]:
    return finding.low, min(finding.high, float(WIDE.high))


def relabelled(table: CellTable) -> CellTable:
    """The same table with its dimensions turned round and every code renamed."""

    def rename(dimension: Dimension) -> Dimension:
        new = {c: f"x{dimension.codes[::-1].index(c)}" for c in dimension.codes}
        return Dimension(
            dimension.name[::-1],
            None if dimension.total is None else new[dimension.total],
            {new[p]: tuple(new[c] for c in cs) for p, cs in dimension.children.items()},
            tuple(new[c] for c in dimension.codes),
        )

    renamed = [rename(d) for d in table.dimensions]
    codes = [
        dict(zip(d.codes, r.codes, strict=True))
        for d, r in zip(table.dimensions, renamed, strict=True)
    ]
    keys = [tuple(c[x] for c, x in zip(codes, k, strict=True))[::-1] for k in table.keys]
    return replace(table, dimensions=tuple(renamed[::-1]), keys=tuple(keys))
