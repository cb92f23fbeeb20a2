"""Documents in the archive, and what tables and documents ask of an archive."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from opengazette.adapters.archives.workbook import MEDIA_TYPE, workbook
from opengazette.model.stages import DocumentRef


class Vault(Protocol):
    """What tables and papers need of an archive."""

    def staging(self) -> AbstractContextManager[Path]:
        """Open a private folder that is gone afterwards."""
        ...

    def keep(self, file: Path) -> str:
        """Move a finished file into the archive and return its SHA-256."""
        ...

    def fetch(self, sha256: str, *, verify: bool = False) -> Path:
        """Return a readable file. Raises ArchiveUnavailable."""
        ...


class ArchivePapers:
    """Documents kept by content address."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def file(self, name: str, media_type: str, content: bytes) -> DocumentRef:
        """Keep a document; equal documents have equal addresses."""
        with self._vault.staging() as folder:
            paper = folder / "paper"
            paper.write_bytes(content)
            return DocumentRef(name, media_type, self._vault.keep(paper))

    def file_sheet(self, name: str, title: str, lines: Sequence[Sequence[str]]) -> DocumentRef:
        """Keep lines of text, the first of them a header, as an Excel workbook with one sheet.

        Equal lines have equal addresses, as long as they are written by the same xlsxwriter.
        """
        return self.file(name, MEDIA_TYPE, workbook(title, lines))

    def read(self, document: DocumentRef) -> bytes:
        """Return a document's bytes.

        Raises:
            ArchiveUnavailable: the document is not in the archive, or is damaged.
        """
        return self.locate(document).read_bytes()

    def locate(self, document: DocumentRef) -> Path:
        """Return a file of this machine with a document's bytes, for one that may be large.

        Raises:
            ArchiveUnavailable: the document is not in the archive, or is damaged.
        """
        return self._vault.fetch(document.sha256, verify=True)
