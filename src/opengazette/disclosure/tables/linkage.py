"""Tables that share cells, joined into one so that they are protected together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from opengazette.disclosure.tables.linear_system import CellTable, Dimension, Mask
from opengazette.errors import CannotProtect

Key = tuple[str, ...]
#: A cell of one of several tables: the table's name and the cell's key there.
Place = tuple[str, Key]
Pair = tuple[Place, Place]

#: What a cell of one table has instead of a code of another table's dimension.
ELSEWHERE = ""


def shared(tables: Mapping[str, CellTable]) -> tuple[Pair, ...]:
    """Find the cells of several tables from the same records that stand for the same count.

    Two cells are the same if they agree in every dimension, by name; a total says the same as
    a table without the dimension. What is not done: a cell that equals a sum of another table's
    cells is found only if that table publishes the sum as a subtotal of the same name.
    """
    first: dict[frozenset[tuple[str, str]], Place] = {}
    found = []
    for place, meaning in _meanings(tables):
        before = first.setdefault(meaning, place)
        if before[0] != place[0]:
            found.append((before, place))
    return tuple(found)


def linked(tables: Mapping[str, CellTable], same: Iterable[Pair]) -> CellTable:
    """Join several tables into one, in which the paired cells are equal in every measure.

    Shape: the cells of the tables one after another. Each table keeps its own dimensions, named
    `table: dimension`, and has no code in those of the others. A pair is withheld in both
    tables or in none.

    Raises:
        CannotProtect: the tables differ in measures, parts or in what a missing combination
            means; or a pair names a cell that is in none of them.
    """
    first = next(iter(tables.values()))
    if any(_kind(table) != _kind(first) for table in tables.values()):
        raise CannotProtect(
            "Linked tables differ in their measures, their parts or what a missing cell means.",
            "Give all of them the same measures in the same order.",
        )
    dimensions = tuple(_own(name, d) for name, table in tables.items() for d in table.dimensions)
    return CellTable(
        dimensions,
        _keys(tables, len(dimensions)),
        {m: np.concatenate([t.counts[m] for t in tables.values()]) for m in first.measures},
        first.parts,
        first.absent,
        _numbered(tables, same, len(first.measures)),
    )


def joined(
    tables: Mapping[str, CellTable], masks: Mapping[str, Mapping[str, Mask]]
) -> dict[str, Mask]:
    """Put the flags of each table's cells in the order of the joined table."""
    first = next(iter(tables.values()))
    return {
        m: np.concatenate(
            [
                masks[name].get(m, np.zeros(len(t.keys), dtype=np.bool_))
                for name, t in tables.items()
            ]
        )
        for m in first.measures
    }


def unlinked(
    tables: Mapping[str, CellTable], masks: Mapping[str, Mask]
) -> dict[str, dict[str, Mask]]:
    """Split the flags of the joined table's cells by table: the inverse of `joined`."""
    ends = np.cumsum([len(table.keys) for table in tables.values()])[:-1]
    split = {m: np.split(np.asarray(mask, dtype=np.bool_), ends) for m, mask in masks.items()}
    return {name: {m: split[m][i] for m in masks} for i, name in enumerate(tables)}


def _meanings(
    tables: Mapping[str, CellTable],
) -> Iterator[tuple[Place, frozenset[tuple[str, str]]]]:
    for name, table in tables.items():
        for key in table.keys:
            codes = zip(table.dimensions, key, strict=True)
            yield (name, key), frozenset((d.name, code) for d, code in codes if code != d.total)


def _kind(table: CellTable) -> tuple[object, ...]:
    return table.measures, dict(table.parts), table.absent


def _own(name: str, dimension: Dimension) -> Dimension:
    return Dimension(
        f"{name}: {dimension.name}",
        dimension.total,
        dimension.children,
        (*dimension.codes, ELSEWHERE),
    )


def _keys(tables: Mapping[str, CellTable], width: int) -> tuple[Key, ...]:
    keys: list[Key] = []
    before = 0
    for table in tables.values():
        after = width - before - len(table.dimensions)
        keys += [(ELSEWHERE,) * before + key + (ELSEWHERE,) * after for key in table.keys]
        before += len(table.dimensions)
    return tuple(keys)


def _numbered(
    tables: Mapping[str, CellTable], same: Iterable[Pair], n_measures: int
) -> tuple[tuple[int, int], ...]:
    """Number the pairs of each table's own and those between tables, in the joined table."""
    places = [(name, key) for name, table in tables.items() for key in table.keys]
    at = {place: i for i, place in enumerate(places)}
    pairs = list(same)
    lost = sum(place not in at for pair in pairs for place in pair)
    if lost:
        raise CannotProtect(
            f"{lost} of the cells said to be the same are in none of the linked tables.",
            "Name tables and cells as they are in the tables.",
        )
    across = [
        (m * len(places) + at[one], m * len(places) + at[other])
        for m in range(n_measures)
        for one, other in pairs
    ]
    return (*_inside(tables, len(places)), *across)


def _inside(tables: Mapping[str, CellTable], width: int) -> Iterator[tuple[int, int]]:
    start = 0
    for table in tables.values():
        n = len(table.keys)
        for one, other in table.same:
            yield one // n * width + start + one % n, other // n * width + start + other % n
        start += n
