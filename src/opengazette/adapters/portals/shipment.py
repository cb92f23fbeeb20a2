"""What is sent of a release: its file, its portal metadata and its attachments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from opengazette.documentation.canonical import NotCanonical, count_and_digest, table_rows
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

    table: Path
    columns: dict[str, str]
    rows: int
    digest: str
    metadata: dict[str, Any]
    attachments: tuple[Attachment, ...]

    @contextmanager
    def opened(self) -> Iterator[Iterator[list[str]]]:
        """Open the file and give its rows, one after another."""
        with self.table.open(encoding="utf-8", newline="") as lines:
            yield table_rows(lines)[1]

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
    table = papers.locate(release.document("table.csv"))
    metadata = json.loads(papers.read(release.document("metadata.json")))
    columns = {c["fieldName"]: c["dataTypeName"] for c in metadata["columns"]}
    rows, expected = _measured(release.dataset, table, columns)
    if not rows:
        raise PortalRejected(
            f"{release.dataset}: the release has no rows; it would empty the public table.",
            "Withdraw the dataset if that is meant.",
        )
    return Shipment(
        table=table,
        columns=columns,
        rows=rows,
        digest=expected,
        metadata=metadata,
        attachments=tuple(
            Attachment(document.name, document.media_type, papers.read(document))
            for document in attached_to(release)
        ),
    )


def _measured(dataset: str, table: Path, columns: dict[str, str]) -> tuple[int, str]:
    """Return the number of a file's rows and their digest, where its columns are these."""
    with table.open(encoding="utf-8", newline="") as lines:
        header, rows = table_rows(lines)
        if header and header != list(columns):
            raise PortalRejected(
                f"{dataset}: the file and the metadata of the release name other columns.",
                "Run the dataset again.",
            )
        try:
            return count_and_digest(columns, rows)
        except NotCanonical as error:
            raise PortalRejected(
                f"{dataset}: the release is not of its own columns' types: {error}.",
                "Run the dataset again.",
            ) from None
