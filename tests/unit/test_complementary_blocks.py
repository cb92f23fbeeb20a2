"""Many cells of a very large table are proved among the cells below one parent."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from opengazette.disclosure.complementary.blocks import proved_in_blocks
from opengazette.disclosure.complementary.network import Columns
from opengazette.disclosure.complementary.verification import verify_witnesses
from opengazette.disclosure.tables.linear_system import CellTable, Dimension, LinearSystem

PLACES = {"T": ("x", "y"), "x": ("x1", "x2", "x3"), "y": ("y1", "y2", "y3", "y4")}
AGES = {"T": ("a", "b", "c")}


def leaves(tree: dict[str, tuple[str, ...]], code: str) -> list[str]:
    return [each for c in tree[code] for each in leaves(tree, c)] if code in tree else [code]


def dimension(name: str, tree: dict[str, tuple[str, ...]]) -> Dimension:
    codes = tuple(dict.fromkeys([*tree, *(c for below in tree.values() for c in below)]))
    return Dimension(name, "T", tree, codes)


def table(counts: list[int]) -> CellTable:
    finest = dict(zip(product(leaves(PLACES, "T"), AGES["T"]), counts, strict=True))
    dimensions = (dimension("place", PLACES), dimension("age", AGES))
    keys = tuple(product(*(each.codes for each in dimensions)))
    sums = [
        sum(finest[key] for key in product(leaves(PLACES, place), leaves(AGES, age)))
        for place, age in keys
    ]
    return CellTable(dimensions, keys, {"n": np.array(sums, dtype=np.int64)})


def asked(made: CellTable) -> Columns:
    counts = made.counts["n"]
    hidden, nothing = (counts >= 1) & (counts <= 10), np.zeros(len(counts))
    return Columns(
        cell=np.ones(len(counts), dtype=np.bool_),
        fall=np.maximum(counts - 1, 0).astype(np.float64),
        hidden=hidden,
        free=counts > 10,
        cost=np.ones(len(counts)),
        up=nothing,
        down=nothing,
        either=hidden.astype(np.float64),
    )


def small_cells(columns: Columns) -> list[tuple[int, int]]:
    return [(int(cell), 0) for cell in np.flatnonzero(columns.hidden)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=21, max_size=21))
def test_every_witness_found_is_lawful(counts: list[int]) -> None:
    made = table(counts)
    columns = asked(made)
    withheld = columns.hidden | (made.levels() <= 1)
    more, found = proved_in_blocks(made, columns, withheld, small_cells(columns))
    assert (more & ~withheld <= columns.free).all()
    verify_witnesses(LinearSystem.of(made), columns, more, found)


def test_what_moves_among_the_cells_below_one_parent_moves_nothing_outside() -> None:
    made = table([5] * 21)
    columns = asked(made)
    finest = made.levels() == 0
    more, found = proved_in_blocks(made, columns, columns.hidden, small_cells(columns))
    assert (more == columns.hidden).all()
    assert found
    assert {cell for cell, _ in found} <= set(np.flatnonzero(finest).tolist())
    for moved, _ in found.values():
        parents = {made.keys[cell][0][0] for cell in moved.tolist()}
        assert len(parents) == 1


def test_cells_of_the_block_are_added_where_they_are_needed() -> None:
    made = table([5, 50, 50] + [50] * 18)
    columns = asked(made)
    more, found = proved_in_blocks(made, columns, columns.hidden, small_cells(columns))
    added = np.flatnonzero(more & ~columns.hidden)
    assert len(added) == 3
    assert {made.keys[cell][0][0] for cell in added.tolist()} == {"x"}
    verify_witnesses(LinearSystem.of(made), columns, more, found)


def test_a_demand_that_needs_cells_outside_is_left_out() -> None:
    made = table([0, 0, 1] + [0, 0, 0] * 2 + [50] * 12)
    columns = asked(made)
    more, found = proved_in_blocks(made, columns, columns.hidden, small_cells(columns))
    assert not found
    assert (more == columns.hidden).all()
