"""The ledger in the archive: one record for each link, written once, chained by hash.

Each link names the hash of the one before it; a seal beside each link repeats its own hash, so
that an edit or a removal of the newest link shows as well. Whoever can rewrite the whole
archive can rewrite the ledger with it: only a copy elsewhere guards against that.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from opengazette.errors import LedgerConflict
from opengazette.model.ledger import EntryKind, LedgerEntry, Portrait


class Records(Protocol):
    """Small records that are written once; Raises ArchiveUnavailable."""

    def put_new(self, key: str, content: bytes) -> bool:
        """Write a record unless there is one; say whether it was written."""
        ...

    def read_key(self, key: str) -> bytes | None:
        """Return a record, or None."""
        ...

    def keys(self, folder: str) -> tuple[str, ...]:
        """Return the keys that lie directly in a folder, in order."""
        ...


class ArchiveLedger:
    """The append-only chain of each dataset's entries."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def entries(self, dataset: str) -> tuple[LedgerEntry, ...]:
        """Return the verified chain, oldest first.

        Raises:
            LedgerConflict: a link was edited, removed, reordered or cannot be read.
        """
        # Seals first: a link that another run adds meanwhile comes before its seal.
        seals = self._records.keys(f"seals/{dataset}")
        keys = self._records.keys(f"ledger/{dataset}")
        chain: list[LedgerEntry] = []
        for position, key in enumerate(keys, start=1):
            if key != _link(dataset, position):
                raise _damaged(dataset, position, "is missing")
            link = self._read(dataset, position)
            if link.previous != (chain[-1].sha256 if chain else None):
                raise _damaged(dataset, position, "does not follow from the one before it")
            self._check_seal(link, newest=position == len(keys))
            chain.append(link)
        if len(seals) > len(chain):
            raise _damaged(dataset, len(chain) + 1, "is missing")
        return tuple(chain)

    def append(
        self,
        dataset: str,
        kind: EntryKind,
        at: datetime,
        release: Portrait,
        *,
        uid: str | None = None,
        address: str | None = None,
        digest: str | None = None,
        note: str = "",
    ) -> LedgerEntry:
        """Add a link. Raises LedgerConflict when another run added one first."""
        chain = self.entries(dataset)
        if chain:
            self._seal(chain[-1])
        entry = LedgerEntry(
            dataset=dataset,
            sequence=len(chain) + 1,
            previous=chain[-1].sha256 if chain else None,
            kind=kind,
            at=at,
            release=release,
            uid=uid,
            address=address,
            digest=digest,
            note=note,
        )
        content = json.dumps(
            entry.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, indent=1
        )
        if not self._records.put_new(_link(dataset, entry.sequence), content.encode()):
            raise LedgerConflict(
                f"Another run wrote to the ledger of {dataset!r} at the same time.",
                "Let it finish, then run the dataset again.",
            )
        self._seal(entry)
        return entry

    def _read(self, dataset: str, position: int) -> LedgerEntry:
        content = self._records.read_key(_link(dataset, position))
        try:
            link = LedgerEntry.model_validate_json(content or b"")
        except ValidationError:
            raise _damaged(dataset, position, "cannot be read") from None
        if link.dataset != dataset or link.sequence != position:
            raise _damaged(dataset, position, "belongs to another place")
        return link

    def _check_seal(self, link: LedgerEntry, *, newest: bool) -> None:
        """A run that dies between a link and its seal leaves the newest link unsealed."""
        seal = self._records.read_key(_seal_key(link.dataset, link.sequence))
        if seal is None and newest:
            return
        if seal != link.sha256.encode():
            raise _damaged(link.dataset, link.sequence, "was changed")

    def _seal(self, link: LedgerEntry) -> None:
        self._records.put_new(_seal_key(link.dataset, link.sequence), link.sha256.encode())


def _link(dataset: str, position: int) -> str:
    return f"ledger/{dataset}/{position:06d}.json"


def _seal_key(dataset: str, position: int) -> str:
    return f"seals/{dataset}/{position:06d}"


def _damaged(dataset: str, position: int, how: str) -> LedgerConflict:
    return LedgerConflict(
        f"The ledger of {dataset!r} is damaged: entry {position} {how}.",
        "Restore the archive's ledger from its copy; nothing is published before.",
    )
