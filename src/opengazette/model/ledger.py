"""The chain of receipts: what was meant to be published, what was, and what the public saw."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from opengazette.model.frozen import DatasetId, Frozen, Label, Sha256, canonical_sha256

EntryKind = Literal[
    "intent", "published", "rolled_back", "abandoned", "hold", "withdrawn", "resumed"
]
"""What an entry says.

* intent: this release is about to be sent; until the next entry, its writer holds the dataset.
* published: the public sees it; it was read back.
* rolled_back: the portal refused it or showed something else; `note` says what is public.
* abandoned: it was meant, and given up before anything was sent.
* hold: a person stopped the dataset; nothing is published until `resumed`.
* withdrawn: nothing of it is public any more; a stranger was told so.
* resumed: a person let the dataset go on.
"""

#: The form of the entries that are written now; entries of every earlier form stay readable.
FORMAT = 3


class Portrait(Frozen):
    """A release as the ledger remembers it: enough to compare, to prove and to rebuild."""

    release: Sha256
    contract: Sha256
    rule_pack: Sha256
    extract: Sha256
    extracted_rows: int
    table: Sha256
    columns: tuple[str, ...]
    true_table: Sha256 = Field(description="the table before anything was withheld; restricted")
    true_columns: tuple[str, ...]
    rows: int
    score: int | None
    primary: int
    complementary: int
    documents: dict[str, tuple[str, Sha256]] = Field(
        description="media type and address of each document, by name"
    )
    approval: Sha256
    proof: Sha256 | None = Field(
        default=None,
        exclude_if=lambda table: table is None,
        description="moves that show how far withheld counts can go; restricted",
    )
    proof_lines: int = Field(
        default=0, exclude_if=lambda number: number == 0, description="lines of that table"
    )


class LedgerEntry(Frozen):
    """One link of the chain: it names the SHA-256 of the entry before it."""

    format: int = Field(
        default=1,
        ge=1,
        le=FORMAT,
        # The first entries said nothing of their form, and their hashes must stay.
        exclude_if=lambda number: number == 1,
        description="form of the entry; absent: 1",
    )
    dataset: DatasetId
    sequence: int = Field(ge=1)
    previous: Sha256 | None
    kind: EntryKind
    at: datetime
    release: Portrait
    uid: str | None = None
    address: str | None = None
    digest: Sha256 | None = Field(default=None, description="digest of the rows that are public")
    papers: Sha256 | None = Field(
        default=None,
        exclude_if=lambda digest: digest is None,
        description="digest of the metadata and attachments that are public",
    )
    note: str = ""
    by: Label | None = Field(
        default=None,
        exclude_if=lambda person: person is None,
        description="the person who acted, where a person did",
    )
    writer: Label | None = Field(
        default=None,
        exclude_if=lambda machine: machine is None,
        description="the machine that wrote the entry",
    )
    program: Label | None = Field(
        default=None,
        exclude_if=lambda version: version is None,
        description="the version of OpenGazette that wrote the entry",
    )

    @property
    def sha256(self) -> str:
        """Return the hash that the next entry carries."""
        return canonical_sha256(self.model_dump(mode="json"))
