"""Whether the archive still holds, whole, what the ledger names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from opengazette.model.ledger import LedgerEntry, Portrait


class Stock(Protocol):
    """The archive itself, without copies that lie nearer by."""

    def is_whole(self, sha256: str) -> bool:
        """Tell whether the file of that address is there, with the content it was kept with.

        Raises ArchiveUnavailable where the archive does not answer.
        """
        ...


@dataclass(frozen=True)
class FileProblem:
    """A file that an entry names and that the archive cannot give back."""

    dataset: str
    position: int
    name: str
    sha256: str

    def __str__(self) -> str:
        return (
            f"entry {self.position} names {self.name}, which the archive has lost or which is "
            f"damaged ({self.sha256[:12]}…)"
        )


def files_of(portrait: Portrait) -> dict[str, str]:
    """Return the address of each file that an entry names, by what it is."""
    tables = {
        "the extract": portrait.extract,
        "the table": portrait.table,
        "the true table": portrait.true_table,
    }
    if portrait.proof is not None:
        tables["the proof"] = portrait.proof
    return tables | {name: sha256 for name, (_, sha256) in portrait.documents.items()}


def lacking(stock: Stock, entries: Iterable[LedgerEntry]) -> Iterator[FileProblem]:
    """Read every file that the entries name, each once, and say which cannot be given back.

    Raises:
        ArchiveUnavailable: the archive does not answer.
    """
    looked: set[str] = set()
    for entry in entries:
        for name, sha256 in files_of(entry.release).items():
            if sha256 not in looked and not stock.is_whole(sha256):
                yield FileProblem(entry.dataset, entry.sequence, name, sha256)
            looked.add(sha256)
