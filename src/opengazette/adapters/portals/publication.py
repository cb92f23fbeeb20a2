"""One release on its way before the public: sent whole, read back, put back where it differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, Final

from opengazette.adapters.portals.answers import differs
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.faces import papers_seen, shown_otherwise
from opengazette.adapters.portals.likeness import same_rows
from opengazette.adapters.portals.rows import shows
from opengazette.adapters.portals.senders import Sender
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.unsent import shows_unsent, unsent
from opengazette.adapters.portals.views import (
    has_columns,
    is_draft,
    is_open,
    other_columns,
    refuse_other_columns,
)
from opengazette.errors import HeldByPortal, LedgerConflict, PortalRejected, PortalUnavailable
from opengazette.model.column_change import ColumnChange
from opengazette.ports import Claim, PublicState

#: Reads come from a replica that lags behind: how long to wait before each look, in seconds.
LOOKS: Final = (0.0, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class Publication:
    """One release, the release before it, and the connection by which it is sent.

    `stranger` opens a connection without credentials; `change` is what a person has approved of
    the columns; `created` hears the id of a new dataset.
    """

    client: Connection
    sender: Sender
    shipment: Shipment
    earlier: Shipment | None
    address: str
    stranger: Callable[[], AbstractContextManager[Connection]]
    sleep: Callable[[float], None]
    change: ColumnChange | None = None
    claim: Claim | None = None
    created: Callable[[str], None] | None = None

    def create(self) -> PublicState:
        """Make a new dataset, a private draft until it was read back."""
        return self._fill(self.sender.begin(self.client, self.shipment))

    def finish(self, uid: str) -> PublicState:
        """Go on with a dataset that a run created and could not bring before the public."""
        view = self.client.visible_view(uid)
        if view is None:
            return self.create()
        if not is_draft(view):
            return self.replace(uid)
        self.client.take_up(view)
        if has_columns(view) and other_columns(view, self.shipment.columns):
            self.client.discard(uid)
            return self.create()
        return self._fill(uid)

    def replace(self, uid: str) -> PublicState:
        """Send the release in the place of what is public; put that back where it fails.

        So it is where a person stops the dataset between rows and papers: one without the other
        must not stay. What another run has taken over is left to that run.
        """
        view = self.client.visible_view(uid)
        if view is None:
            raise PortalRejected(
                f"The portal has no dataset {uid} that its user may change.",
                "Restore the dataset on the portal, or check the user's rights.",
            )
        changed = bool(other_columns(view, self.shipment.columns))
        if changed:
            refuse_other_columns(view, self.shipment.columns, self.change)
        stands = not changed and self._stands(uid)
        taken = stands or self._send(uid, self.shipment, self.earlier, columns=changed)
        try:
            state = self._show(uid, with_rows=not stands) if taken else None
        except PortalRejected as refused:
            what_is_public = self._put_back(uid)
            raise PortalRejected(f"{refused.problem} {what_is_public}", refused.remedy) from None
        except LedgerConflict as stopped:
            what_is_public = self._put_back(uid)
            raise LedgerConflict(f"{stopped.problem} {what_is_public}", stopped.remedy) from None
        if state is None:
            raise differs(self._put_back(uid))
        return state

    def _send(
        self, uid: str, shipment: Shipment, earlier: Shipment | None, *, columns: bool
    ) -> bool:
        if columns:
            return self.sender.send_columns(self.client, uid, shipment)
        return self.sender.send_rows(self.client, uid, shipment, earlier)

    def _fill(self, uid: str) -> PublicState:
        """Bring a draft before the public, or take it back.

        Where the dataset is not this run's any more, the draft is another's to finish.
        """
        try:
            if self.created is not None:
                self.created(uid)
            taken = self.sender.send_rows(self.client, uid, self.shipment, None)
            state = self._show(uid) if taken else None
        except (HeldByPortal, LedgerConflict):
            raise
        except BaseException:
            with suppress(PortalUnavailable, PortalRejected):
                self.client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
            with suppress(PortalUnavailable, PortalRejected):
                self.client.discard(uid)
            raise
        if state is None:
            self.client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
            self.client.discard(uid)
            raise differs("The new dataset was taken back; nothing of it is public.")
        return state

    def _stands(self, uid: str) -> bool:
        """Tell whether the rows stand already: then only papers change.

        A replaced row counts as changed with everybody who follows the table.
        """
        sent = self.sender.may_stand(self.client, uid, self.shipment)
        if not sent and (self.earlier is None or not same_rows(self.earlier, self.shipment)):
            return False
        return shows(self.client, uid, self.shipment)

    def _show(self, uid: str, *, with_rows: bool = True) -> PublicState | None:
        """Bring rows that were sent before the public; None where something else is seen."""
        view = self.client.visible_view(uid)
        hidden = view is None or is_draft(view) or not is_open(view)
        if view is not None and is_draft(view):
            self.client.publish(uid)  # type: ignore[no-untyped-call]
        if not (with_rows and self.sender.rows_bring_all):
            # What is public already, only a stranger can judge.
            if hidden and with_rows and not self._look(self.client, uid, self.shipment):
                return None
            self.sender.send_papers(self.client, uid, self.shipment, view or {})
            if hidden:
                self.client.set_permission(uid, "public")  # type: ignore[no-untyped-call]
        with self.stranger() as stranger:
            return self._as_seen(stranger, uid)

    def _as_seen(self, stranger: Connection, uid: str) -> PublicState | None:
        """Return what a stranger sees; None where it is something else.

        Raises:
            PortalRejected: beside the release there is what was not sent with it.
        """
        view = self._look(stranger, uid, self.shipment)
        if view is None:
            return None
        found: tuple[str, ...] = ()
        for pause in LOOKS:
            if pause:
                self.sleep(pause)
                view = stranger.visible_view(uid)
            if view is None:
                continue
            found = unsent(stranger, uid, view, self.shipment, self.earlier)
            if not found:
                return self._public_state(stranger, uid, view)
        if found:
            raise shows_unsent(found)
        return None

    def _public_state(self, stranger: Connection, uid: str, view: Mapping[str, Any]) -> PublicState:
        papers = papers_seen(stranger, uid, view)
        return PublicState(
            uid=uid,
            address=f"{self.address}/d/{uid}",
            rows=self.shipment.rows,
            digest=self.shipment.digest,
            is_public=True,
            papers=papers.digest,
            otherwise=shown_otherwise(papers, self.shipment),
        )

    def _look(self, client: Connection, uid: str, shipment: Shipment) -> Mapping[str, Any] | None:
        """Return what is said of a dataset that shows these rows; None where it never does."""
        for pause in LOOKS:
            self.sleep(pause)
            view = client.visible_view(uid)
            if view is not None and shows(client, uid, shipment):
                return view
        return None

    def _put_back(self, uid: str) -> str:
        """Show the earlier release again, or nothing; say which.

        Raises:
            LedgerConflict: another run sends meanwhile, or the dataset was withdrawn.
        """
        if self.claim is not None:
            self.claim.refuse_taken()
            self.client.before_showing = self.claim.refuse_taken
        if self.earlier is not None:
            with suppress(PortalRejected, HeldByPortal):
                told = self._shown_again(uid, self.earlier)
                if told:
                    return told
        with suppress(PortalRejected):
            self.client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
        with self.stranger() as stranger:
            if stranger.visible_view(uid) is not None:
                return (
                    f"Dataset {uid} could not be put back or made private: look at the portal now, "
                    "and take it off by hand if it is wrong."
                )
        return f"Dataset {uid} was made private; nothing of it is public."

    def _shown_again(self, uid: str, earlier: Shipment) -> str:
        """Put back rows and papers and say so; say nothing where a stranger sees otherwise."""
        changed = bool(other_columns(self.client.visible_view(uid) or {}, earlier.columns))
        if not self._send(uid, earlier, None, columns=changed):
            return ""
        with self.stranger() as stranger:
            if not self._look(stranger, uid, earlier):
                return ""
            told = self._papers_back(uid, earlier)
            view = stranger.visible_view(uid) or {}
            files = {attached.name for attached in self.shipment.attachments}
            beside = unsent(stranger, uid, view, earlier, self.shipment, files=files)
            return told if not beside else ""

    def _papers_back(self, uid: str, earlier: Shipment) -> str:
        try:
            if not self.sender.rows_bring_all:
                self.sender.send_papers(
                    self.client, uid, earlier, self.client.visible_view(uid) or {}
                )
        except PortalRejected:
            return "The previous rows were put back and read back; its papers were refused too."
        return "The previous release was put back and read back."
