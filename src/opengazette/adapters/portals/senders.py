"""How a release gets to a portal. Guards, reading back and putting back are the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from opengazette.adapters.portals.changes import change_rows
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.likeness import differ_little
from opengazette.adapters.portals.rows import replace_rows
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.views import create_draft, put_papers
from opengazette.adapters.portals.working_copies import change_columns
from opengazette.errors import PortalRejected


class Sender(Protocol):
    """One way of sending. Raises PortalUnavailable, PortalRejected or HeldByPortal."""

    @property
    def rows_bring_all(self) -> bool:
        """Tell whether papers and permission go along with the rows."""
        ...

    def begin(self, client: Connection, shipment: Shipment, /) -> str:
        """Make a private draft of a dataset that the connection may take back; return its id."""
        ...

    @property
    def changes_rows(self) -> bool:
        """Tell whether a small difference goes row by row."""
        ...

    def may_stand(self, client: Connection, uid: str, shipment: Shipment, /) -> bool:
        """Tell whether this very shipment may have gone out, though no receipt says so."""
        ...

    def send_rows(
        self, client: Connection, uid: str, shipment: Shipment, earlier: Shipment | None, /
    ) -> bool:
        """Put the rows in one transaction; say whether the portal claims to have them all.

        `earlier` is what should stand there, where that is known.
        """
        ...

    def send_columns(self, client: Connection, uid: str, shipment: Shipment, /) -> bool:
        """Put other columns with their rows and papers, whole or not at all."""
        ...

    def send_papers(
        self, client: Connection, uid: str, shipment: Shipment, view: Mapping[str, Any], /
    ) -> None:
        """Bring up to date what is said of the rows; `view` is what the portal says of them."""
        ...


class SodaSender:
    """Rows, papers and permission each on their own, through sodapy."""

    rows_bring_all = False
    changes_rows = True

    def begin(self, client: Connection, shipment: Shipment, /) -> str:
        """Make a private draft with every column's type said."""
        return create_draft(client, shipment)

    def may_stand(self, _client: Connection, _uid: str, _shipment: Shipment, /) -> bool:
        """Tell that nothing goes out unless a run waits for it."""
        return False

    def send_rows(
        self, client: Connection, uid: str, shipment: Shipment, earlier: Shipment | None, /
    ) -> bool:
        """Change the few rows that differ, or replace all; either way in one transaction.

        A portal that takes no change set, because it names rows otherwise, gets the whole table.
        """
        taken = few_changed(client, uid, shipment, earlier)
        return replace_rows(client, uid, shipment) if taken is None else taken

    def send_columns(self, client: Connection, uid: str, shipment: Shipment, /) -> bool:
        """Fill a working copy and let it take the table's place."""
        return change_columns(client, uid, shipment)

    def send_papers(
        self, client: Connection, uid: str, shipment: Shipment, view: Mapping[str, Any], /
    ) -> None:
        """Send document, columns and attachments."""
        put_papers(client, uid, shipment, view)


def few_changed(
    client: Connection, uid: str, shipment: Shipment, earlier: Shipment | None
) -> bool | None:
    """Change the few rows that differ, and say whether the portal claims to have taken them all.

    None where many differ, or may, or the portal takes no change set.
    """
    if earlier is not None and differ_little(earlier, shipment):
        with suppress(PortalRejected):
            return change_rows(client, uid, shipment)
    return None


@dataclass(frozen=True)
class ByRevision:
    """Which releases go as one revision, where the others do not, and how.

    `reviewed` names the datasets whose every release the portal's reviewers are to see; `large` is
    for files of so many bytes and more.
    """

    reviewed: frozenset[str]
    every: Callable[[], Sender]
    from_bytes: int
    large: Callable[[], Sender] | None

    def sender(self, dataset: str, size: int) -> Sender | None:
        """Return how a release of a dataset goes as a revision; None where it does not."""
        if dataset in self.reviewed:
            return self.every()
        return self.large() if self.large and size >= self.from_bytes else None
