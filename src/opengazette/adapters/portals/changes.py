"""Change sets: the few rows that differ, changed, added and removed in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from opengazette.adapters.portals.apart import AT_ONCE, Apart
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.rows import all_taken, numbered_rows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.documentation.canonical import NotCanonical, RowForms, canonical_cell
from opengazette.documentation.columns import dimensions_among
from opengazette.model.public_face import is_small

Cells = tuple[str, ...]
Change = dict[str, object]
Row = Sequence[str | None]
Numbered = tuple[str, Row]


def change_rows(client: Connection, uid: str, shipment: Shipment) -> bool | None:
    """Make of the rows that stand there those of a shipment; None where too many would change.

    The set is made of what the portal shows now, so that it is right after a run that died and
    after an edit by hand. A row is named by the portal's own id. Say whether the portal claims to
    have taken the set; what it claims is not believed: read back afterwards.

    Raises:
        PortalRejected: the portal does not take the set; all its rows are as they were.
    """
    try:
        changes = _changes(numbered_rows(client, uid, shipment.columns), shipment)
    except NotCanonical:
        return None
    if changes is None:
        return None
    shipment.begin()
    return not changes or all_taken(client.upsert(uid, changes))  # type: ignore[no-untyped-call]


def _changes(now: Iterable[Numbered], shipment: Shipment) -> list[Change] | None:
    """Return the change set that makes of public rows a shipment's; None where it is not small.

    Both are read side by side, and what is the same in both is forgotten. Memory: that of a limited
    number of rows. Where more than these lie in another order, the set counts as not small.
    """
    forms, standing = RowForms(shipment.columns), iter(now)
    apart = Apart[Numbered, Row]()
    with shipment.opened() as rows:
        while True:
            theirs, ours = list(islice(standing, AT_ONCE)), list(islice(rows, AT_ONCE))
            if not theirs and not ours:
                break
            cells = [row for _, row in theirs]
            if cells != ours:
                apart.add(zip(forms.of(cells), theirs, strict=True))
                apart.take(zip(forms.of(ours), ours, strict=True))
            if apart.too_many:
                return None
    if not is_small(apart.least_changes, shipment.rows):
        return None
    changes = change_set(apart.standing(), apart.wanted(), shipment.columns)
    return changes if is_small(len(changes), shipment.rows) else None


def change_set(
    now: Iterable[Numbered],
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
