"""What is sent of a release: its file, its portal metadata and its attachments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from opengazette.documentation.canonical import NotCanonical, digest, read_table_csv
from opengazette.documentation.public_face import TEXTS, attached_to
from opengazette.errors import PortalRejected
from opengazette.model.frozen import canonical_sha256
from opengazette.model.stages import Release
from opengazette.ports import Papers


@dataclass(frozen=True)
class Attachment:
    """A document that is shown beside the rows."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Shipment:
    """A release as it goes to a portal; `digest` is what must be read back."""

    content: bytes
    columns: dict[str, str]
    rows: int
    digest: str
    metadata: dict[str, Any]
    attachments: tuple[Attachment, ...]

    @property
    def mark(self) -> str:
        """Return what names exactly this shipment: rows, metadata and attachments."""
        files = {a.name: sha256(a.content).hexdigest() for a in self.attachments}
        return canonical_sha256({"rows": self.digest, "said": self.metadata, "attached": files})

    def document(self) -> dict[str, Any]:
        """Return the top-level fields of the view."""
        return {key: self.metadata.get(key) for key in TEXTS}

    def inner(self) -> dict[str, Any]:
        """Return the fields of the view's `metadata`."""
        return {
            "rowLabel": self.metadata.get("rowLabel"),
            "custom_fields": self.metadata.get("custom_fields") or {},
        }


def pack(release: Release, papers: Papers) -> Shipment:
    """Gather what is sent of a release.

    Raises:
        PortalRejected: the file has no rows, or other columns than the metadata says.
        ArchiveUnavailable: a document is not in the archive.
    """
    content = papers.read(release.document("table.csv"))
    metadata = json.loads(papers.read(release.document("metadata.json")))
    columns = {c["fieldName"]: c["dataTypeName"] for c in metadata["columns"]}
    header, rows = read_table_csv(content)
    if not rows:
        raise PortalRejected(
            f"{release.dataset}: the release has no rows; it would empty the public table.",
            "Withdraw the dataset if that is meant.",
        )
    if header != list(columns):
        raise PortalRejected(
            f"{release.dataset}: the file and the metadata of the release name other columns.",
            "Run the dataset again.",
        )
    try:
        expected = digest(columns, rows)
    except NotCanonical as error:
        raise PortalRejected(
            f"{release.dataset}: the release is not of its own columns' types: {error}.",
            "Run the dataset again.",
        ) from None
    return Shipment(
        content=content,
        columns=columns,
        rows=len(rows),
        digest=expected,
        metadata=metadata,
        attachments=tuple(
            Attachment(document.name, document.media_type, papers.read(document))
            for document in attached_to(release)
        ),
    )
