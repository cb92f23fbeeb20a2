"""A Socrata portal: the public sees the old release or the new one, whole, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from opengazette.adapters.portals.answers import differs, still_there
from opengazette.adapters.portals.connection import Connection, Credentials, checked_uid
from opengazette.adapters.portals.faces import face_seen, papers_seen, shown_otherwise
from opengazette.adapters.portals.rows import ReadBack, read_back
from opengazette.adapters.portals.senders import Sender, SodaSender
from opengazette.adapters.portals.shipment import Shipment, pack
from opengazette.adapters.portals.views import (
    has_columns,
    is_draft,
    is_open,
    other_columns,
    refuse_other_columns,
)
from opengazette.errors import HeldByPortal, PortalRejected, PortalUnavailable
from opengazette.model.public_face import Seen
from opengazette.model.stages import Approved, Release
from opengazette.ports import Papers, PublicState

#: Hears the id of a new dataset.
Created = Callable[[str], None] | None
#: Reads come from a replica that lags behind: how long to wait before each look, in seconds.
LOOKS = (0.0, 1.0, 3.0, 10.0)


class SocrataPortal:
    """A `ports.Portal` on Socrata; the sender says by which of its protocols releases go."""

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        papers: Papers,
        sender: Sender | None = None,
        *,
        seconds: tuple[float, float] = (10.0, 300.0),
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address.rstrip("/")
        self._credentials = credentials
        self._papers = papers
        self._sender: Sender = sender or SodaSender()
        self._seconds, self._attempts, self._sleep = seconds, attempts, sleep

    @property
    def changes_rows(self) -> bool:
        """Tell whether a small difference goes row by row."""
        return self._sender.changes_rows

    def state(self, uid: str, columns: Mapping[str, str]) -> PublicState | None:
        """Return what a stranger sees now, or None where there is nothing at that address.

        The digest is empty where the public table has other columns than `columns`; without any,
        the rows are not read. What only the publisher sees is not `is_public` and has no rows.
        """
        with self._connected(None) as stranger:
            view = stranger.visible_view(uid)
            if view is not None:
                papers = papers_seen(stranger, uid, view)
                rows = read_back(stranger, uid, columns) if columns else ReadBack(0, "")
                return self._public_state(uid, rows, papers.digest)
        if not self._is_known(uid):
            return None
        return PublicState(uid, f"{self._address}/d/{uid}", 0, "", is_public=False)

    def seen(self, uid: str, columns: Mapping[str, str], key: Sequence[str]) -> Seen:
        """Return how a dataset stands, and what a stranger sees of it where it is public."""
        address = f"{self._address}/d/{checked_uid(uid)}"
        with self._connected(None) as stranger:
            view = stranger.visible_view(uid)
            if view is not None:
                return Seen(uid, address, "public", face_seen(stranger, uid, view, columns, key))
        return Seen(uid, address, "private" if self._is_known(uid) else "absent")

    def _is_known(self, uid: str) -> bool:
        """Tell whether the publisher sees what no stranger does."""
        with self._connected(self._credentials) as client:
            view = client.visible_view(uid)
        if view is not None and is_open(view) and not is_draft(view):
            raise PortalUnavailable(
                f"The portal says that dataset {uid} is public, and shows it to no stranger.",
                "See whether the portal turns strangers away, then run again later.",
            )
        return view is not None

    def publish(
        self,
        release: Approved,
        *,
        uid: str | None,
        before: Release | None,
        created: Callable[[str], None] | None = None,
    ) -> PublicState:
        """Put the rows in one transaction, read back and compare.

        A dataset without `uid` is created as a private draft and becomes public only after it
        was read back; where anything fails before, the draft is taken back. `created` hears its
        id before any row is sent; with that `uid` and no `before`, a later run finishes what
        this one could not. Where rows were replaced and what is read back differs, or the portal
        refuses what follows, the rows and papers of `before` are put back, or the dataset is
        made private when there is none.

        Raises:
            PortalUnavailable: the portal did not answer to the end; sending again is safe.
            PortalRejected: the portal refused the release, or showed something else.
            HeldByPortal: its own reviewers hold the release; the public sees what it saw.
        """
        shipment = pack(release.release, self._papers)
        earlier = pack(before, self._papers) if before is not None else None
        with self._connected(self._credentials) as client:
            if uid is None:
                return self._create(client, shipment, created)
            if before is None:
                return self._finish(client, checked_uid(uid), shipment, created)
            return self._replace(client, checked_uid(uid), shipment, earlier)

    def withdraw(self, uid: str, *, delete: bool) -> None:
        """Make a dataset private, or delete it, and see that a stranger finds nothing there.

        A dataset that is not there any more is withdrawn already.

        Raises:
            PortalUnavailable: the portal did not answer to the end; do it again.
            PortalRejected: the portal refused, or a stranger still sees something of it.
        """
        with self._connected(self._credentials) as client:
            if client.visible_view(uid) is not None:
                client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
                if delete:
                    client.withdraw(uid)
            view = client.visible_view(uid)
        if view is not None and (delete or is_open(view)):
            raise still_there(uid)
        with self._connected(None) as stranger:
            for pause in LOOKS:
                self._sleep(pause)
                if not stranger.shows_anything(uid):
                    return
        raise still_there(uid)

    def _finish(
        self, client: Connection, uid: str, shipment: Shipment, created: Created
    ) -> PublicState:
        """Go on with a dataset that a run created and could not bring before the public."""
        view = client.visible_view(uid)
        if view is None:
            return self._create(client, shipment, created)
        if not is_draft(view):
            return self._replace(client, uid, shipment, None)
        client.take_up(view)
        if has_columns(view) and other_columns(view, shipment.columns):
            client.discard(uid)
            return self._create(client, shipment, created)
        return self._fill(client, uid, shipment, None)

    def _create(self, client: Connection, shipment: Shipment, created: Created) -> PublicState:
        return self._fill(client, self._sender.begin(client, shipment), shipment, created)

    def _fill(
        self, client: Connection, uid: str, shipment: Shipment, created: Created
    ) -> PublicState:
        """Bring a draft before the public, or take it back."""
        try:
            if created is not None:
                created(uid)
            taken = self._sender.send_rows(client, uid, shipment, None)
            state = self._show(client, uid, shipment) if taken else None
        except HeldByPortal:
            raise
        except BaseException:
            with suppress(PortalUnavailable, PortalRejected):
                client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
            with suppress(PortalUnavailable, PortalRejected):
                client.discard(uid)
            raise
        if state is None:
            client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
            client.discard(uid)
            raise differs("The new dataset was taken back; nothing of it is public.")
        return state

    def _replace(
        self, client: Connection, uid: str, shipment: Shipment, earlier: Shipment | None
    ) -> PublicState:
        view = client.visible_view(uid)
        if view is None:
            raise PortalRejected(
                f"The portal has no dataset {uid} that its user may change.",
                "Restore the dataset on the portal, or check the user's rights.",
            )
        refuse_other_columns(view, shipment.columns)
        stands = self._stands(client, uid, shipment, earlier)
        taken = stands or self._sender.send_rows(client, uid, shipment, earlier)
        try:
            state = self._show(client, uid, shipment, with_rows=not stands) if taken else None
        except PortalRejected as refused:
            what_is_public = self._put_back(client, uid, earlier)
            raise PortalRejected(f"{refused.problem} {what_is_public}", refused.remedy) from None
        if state is None:
            raise differs(self._put_back(client, uid, earlier))
        return state

    def _stands(
        self, client: Connection, uid: str, shipment: Shipment, earlier: Shipment | None
    ) -> bool:
        """Tell whether the rows stand already: then only papers change.

        A replaced row counts as changed with everybody who follows the table.
        """
        sent = self._sender.may_stand(client, uid, shipment)
        if not sent and (earlier is None or earlier.digest != shipment.digest):
            return False
        seen = read_back(client, uid, shipment.columns)
        return seen == ReadBack(shipment.rows, shipment.digest)

    def _show(
        self, client: Connection, uid: str, shipment: Shipment, *, with_rows: bool = True
    ) -> PublicState | None:
        """Bring rows that were sent before the public; None where something else is seen."""
        view = client.visible_view(uid)
        if view is not None and is_draft(view):
            client.publish(uid)  # type: ignore[no-untyped-call]
        if self._look(client, uid, shipment) is None:
            return None
        if not (with_rows and self._sender.rows_bring_all):
            self._sender.send_papers(client, uid, shipment)
            client.set_permission(uid, "public")  # type: ignore[no-untyped-call]
        with self._connected(None) as stranger:
            seen = self._look(stranger, uid, shipment)
            view = stranger.visible_view(uid) if seen else None
            if seen is None or view is None:
                return None
            papers = papers_seen(stranger, uid, view)
            otherwise = shown_otherwise(papers, shipment)
            return self._public_state(uid, seen, papers.digest, otherwise)

    def _look(self, client: Connection, uid: str, shipment: Shipment) -> ReadBack | None:
        for pause in LOOKS:
            self._sleep(pause)
            if client.visible_view(uid) is None:
                continue
            seen = read_back(client, uid, shipment.columns)
            if seen == ReadBack(shipment.rows, shipment.digest):
                return seen
        return None

    def _put_back(self, client: Connection, uid: str, earlier: Shipment | None) -> str:
        """Show the earlier release again, or nothing; say which."""
        if earlier is not None:
            with suppress(PortalRejected, HeldByPortal), self._connected(None) as stranger:
                sent = self._sender.send_rows(client, uid, earlier, None)
                if sent and self._look(stranger, uid, earlier):
                    return self._papers_back(client, uid, earlier)
        with suppress(PortalRejected):
            client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
        with self._connected(None) as stranger:
            if stranger.visible_view(uid) is not None:
                return (
                    f"Dataset {uid} could not be put back or made private: look at the portal now, "
                    "and take it off by hand if it is wrong."
                )
        return f"Dataset {uid} was made private; nothing of it is public."

    def _papers_back(self, client: Connection, uid: str, earlier: Shipment) -> str:
        try:
            if not self._sender.rows_bring_all:
                self._sender.send_papers(client, uid, earlier)
        except PortalRejected:
            return "The previous rows were put back and read back; its papers were refused too."
        return "The previous release was put back and read back."

    def _public_state(
        self, uid: str, seen: ReadBack, papers: str, otherwise: tuple[str, ...] = ()
    ) -> PublicState:
        return PublicState(
            uid=uid,
            address=f"{self._address}/d/{uid}",
            rows=seen.rows,
            digest=seen.digest,
            is_public=True,
            papers=papers,
            otherwise=otherwise,
        )

    @contextmanager
    def _connected(self, credentials: Credentials | None) -> Iterator[Connection]:
        client = Connection(
            self._address,
            credentials,
            seconds=self._seconds,
            attempts=self._attempts,
            sleep=self._sleep,
        )
        with client:
            yield client
