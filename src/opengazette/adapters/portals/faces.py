"""What a portal shows of a dataset, read with the eyes of whoever is connected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opengazette.adapters.portals.answers import listed
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.rows import shown_rows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.views import shown_columns
from opengazette.documentation.public_face import (
    TEXTS,
    differing,
    known,
    papers_digest,
    said_fields,
)
from opengazette.documentation.row_marks import row_marks
from opengazette.model.public_face import PublicFace

#: In the place of a file's digest where the portal lists it and does not give it.
NOT_GIVEN = "listed, and not given"


def face_seen(
    client: Connection,
    uid: str,
    view: Mapping[str, Any],
    columns: Mapping[str, str],
    key: Sequence[str],
) -> PublicFace:
    """Read everything that is shown; `columns` and `key` say how the rows are read.

    Without columns the rows are not read.
    """
    return PublicFace(
        columns=shown_columns(view),
        rows=row_marks(columns, key, shown_rows(client, uid, columns)) if columns else b"",
        fields=fields_seen(view),
        attachments=attachments_seen(client, uid, view),
    )


@dataclass(frozen=True)
class PapersSeen:
    """A digest of each thing that is said of a dataset, and the SHA-256 of each attachment."""

    fields: Mapping[str, str]
    attachments: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Return one digest of all of it."""
        return papers_digest(self.fields, self.attachments)


def papers_seen(client: Connection, uid: str, view: Mapping[str, Any]) -> PapersSeen:
    """Read the metadata and the attachments that are shown."""
    return PapersSeen(fields_seen(view), attachments_seen(client, uid, view))


def shown_otherwise(seen: PapersSeen, shipment: Shipment) -> tuple[str, ...]:
    """Return the names of what the portal shows otherwise than it was sent."""
    sent = {a.name: hashlib.sha256(a.content).hexdigest() for a in shipment.attachments}
    said = said_fields(shipment.metadata)
    fields = known(differing(said, seen.fields), {*said, *TEXTS, "rowLabel"})
    return (*fields, *known(differing(sent, seen.attachments), sent.keys()))


def fields_seen(view: Mapping[str, Any]) -> dict[str, str]:
    """Return a digest of each thing that the view says, of the kinds that we say."""
    inner = _inner(view)
    columns = [c for c in listed(view, "columns") if not str(c.get("fieldName")).startswith(":")]
    told = {"rowLabel": inner.get("rowLabel"), "custom_fields": inner.get("custom_fields")}
    return said_fields({**view, **told, "columns": columns})


def attachments_seen(client: Connection, uid: str, view: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each file that is attached, by name."""
    found: dict[str, str] = {}
    for attached in listed(_inner(view), "attachments"):
        content = client.attached(uid, str(attached.get("assetId")))
        name = str(attached.get("filename") or attached.get("name"))
        found[name] = hashlib.sha256(content).hexdigest() if content is not None else NOT_GIVEN
    return found


def _inner(view: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = view.get("metadata")
    return inner if isinstance(inner, dict) else {}
