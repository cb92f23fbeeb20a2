"""Other columns for a public table: in a working copy that nobody sees, then all at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Any

from opengazette.adapters.portals.answers import differs, no_data
from opengazette.adapters.portals.connection import Connection, checked_uid
from opengazette.adapters.portals.rows import ReadBack, read_back, replace_rows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.views import other_columns, put_papers, shown_columns
from opengazette.errors import PortalRejected, PortalUnavailable


def change_columns(client: Connection, uid: str, shipment: Shipment) -> bool:
    """Give a public table a shipment's columns, rows and papers in one step.

    They are put into a working copy, which only the publisher sees, and read back there; then the
    copy takes the place of the table, under its id. The columns that both have at the beginning
    stay what they are; those behind them are made anew. Where anything fails before, the copy is
    discarded and the public sees what it saw.

    Raises:
        PortalRejected: the portal refused, or the copy holds something else.
        PortalUnavailable: the portal did not answer to the end; sending again is safe.
    """
    copy = _copied(client, uid)
    try:
        _reshape(client, copy, shipment)
        taken = replace_rows(client, copy, shipment)
        put_papers(client, copy, shipment)
        _refuse_otherwise(client, copy, shipment, taken=taken)
        client.publish(copy)  # type: ignore[no-untyped-call]
    except BaseException:
        _discard(client, copy)
        raise
    return True


def _copied(client: Connection, uid: str) -> str:
    """Make a working copy without rows and return its own id."""
    place = f"/api/views/{checked_uid(uid)}/publication.json"
    answer = client.exchange("post", place, {"params": {"method": "copySchema"}}).json()
    made = answer.get("id") if isinstance(answer, dict) else None
    if made == uid:
        raise no_data()
    return client.made(made)


def _reshape(client: Connection, copy: str, shipment: Shipment) -> None:
    now = shown_columns(client.visible_view(copy) or {})
    pairs = zip(now.items(), shipment.columns.items(), strict=False)
    kept = len([*takewhile(lambda pair: pair[0] == pair[1], pairs)])
    place = f"/api/views/{copy}/columns"
    for name in list(now)[kept:]:
        client.exchange("delete", f"{place}/{name}", {})
    for column in shipment.metadata["columns"][kept:]:
        client.exchange("post", place, {"json": _said(column)})


def _said(column: Mapping[str, Any]) -> dict[str, Any]:
    return {name: column[name] for name in ("name", "fieldName", "dataTypeName", "description")}


def _refuse_otherwise(client: Connection, copy: str, shipment: Shipment, *, taken: bool) -> None:
    view = client.visible_view(copy) or {}
    whole = ReadBack(shipment.rows, shipment.digest)
    if (
        not taken
        or other_columns(view, shipment.columns)
        or read_back(client, copy, shipment.columns) != whole
    ):
        raise differs("It was a working copy; the public sees what it saw.")


def _discard(client: Connection, copy: str) -> None:
    """Take the copy back; one that stays is seen by nobody."""
    with suppress(PortalUnavailable, PortalRejected):
        client.discard(copy)
