"""The stages of a table's way, each a small frozen value that refers and never holds rows.

`Extracted → Validated → Deidentified → Cleared → Documented → Approved → Published`

A step takes one stage and returns the next, so a flow wired in the wrong order does not
type-check. Only `steps.clear` makes `Cleared` and only `steps.approve` makes `Approved`.
"""

from __future__ import annotations

from dataclasses import dataclass

from opengazette.model.column_change import ColumnChange
from opengazette.model.frozen import canonical_sha256
from opengazette.model.receipts import Receipt


@dataclass(frozen=True)
class TableRef:
    """A table in the archive: its content address, size and columns, never its rows."""

    dataset: str
    sha256: str
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class TablePair:
    """What a release shows and what it is made from, by address; a release is attacked as both."""

    dataset: str
    public: str
    private: str


@dataclass(frozen=True)
class DocumentRef:
    """A document in the archive by content address."""

    name: str
    media_type: str
    sha256: str


@dataclass(frozen=True)
class Extracted:
    """The department's table as it was read, in the restricted zone."""

    dataset: str
    contract: str
    table: TableRef
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True)
class Validated:
    """An extract that meets its data standards."""

    dataset: str
    contract: str
    table: TableRef
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True)
class Deidentified:
    """The masked publication table, beside the true one that stays in the restricted zone.

    `proof` lists moves that show how far withheld counts can go, restricted like the true table;
    it counts for nothing unless they fit.
    """

    dataset: str
    contract: str
    rule_pack: str
    extract: TableRef
    public: TableRef
    private: TableRef
    assessment: DocumentRef
    receipts: tuple[Receipt, ...]
    proof: TableRef | None = None


@dataclass(frozen=True)
class Cleared:
    """A publication table that an audit has attacked in vain, with the evidence.

    `compared` are the releases, of this dataset and of linked ones, that the attacker held too;
    `proof` is what `Deidentified` has.
    """

    dataset: str
    contract: str
    rule_pack: str
    extract: TableRef
    public: TableRef
    private: TableRef
    evidence: DocumentRef
    score: int | None
    primary: int
    complementary: int
    receipts: tuple[Receipt, ...]
    compared: frozenset[TablePair] = frozenset()
    proof: TableRef | None = None


@dataclass(frozen=True)
class Release:
    """One version of a dataset, sealed: the table, its papers, and the rules that made it.

    `proof` saves the next night the search for it, where the table is the same; nothing depends
    on it.
    """

    dataset: str
    contract: str
    rule_pack: str
    extract: TableRef
    public: TableRef
    private: TableRef
    evidence: DocumentRef
    documents: tuple[DocumentRef, ...]
    score: int | None
    primary: int
    complementary: int
    proof: TableRef | None = None

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 that an approval is bound to.

        It changes with the data, the contract, the rule pack, the evidence or any document, and
        not with the order in which the department's database happened to list its records.
        """
        return canonical_sha256(
            {
                "dataset": self.dataset,
                "contract": self.contract,
                "rule_pack": self.rule_pack,
                "public": self.public.sha256,
                "evidence": self.evidence.sha256,
                "documents": {d.name: d.sha256 for d in self.documents},
            }
        )

    @property
    def tables(self) -> TablePair:
        """Return the addresses of its two tables."""
        return TablePair(self.dataset, self.public.sha256, self.private.sha256)

    def document(self, name: str) -> DocumentRef:
        """Return the document of that name. Raises KeyError when there is none."""
        for document in self.documents:
            if document.name == name:
                return document
        raise KeyError(name)


@dataclass(frozen=True)
class Documented:
    """A release with its papers, waiting at the gate."""

    release: Release
    receipts: tuple[Receipt, ...]
    compared: frozenset[TablePair] = frozenset()


@dataclass(frozen=True)
class Approved:
    """A release that a person has let through; the only thing that a portal accepts.

    Publishing it is refused where the public has seen a release that is not among `compared`, and
    where the public table has other columns, unless `columns` says that these may become its own.
    """

    release: Release
    approval: str
    receipts: tuple[Receipt, ...]
    compared: frozenset[TablePair] = frozenset()
    columns: ColumnChange | None = None


@dataclass(frozen=True)
class Published:
    """What the public sees now, read back and compared."""

    release: Release
    uid: str
    address: str
    digest: str
    changed: bool
    receipts: tuple[Receipt, ...]
