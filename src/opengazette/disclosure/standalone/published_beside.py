"""What the public has already beside a table: linked tables, and earlier releases of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse.csgraph import connected_components

from opengazette.disclosure.audit.knowledge import Knowledge, PublishedTable, knowledge
from opengazette.disclosure.audit.linkage import Pair, published_twice, read_together
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.standalone.given_cells import MEASURE, PublishedCells, published_table
from opengazette.disclosure.tables.linear_system import Mask
from opengazette.errors import AuditFailed, DisclosureRisk
from opengazette.model.cell_structure import CellStructure

Floats = NDArray[np.float64]

#: What the table itself is called among those that are read together.
OWN = "this table"
# More branching than this finds no better guess of what was revised.
NODES = 2000


@dataclass(frozen=True)
class Beside:
    """A table that is published already, linked or an `is_earlier` release of the same table.

    Linked tables are made from the same records: cells that agree in every dimension, by name
    and code, are the same. An earlier release may have been revised since.
    """

    name: str
    structure: CellStructure
    cells: PublishedCells
    is_earlier: bool = False


@dataclass(frozen=True)
class Together:
    """A table and all that is published beside it, as one; its own `n_own` cells come first.

    `same` pairs the cells that stand for the same count.
    """

    table: PublishedTable
    n_own: int
    same: tuple[Pair, ...]

    @property
    def values(self) -> Floats:
        """Return the value of every cell; nan is withheld."""
        return np.asarray(self.table.values[MEASURE], dtype=np.float64)

    def seen(self) -> Mask:
        """Mark the cells beside that are shown, and every cell that is the same as one of them."""
        shown = ~np.isnan(self.values)
        shown[: self.n_own] = False
        label = self._label()
        return np.asarray(np.isin(label, label[shown]), dtype=np.bool_)

    def own_or_equal(self) -> Mask:
        """Mark the cells of the table itself, and every cell that is the same as one of them."""
        label = self._label()
        return np.asarray(np.isin(label, label[: self.n_own]), dtype=np.bool_)

    def seen_values(self) -> Floats:
        """Return for each cell of the table itself what is shown of it beside; nan is nothing."""
        label, known = self._label(), np.full(len(self.values), np.nan)
        beside = np.arange(self.n_own, len(self.values))
        shown = beside[~np.isnan(self.values[beside])]
        known[label[shown]] = self.values[shown]
        return np.asarray(known[label[: self.n_own]])

    def _label(self) -> NDArray[np.int64]:
        n = len(self.table.keys)
        ends = np.array(self.table.same, dtype=np.int64).reshape(-1, 2).T
        links = sparse.csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(n, n))
        return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def together(
    own: PublishedTable,
    beside: Sequence[Beside],
    rule: SmallCountRule,
    *,
    same: tuple[Pair, ...] | None = None,
) -> Together:
    """Join a table with what is published beside it.

    Shape: the cells of the table itself, then those of each table beside, in order. `rule` is what
    the public knows of blanks. Which cells
    are the same is worked out unless `same` says so. The public is taken to think that a count
    of an earlier release is unchanged unless what is shown proves otherwise, and that as little
    was changed as can be.

    Raises:
        DisclosureRisk: a linked table shows another value for the same count.
        AuditFailed: no counts at all would fit an earlier release.
    """
    others = {each.name: published_table(each.structure, each.cells) for each in beside}
    tables = {OWN: own} | others
    if same is None:
        linked = {n: t for n, t in tables.items() if n not in _earlier(beside)}
        same = published_twice(linked)
        _refuse_contradictions(tables, same)
        for name in _earlier(beside):
            same += _unchanged(own, name, tables[name], rule)
    return Together(read_together(tables, same), len(own.keys), same)


def completed(read: Together, rule: SmallCountRule) -> Floats:
    """Return whole counts that fit everything that is shown.

    What of them was withheld is one possibility among many: whatever interval it has is the
    same from each of them.

    Raises:
        AuditFailed: no counts fit.
    """
    known = knowledge(read.table, least=rule.least, threshold=rule.threshold)
    values = read.values.copy()
    if len(known.unknown):
        found = _solved(known, np.zeros(len(known.unknown)), known.matrix, _ends(known))
        if found is None:
            raise AuditFailed(
                "No counts at all would fit the table and what is published beside it.",
                "Check that each file belongs to these records and has the structure given.",
            )
        values[known.unknown] = np.rint(found)
    return values


def _earlier(beside: Sequence[Beside]) -> tuple[str, ...]:
    return tuple(each.name for each in beside if each.is_earlier)


def refuse_other_zeros(structure: CellStructure, beside: Sequence[Beside]) -> None:
    """Refuse tables that treat zeros in another way than the table they are read with.

    Raises:
        DisclosureRisk: names the table.
    """
    for each in beside:
        if each.structure.zero_policy != structure.zero_policy:
            raise DisclosureRisk(
                f"{each.name} says of zeros something else than the table that it is read with.",
                "Give both the same zero_policy.",
            )


def _refuse_contradictions(tables: dict[str, PublishedTable], same: tuple[Pair, ...]) -> None:
    at = {name: {key: i for i, key in enumerate(t.keys)} for name, t in tables.items()}
    values = {name: t.values[MEASURE] for name, t in tables.items()}
    wrong: dict[str, int] = {}
    for (one, key), (other, twin) in same:
        first, second = values[one][at[one][key]], values[other][at[other][twin]]
        if not np.isnan(first) and not np.isnan(second) and first != second:
            wrong[other] = wrong.get(other, 0) + 1
    if wrong:
        name, n = next(iter(wrong.items()))
        raise DisclosureRisk(
            f"{n} cells of {name} show another count than the same cells elsewhere.",
            "Linked tables come from the same records; pass an older version of this table "
            "with --known instead.",
        )


def _unchanged(
    own: PublishedTable, name: str, before: PublishedTable, rule: SmallCountRule
) -> tuple[Pair, ...]:
    """Pair the cells of an earlier release that the public takes to be as they were."""
    pairs = tuple(_not_revised(own, name, before))
    try:
        completed(Together(read_together({OWN: own, name: before}, pairs), 0, pairs), rule)
    except AuditFailed:
        return _least_changed(own, name, before, rule, pairs)
    return pairs


def _not_revised(own: PublishedTable, name: str, before: PublishedTable) -> Iterator[Pair]:
    now, then = own.values[MEASURE], before.values[MEASURE]
    place = {key: i for i, key in enumerate(own.keys)}
    for j, key in enumerate(before.keys):
        i = place.get(key)
        if i is not None and (np.isnan(now[i]) or np.isnan(then[j]) or now[i] == then[j]):
            yield (OWN, key), (name, key)


def _least_changed(
    own: PublishedTable,
    name: str,
    before: PublishedTable,
    rule: SmallCountRule,
    pairs: tuple[Pair, ...],
) -> tuple[Pair, ...]:
    """Leave out as few of the pairs as make both releases possible, by the sizes of changes."""
    both = read_together({OWN: own, name: before}, ())
    known = knowledge(both, least=rule.least, threshold=rule.threshold)
    values = np.asarray(both.values[MEASURE], dtype=np.float64)
    ends = _numbers(own, before, pairs)
    column = np.full(len(values), -1)
    column[known.unknown] = np.arange(len(known.unknown))
    change, constant = _differences(column, values, ends, len(known.unknown))
    found = _solved(*_with_changes(known, change, constant))
    if found is None:
        raise AuditFailed(
            f"No counts at all would fit {name}.",
            "Check that it is an earlier release of this table, with the same structure.",
        )
    by = change @ found[: len(known.unknown)] + constant
    return tuple(pair for pair, moved in zip(pairs, by, strict=True) if abs(moved) < 0.5)


def _numbers(
    own: PublishedTable, before: PublishedTable, pairs: tuple[Pair, ...]
) -> NDArray[np.int64]:
    now = {key: i for i, key in enumerate(own.keys)}
    then = {key: len(own.keys) + j for j, key in enumerate(before.keys)}
    return np.array([(now[one[1]], then[other[1]]) for one, other in pairs]).reshape(-1, 2)


def _differences(
    column: NDArray[np.int64], values: Floats, ends: NDArray[np.int64], width: int
) -> tuple[sparse.csr_array, Floats]:
    """Write now less then, for each pair, as a combination of unknown cells and a constant."""
    rows, columns, signs = [], [], []
    constant = np.zeros(len(ends))
    for side, sign in ((0, 1.0), (1, -1.0)):
        at = column[ends[:, side]]
        open_ = np.flatnonzero(at >= 0)
        rows.append(open_)
        columns.append(at[open_])
        signs.append(np.full(len(open_), sign))
        constant += sign * np.where(at >= 0, 0.0, values[ends[:, side]])
    terms = (np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_array(terms, shape=(len(ends), width)), constant


def _with_changes(
    known: Knowledge, change: sparse.csr_array, constant: Floats
) -> tuple[Knowledge, Floats, sparse.csr_array, tuple[Floats, Floats]]:
    """Add for each pair how much it changed, to be as little as possible all together."""
    n, size = (int(length) for length in change.shape)
    moved = sparse.vstack([known.matrix, change, -change], format="csr")
    by = sparse.csr_array(
        (np.full(2 * n, -1.0), (known.matrix.shape[0] + np.arange(2 * n), np.arange(2 * n) % n)),
        shape=(moved.shape[0], n),
    )
    matrix = sparse.hstack([moved, by], format="csr")
    low = np.concatenate([known.row_low, np.full(2 * n, -np.inf)])
    high = np.concatenate([known.row_high, -constant, constant])
    wider = replace(
        known,
        low=np.concatenate([known.low, np.zeros(n)]),
        high=np.concatenate([known.high, np.full(n, np.inf)]),
    )
    cost = np.concatenate([np.zeros(size), np.ones(n)])
    return wider, cost, sparse.csr_array(matrix), (low, high)


def _ends(known: Knowledge) -> tuple[Floats, Floats]:
    return known.row_low, known.row_high


def _solved(
    known: Knowledge, cost: Floats, matrix: sparse.csr_array, ends: tuple[Floats, Floats]
) -> Floats | None:
    """Return whole numbers that fit, at the least cost within the work limit."""
    answer: OptimizeResult = milp(
        cost,
        integrality=np.ones(len(cost), dtype=np.int64),
        bounds=Bounds(known.low, known.high),
        constraints=LinearConstraint(matrix, *ends) if matrix.shape[0] else None,
        options={"node_limit": NODES},
    )
    return None if answer.x is None else np.asarray(answer.x, dtype=np.float64)
