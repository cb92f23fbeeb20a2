"""Attackers who are in the table themselves, and so know some of the withheld cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from opengazette.disclosure.audit.attack import Verdict
from opengazette.disclosure.audit.knowledge import Knowledge, PublishedTable, totals
from opengazette.disclosure.audit.part import parts_of
from opengazette.errors import AuditFailed

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Insider:
    """Somebody who knows some withheld cells: private.

    `cells` are numbered measure by measure in the order of the keys; `values` are their true
    values, in the same order. What an insider knows is not held against a pattern, what follows
    from it about other cells is.
    """

    cells: tuple[int, ...]
    values: tuple[float, ...]


def singletons(published: PublishedTable, true: Mapping[str, np.ndarray]) -> tuple[Insider, ...]:
    """Find everybody who is alone in a withheld cell, and so knows that it holds 1.

    Shape: `true` has one count per key and measure. A person who is alone in a cell is also alone
    in the totals, parts and equal cells that hold 1 with it: they make one insider.
    """
    counts = np.concatenate([np.asarray(true[m], dtype=np.float64) for m in published.values])
    shown = np.concatenate([np.asarray(v, dtype=np.float64) for v in published.values.values()])
    alone = np.isnan(shown) & (counts == 1)
    links = [(a, b) for a, b in _related(published) if alone[a] and alone[b]]
    first, second = np.array(links, dtype=np.int64).reshape(-1, 2).T
    shape = (len(counts), len(counts))
    graph = sparse.csr_array((np.ones(len(links)), (first, second)), shape=shape)
    _, label = connected_components(graph, directed=False)
    cells = np.flatnonzero(alone)
    return tuple(
        Insider(tuple(own.tolist()), (1.0,) * len(own))
        for own in (cells[label[cells] == person] for person in np.unique(label[cells]))
    )


def told(
    known: Knowledge,
    wanted: Index,
    insiders: Iterable[Insider],
    bound: Callable[[Knowledge, Index], Iterator[Verdict]],
) -> Iterator[Verdict]:
    """Bound the wanted cells (columns of `known`) anew for each insider that can reach them.

    `bound` is given what the insider knows and the places among `wanted` to look at: those
    connected with the insider's cells, and not these themselves.

    Raises:
        AuditFailed: an insider knows what contradicts the published values.
    """
    label = parts_of(known)
    for insider in insiders:
        own, values = _withheld(known, insider)
        near = np.isin(label[wanted], label[own]) & ~np.isin(wanted, own)
        if near.any():
            low, high = known.low.copy(), known.high.copy()
            if (values < low[own]).any() or (values > high[own]).any():
                raise AuditFailed(
                    "An insider is said to know what contradicts the published values.",
                    "Take what insiders know from the true table.",
                )
            low[own] = high[own] = values
            yield from bound(replace(known, low=low, high=high), np.flatnonzero(near))


def _withheld(known: Knowledge, insider: Insider) -> tuple[Index, Floats]:
    cells, values = np.array(insider.cells), np.array(insider.values, dtype=np.float64)
    here = np.isin(cells, known.unknown)
    return np.searchsorted(known.unknown, cells[here]), values[here]


def _related(published: PublishedTable) -> Iterator[tuple[int, int]]:
    """List pairs of cells of which one holds nobody whom the other does not."""
    n, measures = len(published.keys), list(published.values)
    for parent, children, _ in totals(published):
        for m in range(len(measures)):
            yield from ((m * n + parent, m * n + child) for child in children)
    for part, whole in published.parts.items():
        yield from _side_by_side(measures, range(n), part, whole, n)
    for found in published.sums:
        for part in found.parts:
            yield from _side_by_side(measures, found.rows, part, found.whole, n)
    yield from published.same


def _side_by_side(
    measures: Sequence[str], rows: Sequence[int], part: str, whole: str, n: int
) -> Iterator[tuple[int, int]]:
    first, second = measures.index(part) * n, measures.index(whole) * n
    yield from ((first + i, second + i) for i in rows)
