"""What can be seen of a dataset from outside, in names, types and digests: never a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What a row is told apart by: a mark of its dimensions, then one of the whole row.
MARK_BYTES = 32

Standing = Literal["public", "private", "absent"]
"""How a dataset stands on the portal; a stranger sees only what is public."""


@dataclass(frozen=True)
class PublicFace:
    """A public table and its papers.

    `rows` joins the marks of the rows, sorted, `MARK_BYTES` of each; `fields` maps what is said of
    the dataset to a digest, `attachments` each file's name to its SHA-256.
    """

    columns: Mapping[str, str]
    rows: bytes
    fields: Mapping[str, str]
    attachments: Mapping[str, str]

    @property
    def row_count(self) -> int:
        """Return the number of rows."""
        return len(self.rows) // MARK_BYTES


@dataclass(frozen=True)
class Seen:
    """What stands at an address of the portal; only what is public has a face."""

    uid: str
    address: str
    standing: Standing
    face: PublicFace | None = None


@dataclass(frozen=True)
class Differences:
    """What changes from one face to another, in counts and names."""

    rows_added: int = 0
    rows_changed: int = 0
    rows_removed: int = 0
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()
    columns_moved: bool = False
    fields: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()

    @property
    def rows(self) -> bool:
        """Tell whether a row differs."""
        return bool(self.row_count)

    @property
    def row_count(self) -> int:
        """Return how many rows differ."""
        return self.rows_added + self.rows_changed + self.rows_removed

    @property
    def columns(self) -> bool:
        """Tell whether a column differs."""
        lists = (self.columns_added, self.columns_removed, self.columns_retyped)
        return self.columns_moved or any(lists)

    @property
    def papers(self) -> bool:
        """Tell whether anything that is said of the dataset differs."""
        return bool(self.fields or self.attachments)


#: A change set is one request that a portal takes whole: publishers send 1,000 rows to 10,000.
MOST_ROWS_CHANGED = 1_000
#: Where more than one row in so many differs, a whole table is as little to read for its followers.
ONE_ROW_IN = 10


def is_small(changes: Differences | int, rows: int) -> bool:
    """Tell whether so few of `rows` differ that they are changed one by one."""
    count = changes if isinstance(changes, int) else changes.row_count
    return count <= min(MOST_ROWS_CHANGED, rows // ONE_ROW_IN)
