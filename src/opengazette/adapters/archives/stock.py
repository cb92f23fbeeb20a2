"""Whether the archive still holds, whole, what the ledger names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opengazette.adapters.archives.papers import Vault
from opengazette.errors import ArchiveUnavailable
from opengazette.model.ledger import LedgerEntry, Portrait


@dataclass(frozen=True)
class FileProblem:
    """A file that an entry names and that the archive cannot give back."""

    dataset: str
    position: int
    name: str
    what: str

    def __str__(self) -> str:
        return f"entry {self.position} names {self.name}: {self.what}"


def files_of(portrait: Portrait) -> dict[str, str]:
    """Return the address of each file that an entry names, by what it is."""
    tables = {
        "the extract": portrait.extract,
        "the table": portrait.table,
        "the true table": portrait.true_table,
    }
    return tables | {name: sha256 for name, (_, sha256) in portrait.documents.items()}


def lacking(vault: Vault, entries: Iterable[LedgerEntry]) -> Iterator[FileProblem]:
    """Read every file that the entries name, each once, and say which cannot be given back."""
    looked: set[str] = set()
    for entry in entries:
        for name, sha256 in files_of(entry.release).items():
            if sha256 in looked:
                continue
            looked.add(sha256)
            try:
                vault.fetch(sha256, verify=True)
            except ArchiveUnavailable as error:
                yield FileProblem(entry.dataset, entry.sequence, name, error.problem)
