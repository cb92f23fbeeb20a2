"""Change sets: the few rows that differ, changed, added and removed in one transaction."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from filecmp import cmp
from itertools import islice
from tempfile import TemporaryFile
from typing import Final

import numpy as np

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.rows import all_taken, numbered_rows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.documentation.canonical import canonical_cell
from opengazette.documentation.columns import dimensions_among
from opengazette.model.public_face import MOST_ROWS_CHANGED, is_small

Cells = tuple[str, ...]
Change = dict[str, object]
_PLACES: Final = 1 << 20
#: Rows by which tables that differ in most of them are told apart.
_LOOKED_AT: Final = 1 << 12
_SUM: Final = (1 << 64) - 1


def same_rows(earlier: Shipment, shipment: Shipment) -> bool:
    """Tell whether two shipments have the same rows, in whatever order they are written.

    Neither is read through where it shows early that they do not. Files that a later version of
    the software writes in another order and another spelling as well may count as others.
    """
    if list(earlier.columns) != list(shipment.columns):
        return False
    if cmp(earlier.table, shipment.table, shallow=False):
        return True
    if _beginning(earlier) != _beginning(shipment) and _lines_missing(earlier, shipment):
        return False
    return earlier.digest == shipment.digest


def differ_little(earlier: Shipment, shipment: Shipment) -> bool:
    """Tell whether few rows may differ between two shipments, without asking the portal.

    Differences may be more than are counted here, never fewer. Memory: the same for any number.
    """
    if earlier.columns != shipment.columns:
        return False
    if _lines_missing(earlier, shipment) > MOST_ROWS_CHANGED:
        return False
    places = array("i", bytes(array("i").itemsize * _PLACES))
    for file, step in ((earlier.table, -1), (shipment.table, 1)):
        rows = -1
        with file.open("rb") as lines:
            for line in lines:
                rows += 1
                places[hash(line) % _PLACES] += step
    counts = np.frombuffer(places, dtype=np.intc)
    come, gone = int(counts[counts > 0].sum()), -int(counts[counts < 0].sum())
    return is_small(max(come, gone), rows)


def _beginning(shipment: Shipment) -> list[Cells]:
    kinds = tuple(shipment.columns.values())
    with shipment.opened() as rows:
        return sorted(_canonical(row, kinds) for row in islice(rows, _LOOKED_AT))


def _lines_missing(earlier: Shipment, shipment: Shipment) -> int:
    """Return how many lines of a shipment, of those looked at, the earlier one has nowhere."""
    with shipment.table.open("rb") as lines:
        some = set(islice(lines, 1, 1 + _LOOKED_AT))
    with shipment.table.open("rb") as lines:
        average = sum(map(len, some)) // max(len(some), 1) + 1
        every = max(shipment.table.stat().st_size // average // _LOOKED_AT, 1)
        some.update(islice(lines, 1, None, every))
    with earlier.table.open("rb") as lines:
        return len(some) - len(some.intersection(lines))


def change_rows(client: Connection, uid: str, shipment: Shipment) -> bool | None:
    """Make of the rows that stand there those of a shipment; None where too many would change.

    The set is made of what the portal shows now, so that it is right after a run that died and
    after an edit by hand. A row is named by the portal's own id. Say whether the portal claims to
    have taken the set; what it claims is not believed: read back afterwards.

    Raises:
        PortalRejected: the portal does not take the set; all its rows are as they were.
    """
    changes = _changes(numbered_rows(client, uid, shipment.columns), shipment)
    if changes is None or not is_small(len(changes), shipment.rows):
        return None
    return not changes or all_taken(client.upsert(uid, changes))  # type: ignore[no-untyped-call]


def _changes(
    now: Iterable[tuple[str, Sequence[str | None]]], shipment: Shipment
) -> list[Change] | None:
    """Return the change set that makes of public rows a shipment's; None where it is not small.

    Memory: the same for any number of rows; the public ones lie in a temporary file meanwhile.
    """
    places = _Places(shipment.columns)
    with TemporaryFile("w+", encoding="utf-8", errors="surrogatepass", newline="") as kept:
        writer = csv.writer(kept)
        for number, row in now:
            writer.writerow((number, *row))
            places.add(row, -1)
        with shipment.opened() as rows:
            for row in rows:
                places.add(row, 1)
        if not is_small(places.differing(), shipment.rows):
            return None
        kept.seek(0)
        standing = ((row[0], row[1:]) for row in csv.reader(kept) if places.differs(row[1:]))
        with shipment.opened() as rows:
            return change_set(standing, filter(places.differs, rows), shipment.columns)


class _Places:
    """Where two tables differ: at each hash of dimensions the sum of the hashes of its rows.

    Two tables that differ at a place have the same sum there once in 2^60 times.
    """

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._kinds = tuple(columns.values())
        self._key = _key_of(columns)
        self._sums = array("Q", bytes(8 * _PLACES))

    def add(self, row: Sequence[str | None], times: int) -> None:
        """Add a row of one table, or with -1 one of the other."""
        cells = _canonical(row, self._kinds)
        place = self._place(cells)
        self._sums[place] = (self._sums[place] + times * hash(cells)) & _SUM

    def differing(self) -> int:
        """Return at how many places the tables differ."""
        return int(np.count_nonzero(np.frombuffer(self._sums, dtype=np.uint64)))

    def differs(self, row: Sequence[str | None]) -> bool:
        """Tell whether the tables differ at the place of a row."""
        return bool(self._sums[self._place(_canonical(row, self._kinds))])

    def _place(self, cells: Cells) -> int:
        return hash(tuple(cells[at] for at in self._key)) % _PLACES


def change_set(
    now: Iterable[tuple[str, Sequence[str | None]]],
    then: Iterable[Sequence[str | None]],
    columns: Mapping[str, str],
) -> list[Change]:
    """Return what turns rows into others: each with the id of the row it changes or removes.

    A row is changed where its dimensions stay, so that those who follow it by its id see the same
    place. `now` pairs a row's id with its cells. Without an id a row is added.
    """
    standing, wanted = _by_key(now, columns), _by_key(((None, row) for row in then), columns)
    changes: list[Change] = []
    for place in dict.fromkeys((*standing, *wanted)):
        changes += _at_place(standing.get(place, []), wanted.get(place, []), columns)
    return changes


def _at_place(
    standing: list[tuple[str | None, Cells]],
    wanted: list[tuple[str | None, Cells]],
    columns: Mapping[str, str],
) -> Iterator[Change]:
    to_come, to_go = [cells for _, cells in wanted], []
    for number, cells in standing:
        if cells in to_come:
            to_come.remove(cells)
        else:
            to_go.append(number)
    for number in to_go[len(to_come) :]:
        yield {":id": number, ":deleted": True}
    for at, cells in enumerate(to_come):
        named = {":id": to_go[at]} if at < len(to_go) else {}
        yield {**named, **dict(zip(columns, (cell or None for cell in cells), strict=True))}


def _by_key(
    rows: Iterable[tuple[str | None, Sequence[str | None]]], columns: Mapping[str, str]
) -> dict[Cells, list[tuple[str | None, Cells]]]:
    key, kinds = _key_of(columns), tuple(columns.values())
    found: dict[Cells, list[tuple[str | None, Cells]]] = {}
    for number, row in rows:
        cells = _canonical(row, kinds)
        found.setdefault(tuple(cells[at] for at in key), []).append((number, cells))
    return found


def _key_of(columns: Mapping[str, str]) -> tuple[int, ...]:
    return tuple(list(columns).index(name) for name in dimensions_among(columns))


def _canonical(row: Sequence[str | None], kinds: Sequence[str]) -> Cells:
    return tuple(canonical_cell(cell, kind) for cell, kind in zip(row, kinds, strict=True))
