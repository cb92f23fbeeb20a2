"""The equations of a table against a reading of its tree, cell by cell."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from opengazette.disclosure.tables.linear_system import (
    CellTable,
    Dimension,
    LinearSystem,
    equations,
    floors,
)

PLACE = Dimension(
    "place",
    "CA",
    {"CA": ("north", "south", "sea"), "north": ("n1", "n2"), "lakes": ("n2", "south")},
    ("n2", "CA", "north", "south", "lakes", "n1"),
)
SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("f", "m", "T"))
YEAR = Dimension("year", None, {}, ("2023", "2024"))


@st.composite
def tables(draw: st.DrawFn) -> CellTable:
    """Draw a table without some of its combinations, its cells in any order."""
    dimensions = tuple(draw(st.permutations([PLACE, SEX, YEAR]))[: draw(st.integers(1, 3))])
    every = list(product(*(dimension.codes for dimension in dimensions)))
    kept = draw(st.lists(st.sampled_from(every), unique=True))
    counts = draw(st.lists(st.integers(0, 3), min_size=len(kept), max_size=len(kept)))
    return CellTable(dimensions, tuple(kept), {"n": np.array(counts, dtype=np.int64)})


def read(table: CellTable) -> list[tuple[int, tuple[int, ...], bool]]:
    """List the equations one by one, from the codes themselves."""
    at = {key: i for i, key in enumerate(table.keys)}
    found = []
    for key, parent in at.items():
        for d, dimension in enumerate(table.dimensions):
            below = [(*key[:d], c, *key[d + 1 :]) for c in dimension.children.get(key[d], ())]
            there = tuple(at[child] for child in below if child in at)
            if below:
                found.append((parent, there, len(there) == len(below)))
    return found


@given(tables())
def test_every_total_has_its_equation_once_and_after_its_children(table: CellTable) -> None:
    listed = [(parent, tuple(children), whole) for parent, children, whole in equations(table)]
    assert sorted(listed) == sorted(read(table))
    last = {parent: i for i, (parent, _, _) in enumerate(listed)}
    assert all(last.get(c, -1) < i for i, (_, children, _) in enumerate(listed) for c in children)


@given(tables())
def test_the_equations_left_out_follow_from_those_kept(table: CellTable) -> None:
    kept = LinearSystem.of(table).matrix.toarray()
    every = np.zeros((0, len(table.keys)))
    for parent, children, _ in read(table):
        row = np.zeros((1, len(table.keys)))
        row[0, parent] = 1
        row[0, list(children)] -= 1
        every = np.vstack([every, row])
    rank = np.linalg.matrix_rank(every) if len(every) else 0
    both = np.linalg.matrix_rank(np.vstack([every, kept])) if len(every) else 0
    assert (np.linalg.matrix_rank(kept) if len(kept) else 0) == rank == both


@given(tables())
def test_floors_are_the_least_that_no_equation_raises(table: CellTable) -> None:
    floor = floors(table, least=2)["n"]
    least = np.where(table.counts["n"] > 0, 2, 0)
    sums = [least, *(np.zeros_like(least) for _ in read(table))]
    for total, (parent, children, _) in zip(sums[1:], read(table), strict=True):
        total[parent] = floor[list(children)].sum()
    assert floor.tolist() == np.max(sums, axis=0).tolist()
