"""What is sent of a release: its file, its portal metadata and its attachments."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from opengazette.adapters.portals.plain_file import rows_that_fit
from opengazette.documentation.canonical import (
    NotCanonical,
    count_and_digest,
    refuse_misfits,
    table_rows,
)
from opengazette.documentation.public_face import TEXTS, attached_to
from opengazette.errors import PortalRejected
from opengazette.model.frozen import canonical_sha256
from opengazette.model.stages import Release
from opengazette.ports import Papers

_Found = TypeVar("_Found")

#: Finds the number of a table's rows and their digest.
Measured = Callable[[], tuple[int, str]]


def _nothing() -> None:
    """Leave it until it is asked for."""


@dataclass(frozen=True)
class Attachment:
    """A document that is shown beside the rows."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Shipment:
    """A release as it goes to a portal; `rows` and `digest` are what must be read back.

    They take long to find, so both are `measured` where they are first asked for, or while the
    rows travel: `begin` says that this is the time. Of a file that was looked at, `counted` rows
    are known. `sha256` is that of the file.
    """

    table: Path
    columns: dict[str, str]
    measured: Measured
    metadata: dict[str, Any]
    attachments: tuple[Attachment, ...]
    sha256: str = ""
    begin: Callable[[], None] = _nothing
    counted: int | None = None

    @contextmanager
    def opened(self) -> Iterator[Iterator[list[str]]]:
        """Open the file and give its rows, one after another."""
        with self.table.open(encoding="utf-8", newline="") as lines:
            yield table_rows(lines)[1]

    def has_rows(self) -> bool:
        """Tell whether there is any row, without reading more than one."""
        with self.opened() as rows:
            return next(rows, None) is not None

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return self.measured()[0] if self.counted is None else self.counted

    @property
    def digest(self) -> str:
        """Return the digest of the rows."""
        return self.measured()[1]

    @property
    def mark(self) -> str:
        """Return what names exactly this shipment: file, metadata and attachments."""
        files = {a.name: sha256(a.content).hexdigest() for a in self.attachments}
        return canonical_sha256({"table": self.sha256, "said": self.metadata, "attached": files})

    def document(self) -> dict[str, Any]:
        """Return the top-level fields of the view."""
        return {key: self.metadata.get(key) for key in TEXTS}

    def inner(self) -> dict[str, Any]:
        """Return the fields of the view's `metadata`."""
        return {
            "rowLabel": self.metadata.get("rowLabel"),
            "custom_fields": self.metadata.get("custom_fields") or {},
        }


def pack(release: Release, papers: Papers, meanwhile: Executor | None = None) -> Shipment:
    """Gather what is sent of a release, once each of its cells was seen to be of its column's type.

    `meanwhile` finds the digest while the rows are on their way.

    Raises:
        PortalRejected: the file has no rows, other columns than the metadata says, or other cells.
        ArchiveUnavailable: a document is not in the archive.
    """
    shipment = pack_again(release, papers)
    table, columns = shipment.table, shipment.columns
    rows = rows_that_fit(table, columns)
    if rows is None:
        rows = _read_through(release.dataset, table, columns, refuse_misfits)
    if not rows:
        raise PortalRejected(
            f"{release.dataset}: the release has no rows; it would empty the public table.",
            "Withdraw the dataset if that is meant.",
        )
    if meanwhile is None:
        return replace(shipment, counted=rows)
    found = _Meanwhile(meanwhile, shipment.measured)
    return replace(shipment, measured=found, begin=found.begin, counted=rows)


class _Meanwhile:
    """What is found by somebody else from the moment on that it is begun or asked for."""

    def __init__(self, finder: Executor, find: Measured) -> None:
        self._finder, self._find = finder, find
        self._found: Future[tuple[int, str]] | None = None

    def begin(self) -> None:
        """Begin, unless that was done."""
        self._found = self._found or self._finder.submit(self._find)

    def __call__(self) -> tuple[int, str]:
        """Wait for what is found."""
        self._found = self._found or self._finder.submit(self._find)
        return self._found.result()


def pack_again(release: Release, papers: Papers) -> Shipment:
    """Gather what was sent of a release before; its rows are not read until they are asked for.

    Raises:
        PortalRejected: here or later, as `pack` does.
        ArchiveUnavailable: a document is not in the archive, or is damaged.
    """
    document = release.document("table.csv")
    table = papers.locate(document)
    metadata = json.loads(papers.read(release.document("metadata.json")))
    columns = {c["fieldName"]: c["dataTypeName"] for c in metadata["columns"]}
    measure = partial(_read_through, release.dataset, table, columns, count_and_digest)
    return Shipment(
        table=table,
        columns=columns,
        measured=cache(measure),
        metadata=metadata,
        attachments=tuple(
            Attachment(attached.name, attached.media_type, papers.read(attached))
            for attached in attached_to(release)
        ),
        sha256=document.sha256,
    )


def _read_through(
    dataset: str,
    table: Path,
    columns: dict[str, str],
    read: Callable[[Mapping[str, str], Iterable[Sequence[str | None]]], _Found],
) -> _Found:
    """Return what is found in reading a file's rows, where its columns are these."""
    with table.open(encoding="utf-8", newline="") as lines:
        header, rows = table_rows(lines)
        if header and header != list(columns):
            raise PortalRejected(
                f"{dataset}: the file and the metadata of the release name other columns.",
                "Run the dataset again.",
            )
        try:
            return read(columns, rows)
        except NotCanonical as error:
            raise PortalRejected(
                f"{dataset}: the release is not of its own columns' types: {error}.",
                "Run the dataset again.",
            ) from None
