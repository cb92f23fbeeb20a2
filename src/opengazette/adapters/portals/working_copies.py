"""Other columns for a public table: in a working copy that nobody sees, then all at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Any, Final

from opengazette.adapters.portals.answers import differs, no_data
from opengazette.adapters.portals.connection import Connection, checked_uid
from opengazette.adapters.portals.rows import replace_rows, shows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.views import other_columns, put_papers, shown_columns
from opengazette.errors import PortalRejected, PortalUnavailable

#: The name of a working copy of ours until its papers are sent.
OURS: Final = "OpenGazette: columns that are being changed"


def change_columns(client: Connection, uid: str, shipment: Shipment) -> bool:
    """Give a public table a shipment's columns, rows and papers in one step.

    They are put into a working copy, which only the publisher sees, and read back there; then the
    copy takes the place of the table, under its id. The columns that both have at the beginning
    stay what they are; those behind them are made anew. Where anything fails before, the copy is
    discarded and the public sees what it saw; what a run that died has left is discarded first.

    Raises:
        PortalRejected: the portal refused, or the copy holds something else.
        PortalUnavailable: the portal did not answer to the end; sending again is safe.
    """
    _discard_left(client, uid)
    copy = _copied(client, uid)
    try:
        client.update_metadata(copy, {"name": OURS})  # type: ignore[no-untyped-call]
        _reshape(client, copy, shipment)
        taken = replace_rows(client, copy, shipment)
        _refuse_otherwise(client, copy, shipment, taken=taken)
        put_papers(client, copy, shipment, client.visible_view(copy) or {})
        client.publish(copy)  # type: ignore[no-untyped-call]
    except BaseException:
        _discard(client, copy)
        raise
    return True


def _discard_left(client: Connection, uid: str) -> None:
    """Discard our own working copies of a table; one that somebody else has begun is left alone.

    A portal that lists no drafts keeps them: they are seen by nobody.
    """
    with suppress(PortalRejected):
        listed = client.exchange("get", "/api/views.json", {}).json()
        for view in listed if isinstance(listed, list) else ():
            if isinstance(view, dict) and (view.get("publishedViewUid"), view.get("name")) == (
                uid,
                OURS,
            ):
                client.take_up(view)
                client.discard(str(view.get("id")))


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
    if not taken or other_columns(view, shipment.columns) or not shows(client, copy, shipment):
        raise differs("It was a working copy; the public sees what it saw.")


def _discard(client: Connection, copy: str) -> None:
    """Take the copy back; one that stays is seen by nobody."""
    with suppress(PortalUnavailable, PortalRejected):
        client.discard(copy)
