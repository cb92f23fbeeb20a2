"""Published tables that share cells, joined into one so that they are attacked together.

The shared cells are found here anew, from the published side alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.audit.knowledge import PublishedRate, PublishedTable
from opengazette.disclosure.tables.linear_system import Dimension
from opengazette.errors import AuditFailed

Floats = NDArray[np.float64]
Place = tuple[str, tuple[str, ...]]
Pair = tuple[Place, Place]

ABSENT = ""


def published_twice(tables: Mapping[str, PublishedTable]) -> tuple[Pair, ...]:
    """Pair the cells of several tables that a reader takes for the same count.

    They agree in every dimension that is not at its total; a dimension that a table lacks
    counts as its total.
    """
    read: dict[tuple[tuple[str, str], ...], list[Place]] = defaultdict(list)
    for name, table in tables.items():
        for key in table.keys:
            told = [
                (dimension.name, code)
                for dimension, code in zip(table.dimensions, key, strict=True)
                if code != dimension.total
            ]
            read[tuple(sorted(told))].append((name, key))
    return tuple(pair for places in read.values() for pair in pairwise(places))


def read_together(
    tables: Mapping[str, PublishedTable], same: Iterable[Pair] | None = None
) -> PublishedTable:
    """Join published tables into what a reader of all of them knows.

    Shape: the cells of the tables one after another; a key holds the codes of its own table's
    dimensions, the rest is empty. Without `same`, the tables are taken to be made from the same
    records (`published_twice`). Where one table tells its reasons, the others tell none.

    Raises:
        AuditFailed: the tables differ in measures, parts or in what a missing cell means.
    """
    first = next(iter(tables.values()))
    if any(_kind(table) != _kind(first) for table in tables.values()):
        raise AuditFailed(
            "Tables that are read together differ in their measures, their parts or what a "
            "missing cell means.",
            "Give all of them the same measures in the same order.",
        )
    pairs = published_twice(tables) if same is None else same
    return PublishedTable(
        dimensions=tuple(
            Dimension(f"{name}: {d.name}", d.total, d.children, (*d.codes, ABSENT))
            for name, table in tables.items()
            for d in table.dimensions
        ),
        keys=tuple(_keys(tables)),
        values={m: np.concatenate([t.values[m] for t in tables.values()]) for m in first.values},
        parts=first.parts,
        rates=tuple(_rates(tables)),
        reasons=_reasons(tables),
        absent=first.absent,
        same=tuple(_numbered(tables, pairs)),
    )


def _kind(table: PublishedTable) -> tuple[object, ...]:
    return tuple(table.values), dict(table.parts), table.absent


def _keys(tables: Mapping[str, PublishedTable]) -> Iterator[tuple[str, ...]]:
    for name, table in tables.items():
        for key in table.keys:
            codes: list[str] = []
            for other in tables:
                mine = other == name
                codes += key if mine else [ABSENT] * len(tables[other].dimensions)
            yield tuple(codes)


def _starts(tables: Mapping[str, PublishedTable]) -> dict[str, int]:
    sizes = [len(table.keys) for table in tables.values()]
    return dict(zip(tables, np.cumsum([0, *sizes]).tolist(), strict=False))


def _numbered(
    tables: Mapping[str, PublishedTable], pairs: Iterable[Pair]
) -> Iterator[tuple[int, int]]:
    starts, width = _starts(tables), sum(len(table.keys) for table in tables.values())
    measures = len(next(iter(tables.values())).values)
    place = {
        (name, key): starts[name] + i
        for name, table in tables.items()
        for i, key in enumerate(table.keys)
    }
    for one, other in pairs:
        for m in range(measures):
            yield m * width + place[one], m * width + place[other]
    for name, table in tables.items():
        n = len(table.keys)
        for ends in table.same:
            first, second = (end // n * width + starts[name] + end % n for end in ends)
            yield first, second


def _rates(tables: Mapping[str, PublishedTable]) -> Iterator[PublishedRate]:
    starts, width = _starts(tables), sum(len(table.keys) for table in tables.values())
    for name, table in tables.items():
        for rate in table.rates:
            values: Floats = np.full(width, np.nan)
            values[starts[name] : starts[name] + len(table.keys)] = rate.values
            yield PublishedRate(rate.numerator, rate.denominator, rate.per, rate.decimals, values)


def _reasons(tables: Mapping[str, PublishedTable]) -> dict[str, NDArray[np.int64]]:
    if not any(table.reasons for table in tables.values()):
        return {}
    return {
        m: np.concatenate(
            [
                table.reasons.get(m, np.zeros(len(table.keys), dtype=np.int64))
                for table in tables.values()
            ]
        )
        for m in next(iter(tables.values())).values
    }
