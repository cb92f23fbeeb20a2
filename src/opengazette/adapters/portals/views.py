"""What a dataset says of itself on the portal: its document, columns and attached papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.shipment import Shipment
from opengazette.errors import PortalRejected


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


def other_columns(view: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    """Return the columns that the portal lacks, holds as another type, or has beyond these."""
    types = {name: column.get("dataTypeName") for name, column in _columns(view).items()}
    return sorted(name for name in {*types, *columns} if types.get(name) != columns.get(name))


def refuse_other_columns(view: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    """Compare the portal's columns and types with the release's, before anything is sent.

    Raises:
        PortalRejected: a column is missing, of another type, or nobody's.
    """
    differing = other_columns(view, columns)
    if differing:
        raise PortalRejected(
            f"The columns on the portal are not those of the release: {', '.join(differing)}.",
            "Change the columns in a working copy on the portal. Or give up its address: "
            "opengazette withdraw ID --delete, then opengazette resume ID.",
        )


def put_papers(client: Connection, uid: str, shipment: Shipment) -> None:
    """Bring document, columns and attachments up to date; what others set is kept."""
    view = client.get_metadata(uid)  # type: ignore[no-untyped-call]
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
    listed = view.get("columns")
    columns = listed if isinstance(listed, list) else []
    return {
        str(c.get("fieldName")): c for c in columns if not str(c.get("fieldName")).startswith(":")
    }
