"""What a write did to rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counters:
    """What a write did, in Socrata's six counters."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    errors: int = 0

    def plus(self, other: Counters) -> Counters:
        """Add up what two parts of a write did."""
        return Counters(
            self.created + other.created,
            self.updated + other.updated,
            self.deleted + other.deleted,
            self.errors + other.errors,
        )

    def body(self) -> dict[str, int]:
        """Return the answer; the documented answers leave the last two at zero."""
        return {
            "Rows Created": self.created,
            "Rows Updated": self.updated,
            "Rows Deleted": self.deleted,
            "Errors": self.errors,
            "By RowIdentifier": 0,
            "By SID": 0,
        }
