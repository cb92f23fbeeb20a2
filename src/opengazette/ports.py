"""What the steps need from the world, as narrow protocols; the adapters provide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from opengazette.disclosure.identifiers.texts import IdentifierFound
from opengazette.model.contract import Contract
from opengazette.model.ledger import EntryKind, LedgerEntry, Portrait
from opengazette.model.public_face import Seen
from opengazette.model.publication import Sum
from opengazette.model.reference import DataElements
from opengazette.model.stages import Approved, DocumentRef, Release, TableRef


@dataclass(frozen=True)
class ExtractSummary:
    """What a source wrote: rows and column types, never values.

    `identifiers` counts what looks like an identifier in columns that are to hold none.
    """

    rows: int
    columns: Mapping[str, str]
    query_sha256: str
    identifiers: tuple[IdentifierFound, ...]


class Source(Protocol):
    """A department's database."""

    def extract(self, contract: Contract, into: Path) -> ExtractSummary:
        """Write the listed columns of the contract's table to a Parquet file.

        Raises SourceUnavailable, SchemaDrift.
        """
        ...


class Archive(Protocol):
    """The restricted zone: immutable files by content address."""

    def staging(self) -> AbstractContextManager[Path]:
        """Open a private folder that is gone afterwards."""
        ...

    def keep(self, file: Path) -> str:
        """Move a finished file into the archive and return its SHA-256."""
        ...

    def fetch(self, sha256: str) -> Path:
        """Return a readable file. Raises ArchiveUnavailable."""
        ...


class Tables(Protocol):
    """Publication tables in the archive; small enough for memory."""

    def save(self, dataset: str, table: pd.DataFrame) -> TableRef:
        """Keep a table; equal tables have equal addresses."""
        ...

    def load(self, table: TableRef) -> pd.DataFrame:
        """Return a table with the types it was saved with."""
        ...


class Papers(Protocol):
    """Documents in the archive."""

    def file(self, name: str, media_type: str, content: bytes) -> DocumentRef:
        """Keep a document; equal documents have equal addresses."""
        ...

    def file_sheet(self, name: str, title: str, lines: Sequence[Sequence[str]]) -> DocumentRef:
        """Keep lines of text, the first of them a header, as an Excel workbook with one sheet.

        Equal lines have equal addresses.
        """
        ...

    def read(self, document: DocumentRef) -> bytes:
        """Return a document's bytes. Raises ArchiveUnavailable."""
        ...

    def locate(self, document: DocumentRef) -> Path:
        """Return a file of this machine with its bytes, which may be too many for memory."""
        ...


class Tabulator(Protocol):
    """Generalises records and adds them up, where they lie."""

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        """Return the base cells of the publication table, without totals.

        Shape: one row for each observed combination of the dimensions, in their order;
        the columns of the dimensions hold published labels, each count an Int64 column, each
        population an Int64 column, each mean `<name>` the sum (float64) of its column over the
        records of its count. Rates are not computed. Raises StandardsNotMet where values fit
        no band or category, with counts of rows.
        """
        ...

    def contributions(self, extract: Path, contract: Contract, measure: Sum) -> pd.DataFrame:
        """Return what each contributor gave to each base cell of a sum: private.

        Shape: one row for each cell and contributor; the dimensions hold published labels,
        `contributor` and `amount` whole numbers.
        """
        ...


@dataclass(frozen=True)
class CheckResult:
    """The result of one expectation, in names and counts."""

    expectation: str
    column: str | None
    severity: str
    passed: bool
    checked: int | None
    failed: int | None
    reason: str


class Validator(Protocol):
    """Checks an extract against the contract's columns and the dataset's expectations."""

    def validate(
        self, extract: Path, contract: Contract, elements: DataElements
    ) -> Sequence[CheckResult]:
        """Return one result for each expectation, none of them with a value of the table.

        Raises ContractInvalid where an expectation cannot be run.
        """
        ...


class Ledger(Protocol):
    """The append-only chain of a dataset's entries."""

    @property
    def writer(self) -> str | None:
        """Return the name of the machine that writes, where several share the ledger."""
        ...

    def entries(self, dataset: str) -> tuple[LedgerEntry, ...]:
        """Return the verified chain, oldest first. Raises LedgerConflict when it is broken."""
        ...

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

        Raises LedgerConflict when another run added one first.
        """
        ...


@dataclass(frozen=True)
class PublicState:
    """What the public sees of a dataset, read back from the portal.

    `papers` is the digest of its metadata and attachments; `otherwise` names those that the portal
    shows otherwise than they were sent, directly after a publication.
    """

    uid: str
    address: str
    rows: int
    digest: str
    is_public: bool
    papers: str | None = None
    otherwise: tuple[str, ...] = ()


class Claim(Protocol):
    """A run's hold on a dataset while it sends. Raises LedgerConflict where it has lost it."""

    def refuse_lost(self) -> None:
        """Let nothing more be seen of what a person stopped, or another run took over."""
        ...

    def refuse_taken(self) -> None:
        """Put nothing back over what another run sends, nor what a person took off the portal."""
        ...


class Portal(Protocol):
    """A public catalogue. Raises PortalUnavailable or PortalRejected."""

    def state(self, uid: str, columns: Mapping[str, str]) -> PublicState | None:
        """Return what a stranger sees now, or None where there is nothing at that address.

        `columns` maps each published column to its type (text, integer, number); without any,
        neither rows nor papers are read. What only the publisher sees is not `is_public` and has
        no rows.
        """
        ...

    def publish(
        self,
        release: Approved,
        *,
        uid: str | None,
        before: Release | None,
        created: Callable[[str], None] | None = None,
        claim: Claim | None = None,
    ) -> PublicState:
        """Put the rows before the public in one transaction, read back and compare.

        A dataset without `uid` is created, and becomes public only after it was read back;
        `created` hears its id before any row is sent. `claim` is asked before each request by which
        the public could see something else. A `uid` without `before` is what a run
        created that did not end: it is finished, or created anew where it is gone.
        Where what is read back differs, the rows of `before` are put back (or the dataset is
        made private when there is none) and PortalRejected is raised.
        """
        ...


class PublicView(Protocol):
    """What can be seen on a public catalogue. Raises PortalUnavailable."""

    def changes_rows(self, dataset: str) -> bool:
        """Tell whether a small difference of a dataset goes row by row, not as a whole table."""
        ...

    def seen(self, uid: str, columns: Mapping[str, str], key: Sequence[str]) -> Seen:
        """Return how a dataset stands, and what a stranger sees of it where it is public.

        `columns` maps each column to read to its type, `key` names the dimensions.
        """
        ...


class Withdrawal(Protocol):
    """What takes a dataset off a public catalogue. Raises PortalUnavailable or PortalRejected."""

    def withdraw(self, uid: str, *, delete: bool) -> None:
        """Make a dataset private, or delete it, and see that a stranger finds nothing there.

        A dataset that is not there any more is withdrawn already.
        """
        ...


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Return the time with its zone."""
        ...
