"""What the public knows of the withheld cells, rebuilt from the published table alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.tables.linear_system import Dimension
from opengazette.errors import AuditFailed

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

# Ties may be rounded either way.
ROUNDING = 1e-6

#: Annotation codes that tell why a cell is withheld.
SMALL, COMPLEMENTARY = 1, 2


@dataclass(frozen=True)
class PublishedRate:
    """A published rate: `per * numerator / denominator`, rounded to `decimals`; nan if withheld."""

    numerator: str
    denominator: str
    per: float
    decimals: int
    values: Floats


@dataclass(frozen=True)
class PublishedSum:
    """Measures that add up to another in some rows of cells, as tests by result do.

    Where it is not `exact`, they add up to no more than the other. `rows` are places of keys.
    """

    whole: str
    parts: tuple[str, ...]
    rows: Sequence[int]
    exact: bool = True


@dataclass(frozen=True)
class PublishedTable:
    """A publication table as the public sees it.

    Shape: one value per key and measure; nan is a withheld cell. `reasons` holds, per measure,
    the published annotation code of each cell (1 small, 2 complementary), if the codes differ.
    `absent` says what the documentation says of missing combinations. `same` pairs cells that
    are known to be equal, numbered measure by measure in the order of the keys.
    """

    dimensions: tuple[Dimension, ...]
    keys: tuple[tuple[str, ...], ...]
    values: Mapping[str, Floats]
    parts: Mapping[str, str] = field(default_factory=dict)
    rates: tuple[PublishedRate, ...] = ()
    reasons: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    absent: Literal["zero", "unknown"] = "zero"
    same: tuple[tuple[int, int], ...] = ()
    sums: tuple[PublishedSum, ...] = ()


@dataclass(frozen=True)
class Fact:
    """One public fact: `low <= sum(factor * cell) <= high` over cells of all measures."""

    cells: tuple[int, ...]
    factors: tuple[float, ...]
    low: float
    high: float


@dataclass(frozen=True)
class Knowledge:
    """All facts about the withheld cells: `row_low <= matrix @ x <= row_high`, `low <= x <= high`.

    `unknown` numbers the withheld cells: measure by measure, in the order of the keys. `guess`
    is what is said to fit; it is checked like any solution before it is used.
    """

    unknown: Index
    matrix: sparse.csr_array
    row_low: Floats
    row_high: Floats
    low: Floats
    high: Floats
    guess: Guess | None = None


def knowledge(published: PublishedTable, *, least: int, threshold: int) -> Knowledge:
    """Collect every fact that a reader of the table can hold against its withheld cells.

    Raises:
        AuditFailed: the published values contradict each other.
    """
    values = np.concatenate([np.asarray(v, dtype=np.float64) for v in published.values.values()])
    unknown = np.flatnonzero(np.isnan(values))
    column = {int(cell): i for i, cell in enumerate(unknown)}
    known: dict[tuple[tuple[int, ...], tuple[float, ...]], tuple[float, float]] = {}
    contradictions = 0
    for fact in facts(published):
        pairs = [(c, f) for c, f in zip(fact.cells, fact.factors, strict=True)]
        shift = sum(f * values[c] for c, f in pairs if c not in column)
        rest = [(column[c], f) for c, f in pairs if c in column]
        low, high = fact.low - shift, fact.high - shift
        if not rest:
            contradictions += not low - 1e-6 <= 0 <= high + 1e-6
            continue
        cells, factors = zip(*sorted(rest), strict=True)
        before = known.get((cells, factors), (-np.inf, np.inf))
        known[cells, factors] = max(low, before[0]), min(high, before[1])
    if contradictions:
        raise AuditFailed(
            f"The published values contradict each other in {contradictions} totals, parts or "
            "rates.",
            "Build totals, parts and rates from the same rows.",
        )
    low_x, high_x = limits(published, unknown, least, threshold)
    ends = np.array(list(known.values()), dtype=np.float64).reshape(-1, 2)
    return Knowledge(unknown, _matrix(known, len(unknown)), ends[:, 0], ends[:, 1], low_x, high_x)


def facts(published: PublishedTable) -> Iterator[Fact]:
    """List every fact, about published cells as well."""
    yield from total_facts(published)
    yield from part_facts(published)
    yield from same_facts(published)
    yield from sum_facts(published)
    for rate in published.rates:
        yield from rate_facts(published, rate)


def total_facts(published: PublishedTable) -> Iterator[Fact]:
    """A total is the sum of its children; with a child missing it may be more."""
    n = len(published.keys)
    for m in range(len(published.values)):
        for parent, children, complete in totals(published):
            cells = tuple(m * n + i for i in (parent, *children))
            high = 0.0 if complete or published.absent == "zero" else np.inf
            yield Fact(cells, (1.0, *[-1.0] * len(children)), 0.0, high)


def part_facts(published: PublishedTable) -> Iterator[Fact]:
    """A part is at most its whole."""
    n, measures = len(published.keys), list(published.values)
    for part, whole in published.parts.items():
        for i in range(n):
            cells = (measures.index(whole) * n + i, measures.index(part) * n + i)
            yield Fact(cells, (1.0, -1.0), 0.0, np.inf)


def same_facts(published: PublishedTable) -> Iterator[Fact]:
    """Cells that stand for the same count are equal, wherever they are published."""
    for one, other in published.same:
        yield Fact((one, other), (1.0, -1.0), 0.0, 0.0)


def sum_facts(published: PublishedTable) -> Iterator[Fact]:
    """Measures that add up to another do so in each of their rows."""
    n, measures = len(published.keys), list(published.values)
    for found in published.sums:
        starts = [measures.index(m) * n for m in (found.whole, *found.parts)]
        factors, high = (1.0, *[-1.0] * len(found.parts)), 0.0 if found.exact else np.inf
        for i in found.rows:
            yield Fact(tuple(start + i for start in starts), factors, 0.0, high)


def totals(published: PublishedTable) -> Iterator[tuple[int, list[int], bool]]:
    """List each published total: its place, its children's places, whether all are there."""
    for axis in range(len(published.dimensions)):
        yield from totals_along(published, axis)


