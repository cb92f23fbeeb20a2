"""What a dataset says of itself on the portal: its document, columns and attached papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opengazette.adapters.portals.answers import listed
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.shipment import Shipment
from opengazette.errors import PortalRejected
from opengazette.model.column_change import ColumnChange


def create_draft(client: Connection, shipment: Shipment) -> str:
    """Create a private draft with every column's type said, and return its id."""
    view = client.create_draft(
        {
            **shipment.document(),
            "columns": shipment.metadata["columns"],
            "metadata": shipment.inner(),
        }
    )
    refuse_other_columns(view, shipment.columns)
    return str(view["id"])


def is_draft(view: Mapping[str, Any]) -> bool:
    """Tell whether a dataset has never been published."""
    return view.get("publicationStage") == "unpublished"


def is_open(view: Mapping[str, Any]) -> bool:
    """Tell whether a dataset says of itself that everybody may read it."""
    grants = view.get("grants")
    return any(
        isinstance(grant, dict) and "public" in (grant.get("flags") or ())
        for grant in (grants if isinstance(grants, list) else ())
    )


def has_columns(view: Mapping[str, Any]) -> bool:
    """Tell whether a dataset has any column yet."""
    return bool(_columns(view))


def shown_columns(view: Mapping[str, Any]) -> dict[str, str]:
    """Return the type of each column that a portal shows, in its order."""
    return {name: str(column.get("dataTypeName")) for name, column in _columns(view).items()}


def other_columns(view: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    """Return the columns that the portal lacks, holds as another type or elsewhere, or beside."""
    types = shown_columns(view)
    named = {name for name in {*types, *columns} if types.get(name) != columns.get(name)}
    moved = zip([c for c in types if c in columns], [c for c in columns if c in types], strict=True)
    return sorted(named | {here for here, there in moved if here != there})


def refuse_other_columns(
    view: Mapping[str, Any],
    columns: Mapping[str, str],
    change: ColumnChange | None = None,
) -> None:
    """Compare the portal's columns and types with the release's, before anything is sent.

    Raises:
        PortalRejected: a column is missing, of another type, elsewhere or nobody's, and no person
            has approved that exactly these columns become those.
    """
    differing = other_columns(view, columns)
    if not differing or (change is not None and change.covers(shown_columns(view), columns)):
        return
    named = [name for name in differing if name in columns]
    others = len(differing) - len(named)
    told = ", ".join([*named, *([f"{others} that it has not"] if others else [])])
    raise PortalRejected(
        f"The columns on the portal are not those of the release: {told}.",
        "If that is meant, a person must approve it: opengazette approve-columns ID. 'opengazette "
        "plan ID' lists what changes.",
    )


def put_papers(client: Connection, uid: str, shipment: Shipment, view: Mapping[str, Any]) -> None:
    """Bring document, columns and attachments up to date; what others set is kept.

    `view` is what the portal says of the dataset now.
    """
    for column in shipment.metadata["columns"]:
        wanted = {key: column[key] for key in ("name", "description")}
        shown = _columns(view).get(column["fieldName"], {})
        if {key: shown.get(key) for key in wanted} != wanted:
            client.describe_column(uid, column["fieldName"], wanted)
    attachments = [
        {
            "filename": paper.name,
            "name": paper.name,
            "assetId": client.attach(uid, paper.name, paper.media_type, paper.content),
        }
        for paper in shipment.attachments
    ]
    client.update_metadata(  # type: ignore[no-untyped-call]
        uid,
        {
            **shipment.document(),
            "metadata": {**kept_metadata(view), **shipment.inner(), "attachments": attachments},
        },
    )


def kept_metadata(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that others may have set, without the list of attachments."""
    inner = view.get("metadata")
    kept = inner if isinstance(inner, dict) else {}
    return {name: value for name, value in kept.items() if name != "attachments"}


def _columns(view: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the columns by name, in their order, without those of the portal itself."""
    columns = [c for c in listed(view, "columns") if not str(c.get("fieldName")).startswith(":")]
    if all(isinstance(column.get("position"), int) for column in columns):
        columns.sort(key=lambda column: int(column["position"]))
    return {str(column.get("fieldName")): column for column in columns}
