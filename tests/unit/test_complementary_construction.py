"""Patterns for very large tables, constructed from product moves: safe, and proven so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opengazette.disclosure.complementary import construction
from opengazette.disclosure.complementary.construction import (
    EXTENSIONS,
    MANY,
    Construction,
    construct,
)
from opengazette.disclosure.complementary.cover import Cover, cover
from opengazette.disclosure.complementary.network import Columns
from opengazette.disclosure.complementary.product_moves import MoveSpace
from opengazette.disclosure.complementary.verification import verify_witnesses
from opengazette.disclosure.tables.linear_system import CellTable, Dimension, LinearSystem

FLAT = {"T": ("a", "b", "c")}
DEEP = {"T": ("x", "y"), "x": ("x1", "x2"), "y": ("y1", "y2", "y3")}


def dimension(name: str, tree: Mapping[str, tuple[str, ...]], *, total: bool = True) -> Dimension:
    codes = tuple(dict.fromkeys([*tree, *(c for below in tree.values() for c in below)]))
    if not total:
        tree = {parent: below for parent, below in tree.items() if parent != "T"}
        codes = tuple(code for code in codes if code != "T")
    return Dimension(name, "T" if total else None, tree, codes)


def added_up(dimensions: list[Dimension], leaves: Mapping[Any, int]) -> CellTable:
    def below(each: Dimension, code: str) -> list[str]:
        inner = each.children.get(code, ())
        return [leaf for child in inner for leaf in below(each, child)] if inner else [code]

    keys = tuple(product(*(each.codes for each in dimensions)))
    counts = [
        sum(
            leaves[k] for k in product(*(below(d, c) for d, c in zip(dimensions, key, strict=True)))
        )
        for key in keys
    ]
    return CellTable(tuple(dimensions), keys, {"n": np.array(counts, dtype=np.int64)})


@st.composite
def tables(draw: st.DrawFn) -> CellTable:
    kinds: list[Mapping[str, tuple[str, ...]]] = [FLAT, DEEP]
    trees = draw(st.lists(st.sampled_from(kinds), min_size=2, max_size=3))
    dimensions = [
        dimension(f"d{i}", tree, total=draw(st.booleans()) or i == 0)
        for i, tree in enumerate(trees)
    ]
    finest = [[c for c in each.codes if c not in each.children] for each in dimensions]
    size = int(np.prod([len(each) for each in finest]))
    count = st.one_of(st.integers(0, 12), st.integers(11, 60))
    counts = draw(st.lists(count, min_size=size, max_size=size))
    return added_up(dimensions, dict(zip(product(*finest), counts, strict=True)))


def asked(table: CellTable, *, exact: bool) -> Columns:
    """Protect counts of 1 to 10, zeros shown: exactly, or so that they may be all of 1 to 10."""
    counts = table.counts["n"]
    hidden, nothing = (counts >= 1) & (counts <= 10), np.zeros(len(counts))
    return Columns(
        cell=np.ones(len(counts), dtype=np.bool_),
        fall=np.maximum(counts - 1, 0).astype(np.float64),
        hidden=hidden,
        free=counts > 10,
        cost=1 + table.levels() / 100,
        up=nothing if exact else np.where(hidden, 10.0 - counts, 0.0),
        down=nothing if exact else np.where(hidden & (counts >= 2), 1.0, 0.0),
        either=hidden.astype(np.float64) if exact else nothing,
    )


def constructed(table: CellTable, columns: Columns) -> Construction:
    made = construct(table, columns)
    assert made is not None
    return made


@settings(max_examples=60, deadline=None)
@given(tables(), st.booleans(), st.sampled_from([0, MANY]), st.booleans())
def test_every_demand_has_a_lawful_witness_or_is_named_as_unmet(
    table: CellTable, exact: bool, many: int, stopped: bool
) -> None:
    columns = asked(table, exact=exact)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(construction, "MANY", many)
        made = construct(table, columns, stop=lambda: stopped)
    assert made is not None
    system = LinearSystem.of(table)
    verify_witnesses(system, columns, made.withheld, made.witnesses)
    demands = {
        (int(cell), way)
        for way, amount in ((1, columns.up), (-1, columns.down), (0, columns.either))
        for cell in np.flatnonzero(amount > 0)
    }
    assert demands == set(made.witnesses) | set(made.unmet)
    assert not set(made.witnesses) & set(made.unmet)
    assert made.withheld[columns.hidden].all()
    assert not made.withheld[~columns.hidden & ~columns.free].any()


@settings(max_examples=10, deadline=None)
@given(tables(), st.booleans())
def test_the_same_table_gives_the_same_pattern(table: CellTable, exact: bool) -> None:
    columns = asked(table, exact=exact)
    one, two = constructed(table, columns), constructed(table, columns)
    assert one.withheld.tolist() == two.withheld.tolist()
    assert one.unmet == two.unmet


@settings(max_examples=40, deadline=None)
@given(tables(), st.booleans())
def test_the_cover_leaves_no_equation_lacking_what_may_still_be_withheld(
    table: CellTable, exact: bool
) -> None:
    columns = asked(table, exact=exact)
    withheld = cover(table, columns)
    needs = Cover.of(table, columns)
    lacking, _ = needs.lacking(withheld)
    spare = needs.rows @ (columns.free & ~withheld).astype(np.float64)
    assert not (lacking & (spare > 0)).any()


def square(*counts: int) -> CellTable:
    both = [dimension("r", FLAT), dimension("c", FLAT)]
    leaves = dict(zip(product("abc", "abc"), counts, strict=True))
    return added_up(both, leaves)


def test_one_small_count_takes_three_more_cells_with_it() -> None:
    table = square(5, 20, 30, 40, 50, 60, 70, 80, 90)
    made = constructed(table, asked(table, exact=True))
    assert made.withheld.sum() == 4
    assert made.unmet == ()


def test_small_counts_that_protect_each_other_take_nothing_with_them() -> None:
    table = square(5, 6, 30, 7, 8, 60, 70, 80, 90)
    made = constructed(table, asked(table, exact=True))
    assert made.withheld.sum() == 4


def test_a_count_that_no_single_exchange_can_raise_is_raised_by_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(construction, "MANY", 0)
    table = square(1, 6, 6, 6, 40, 40, 6, 40, 40)
    columns = asked(table, exact=False)
    inner = np.array(["T" not in key for key in table.keys])
    made = constructed(table, replace(columns, free=columns.free & inner))
    at = table.keys.index(("a", "a"))
    cells, by = made.witnesses[at, 1]
    assert by[cells == at].tolist() == [9]
    assert sorted(by[by < 0].tolist()) == [-5, -5, -4, -4]
    assert made.unmet == ()


def test_a_count_that_nothing_can_protect_is_unmet() -> None:
    table = square(5, 20, 30, 40, 50, 60, 70, 80, 90)
    columns = asked(table, exact=True)
    made = constructed(table, replace(columns, free=np.zeros(len(table.keys), dtype=np.bool_)))
    assert made.unmet == ((table.keys.index(("a", "a")), 0),)
    assert not made.witnesses


def test_more_counts_than_are_met_at_once_that_nothing_can_protect_are_all_unmet() -> None:
    both = [dimension("r", DEEP), dimension("c", DEEP)]
    fine = list(product(("x1", "x2", "y1", "y2", "y3"), repeat=2))
    table = added_up(both, dict.fromkeys(fine, 5))
    columns = asked(table, exact=False)
    small = np.array([key in fine for key in table.keys])
    nothing = np.zeros(len(small))
    beyond = replace(
        columns,
        free=np.zeros(len(small), dtype=np.bool_),
        up=np.where(small, 1000.0, nothing),
        down=nothing,
    )
    made = constructed(table, beyond)
    assert len(made.unmet) == len(fine) > EXTENSIONS


@pytest.mark.parametrize(
    "change",
    [
        {"absent": "unknown"},
        {"same": ((0, 1),)},
    ],
)
def test_tables_of_another_kind_are_left_to_the_search(change: dict[str, object]) -> None:
    table = square(5, 20, 30, 40, 50, 60, 70, 80, 90)
    columns = asked(table, exact=True)
    assert construct(replace(table, **change), columns) is None  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(tables(), st.integers(0, 10**6), st.sampled_from([1, -1]), st.integers(0, 2))
def test_the_cheapest_move_satisfies_every_equation_and_costs_what_it_says(
    table: CellTable, pick: int, sign: int, within: int
) -> None:
    space = MoveSpace.of(table)
    assert space is not None
    random = np.random.default_rng(pick)
    up, down = random.random((2, *space.shape))
    cell = pick % len(table.keys)
    move = space.cheapest(
        np.stack([up + down, up - down]), int(space.places[cell]), sign, within=within
    )
    assert move is not None
    moved = np.zeros(len(table.keys))
    moved[space.cells[move.places]] = move.signs
    assert not (LinearSystem.of(table).matrix @ moved).any()
    assert moved[cell] == sign
    paid = np.where(move.signs > 0, up.ravel()[move.places], down.ravel()[move.places])
    assert move.cost == pytest.approx(paid.sum())