def totals_along(published: PublishedTable, axis: int) -> Iterator[tuple[int, list[int], bool]]:
    """List the published totals over one dimension."""
    place = {key: i for i, key in enumerate(published.keys)}
    children = published.dimensions[axis].children
    for key, i in place.items():
        codes = children.get(key[axis], ())
        if codes:
            below = [(*key[:axis], code, *key[axis + 1 :]) for code in codes]
            found = [place[child] for child in below if child in place]
            yield i, found, len(found) == len(codes)


def rate_facts(published: PublishedTable, rate: PublishedRate) -> Iterator[Fact]:
    """A rounded rate says: per * numerator lies within half a last digit of rate * denominator."""
    n, measures = len(published.keys), list(published.values)
    half = 0.5 * 10.0**-rate.decimals
    top, bottom = measures.index(rate.numerator) * n, measures.index(rate.denominator) * n
    for i in np.flatnonzero(~np.isnan(rate.values)):
        shown = float(rate.values[i])
        cells = (top + int(i), bottom + int(i))
        yield Fact(cells, (1.0, -(shown + half) / rate.per), -np.inf, ROUNDING)
        yield Fact(cells, (1.0, -(shown - half) / rate.per), -ROUNDING, np.inf)


def limits(
    published: PublishedTable, unknown: Index, least: int, threshold: int
) -> tuple[Floats, Floats]:
    """Bound each withheld cell by what the rule and its annotation code say."""
    n = len(published.keys)
    codes = np.concatenate(
        [published.reasons.get(m, np.zeros(n, dtype=np.int64)) for m in published.values]
    )[unknown]
    low = np.where(codes == COMPLEMENTARY, float(threshold), float(least))
    return low, np.where(codes == SMALL, threshold - 1.0, np.inf)


def _matrix(
    known: Mapping[tuple[tuple[int, ...], tuple[float, ...]], object], width: int
) -> sparse.csr_array:
    rows = np.repeat(np.arange(len(known)), [len(cells) for cells, _ in known])
    columns = np.array([c for cells, _ in known for c in cells], dtype=np.int64)
    factors = np.array([f for _, factors in known for f in factors], dtype=np.float64)
    return sparse.csr_array((factors, (rows, columns)), shape=(len(known), width))
