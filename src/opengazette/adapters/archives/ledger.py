"""The ledger in the archive: one record for each link, written once, chained by hash.

Each link names the hash of the one before it; a seal beside each link repeats its own hash, so
that an edit or a removal of the newest link shows as well. Whoever can rewrite the whole
archive can rewrite the ledger with it: a witness elsewhere guards against that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Protocol

from opengazette.errors import LedgerConflict
from opengazette.governance.ledger_chain import Chain, ChainProblem, examined
from opengazette.model.ledger import FORMAT, EntryKind, LedgerEntry, Portrait

_LINK = re.compile(r"(\d{6})\.json")
_SEAL = re.compile(r"(\d{6})")


class Records(Protocol):
    """Small records that are written once; raises ArchiveUnavailable."""

    def put_new(self, key: str, content: bytes) -> bool:
        """Write a record unless there is one; say whether it was written."""
        ...

    def read_folder(self, folder: str) -> dict[str, bytes]:
        """Return the records that lie directly in a folder, by name, in order."""
        ...

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the names of the folders that lie directly in a folder, in order."""
        ...


def no_writer() -> None:
    """Name no machine: whoever writes is taken for one and the same."""


class ArchiveLedger:
    """The append-only chain of each dataset's entries.

    `writer` names this machine where several share the archive.
    """

    def __init__(self, records: Records, writer: Callable[[], str | None] = no_writer) -> None:
        self._records, self._writer = records, writer

    @property
    def writer(self) -> str | None:
        """Return the name of the machine that writes."""
        return self._writer()

    def datasets(self) -> tuple[str, ...]:
        """Return the datasets that have or had entries, in order."""
        named = {*self._records.folders("ledger"), *self._records.folders("seals")}
        return tuple(sorted(named))

    def entries(self, dataset: str) -> tuple[LedgerEntry, ...]:
        """Return the verified chain, oldest first.

        Raises:
            LedgerConflict: a link was edited, removed, reordered or cannot be read.
        """
        chain = self.chain(dataset)
        if chain.problems:
            raise _damaged(chain.problems[0])
        return chain.entries

    def chain(self, dataset: str) -> Chain:
        """Return what can be read of a chain, and everything that is wrong with it."""
        # Seals before and after: a link that another run adds meanwhile comes before its seal.
        seals = _numbered(self._records.read_folder(f"seals/{dataset}"), _SEAL)
        links = self._records.read_folder(f"ledger/{dataset}")
        known = _numbered(links, _LINK)
        last = max((*seals, *known), default=0)
        later = _numbered(self._records.read_folder(f"seals/{dataset}"), _SEAL)
        chain = examined(dataset, known, {n: seal for n, seal in later.items() if n <= last})
        if len(known) == len(links):
            return chain
        stray = ChainProblem(dataset, last + 1, "lies beside files that are no entries")
        return Chain(chain.entries, (*chain.problems, stray))

    def append(
        self,
        dataset: str,
        kind: EntryKind,
        at: datetime,
        release: Portrait,
        *,
        after: int | None = None,
        uid: str | None = None,
        address: str | None = None,
        digest: str | None = None,
        papers: str | None = None,
        note: str = "",
        by: str | None = None,
    ) -> LedgerEntry:
        """Add a link; with `after`, only where the chain is still that long.

        Raises:
            LedgerConflict: another run added one first, or the chain is damaged.
        """
        chain = self.entries(dataset)
        if after is not None and len(chain) != after:
            raise _lost(dataset)
        if chain:
            self._seal(chain[-1])
        entry = LedgerEntry(
            format=FORMAT,
            dataset=dataset,
            sequence=len(chain) + 1,
            previous=chain[-1].sha256 if chain else None,
            kind=kind,
            at=at,
            release=release,
            uid=uid,
            address=address,
            digest=digest,
            papers=papers,
            note=note,
            by=by,
            writer=self.writer,
            program=version("opengazette"),
        )
        content = json.dumps(
            entry.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, indent=1
        )
        if not self._records.put_new(_link(entry), content.encode()):
            raise _lost(dataset)
        self._seal(entry)
        return entry

    def _seal(self, link: LedgerEntry) -> None:
        key = f"seals/{link.dataset}/{link.sequence:06d}"
        self._records.put_new(key, link.sha256.encode())


def _link(entry: LedgerEntry) -> str:
    return f"ledger/{entry.dataset}/{entry.sequence:06d}.json"


def _numbered(records: Mapping[str, bytes], form: re.Pattern[str]) -> dict[int, bytes]:
    matches = ((form.fullmatch(name), content) for name, content in records.items())
    return {int(match[1]): content for match, content in matches if match}


def _lost(dataset: str) -> LedgerConflict:
    return LedgerConflict(
        f"Another run wrote to the ledger of {dataset!r} at the same time.",
        "Let it finish, then run the dataset again.",
    )


def _damaged(problem: ChainProblem) -> LedgerConflict:
    if problem.newer:
        return LedgerConflict(
            f"The ledger of {problem.dataset!r} was written on by a newer OpenGazette: {problem}.",
            "Bring this machine up to the same version.",
        )
    return LedgerConflict(
        f"The ledger of {problem.dataset!r} is damaged: {problem}.",
        "Restore the archive's ledger from its copy; nothing is published before. "
        "'opengazette ledger --verify' names every damaged entry.",
    )
