"""Change sets: the few rows that differ, changed, added and removed in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.rows import all_taken, numbered_rows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.documentation.canonical import canonical_cell, read_table_csv
from opengazette.documentation.columns import dimensions_among
from opengazette.model.public_face import is_small

Cells = tuple[str, ...]
Change = dict[str, object]


def differ_little(earlier: Shipment, shipment: Shipment) -> bool:
    """Tell whether few rows differ between two shipments, without asking the portal."""
    if earlier.columns != shipment.columns:
        return False
    gone, come = set(earlier.content.splitlines()), set(shipment.content.splitlines())
    return is_small(max(len(gone - come), len(come - gone)), shipment.rows)


def change_rows(client: Connection, uid: str, shipment: Shipment) -> bool | None:
    """Make of the rows that stand there those of a shipment; None where too many would change.

    The set is made of what the portal shows now, so that it is right after a run that died and
    after an edit by hand. A row is named by the portal's own id. Say whether the portal claims to
    have taken the set; what it claims is not believed: read back afterwards.

    Raises:
        PortalRejected: the portal does not take the set; all its rows are as they were.
    """
    changes = change_set(
        numbered_rows(client, uid, shipment.columns),
        read_table_csv(shipment.content)[1],
        shipment.columns,
    )
    if not is_small(len(changes), shipment.rows):
        return None
    return not changes or all_taken(client.upsert(uid, changes))  # type: ignore[no-untyped-call]


def change_set(
    now: Iterable[tuple[str, Sequence[str | None]]],
    then: Iterable[Sequence[str | None]],
    columns: Mapping[str, str],
) -> list[Change]:
    """Return what turns rows into others: each with the id of the row it changes or removes.

    A row is changed where its dimensions stay, so that those who follow it by its id see the same
    place. `now` pairs a row's id with its cells. Without an id a row is added.
    """
    key = [list(columns).index(name) for name in dimensions_among(columns)]
    standing, wanted = _by_key(now, columns, key), _by_key(((None, r) for r in then), columns, key)
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
    rows: Iterable[tuple[str | None, Sequence[str | None]]],
    columns: Mapping[str, str],
    key: Sequence[int],
) -> dict[Cells, list[tuple[str | None, Cells]]]:
    found: dict[Cells, list[tuple[str | None, Cells]]] = {}
    for number, row in rows:
        pairs = zip(row, columns.values(), strict=True)
        cells = tuple(canonical_cell(cell, kind) for cell, kind in pairs)
        found.setdefault(tuple(cells[at] for at in key), []).append((number, cells))
    return found
