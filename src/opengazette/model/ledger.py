"""The chain of receipts: what was meant to be published, what was, and what the public saw."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from opengazette.model.frozen import DatasetId, Frozen, Sha256, canonical_sha256

EntryKind = Literal["intent", "published", "rolled_back", "abandoned"]


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


class LedgerEntry(Frozen):
    """One link of the chain: it names the SHA-256 of the entry before it."""

    dataset: DatasetId
    sequence: int = Field(ge=1)
    previous: Sha256 | None
    kind: EntryKind
    at: datetime
    release: Portrait
    uid: str | None = None
    address: str | None = None
    digest: Sha256 | None = Field(default=None, description="digest of what the public sees")
    note: str = ""

    @property
    def sha256(self) -> str:
        """Return the hash that the next entry carries."""
        return canonical_sha256(self.model_dump(mode="json"))
