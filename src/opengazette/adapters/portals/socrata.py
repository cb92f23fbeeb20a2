"""A Socrata portal: the public sees the old release or the new one, whole, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from opengazette.adapters.portals.connection import Connection, Credentials, checked_uid
from opengazette.adapters.portals.rows import ReadBack, read_back, replace_rows
from opengazette.adapters.portals.shipment import Shipment, pack
from opengazette.adapters.portals.views import (
    create_draft,
    is_draft,
    put_papers,
    refuse_other_columns,
)
from opengazette.errors import PortalRejected, PortalUnavailable
from opengazette.model.stages import Approved, Release
from opengazette.ports import Papers, PublicState

#: Reads come from a replica that lags behind: how long to wait before each look, in seconds.
LOOKS = (0.0, 1.0, 3.0, 10.0)


class SocrataPortal:
    """A `ports.Portal` on SODA 2."""

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        papers: Papers,
        *,
        seconds: tuple[float, float] = (10.0, 300.0),
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address.rstrip("/")
        self._credentials = credentials
        self._papers = papers
        self._seconds, self._attempts, self._sleep = seconds, attempts, sleep

    def state(self, uid: str, columns: Mapping[str, str]) -> PublicState | None:
        """Return what a stranger sees now, or None where nothing is public at that address.

        The digest is empty where the public table has other columns than `columns`.
        """
        with self._connected(None) as stranger:
            if stranger.visible_view(uid) is None:
                return None
            return self._public_state(uid, read_back(stranger, uid, columns))

    def publish(self, release: Approved, *, uid: str | None, before: Release | None) -> PublicState:
        """Replace the public rows in one transaction, read back and compare.

        A dataset without `uid` is created as a private draft and becomes public only after it
        was read back; where anything fails before, the draft is taken back. Where what is read
        back differs, the rows and papers of `before` are put back, or the dataset is made
        private when there is none.

        Raises:
            PortalUnavailable: the portal did not answer to the end; sending again is safe.
            PortalRejected: the portal refused the release, or showed something else.
        """
        shipment = pack(release.release, self._papers)
        earlier = pack(before, self._papers) if before is not None else None
        with self._connected(self._credentials) as client:
            if uid is None:
                return self._create(client, shipment)
            return self._replace(client, checked_uid(uid), shipment, earlier)

    def _create(self, client: Connection, shipment: Shipment) -> PublicState:
        uid = create_draft(client, shipment)
        try:
            state = self._send(client, uid, shipment)
        except BaseException:
            with suppress(PortalUnavailable, PortalRejected):
                client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
            with suppress(PortalUnavailable, PortalRejected):
                client.discard(uid)
            raise
        if state is None:
            client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
            client.discard(uid)
            raise _differs("The new dataset was taken back; nothing of it is public.")
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
        state = self._send(client, uid, shipment)
        if state is None:
            raise _differs(self._put_back(client, uid, earlier))
        return state

    def _send(self, client: Connection, uid: str, shipment: Shipment) -> PublicState | None:
        """Send a release; return None where the portal or a stranger sees something else."""
        if not replace_rows(client, uid, shipment):
            return None
        view = client.visible_view(uid)
        if view is not None and is_draft(view):
            client.publish(uid)  # type: ignore[no-untyped-call]
        if self._look(client, uid, shipment) is None:
            return None
        put_papers(client, uid, shipment)
        client.set_permission(uid, "public")  # type: ignore[no-untyped-call]
        with self._connected(None) as stranger:
            seen = self._look(stranger, uid, shipment)
        return self._public_state(uid, seen) if seen else None

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
            with suppress(PortalRejected):
                if self._send(client, uid, earlier) is not None:
                    return "The previous release was put back and read back."
        client.set_permission(uid, "private")  # type: ignore[no-untyped-call]
        with self._connected(None) as stranger:
            if stranger.visible_view(uid) is not None:
                return f"Dataset {uid} could not be made private: look at the portal now."
        return f"Dataset {uid} was made private; nothing of it is public."

    def _public_state(self, uid: str, seen: ReadBack) -> PublicState:
        return PublicState(
            uid=uid,
            address=f"{self._address}/d/{uid}",
            rows=seen.rows,
            digest=seen.digest,
            is_public=True,
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


def _differs(what_is_public: str) -> PortalRejected:
    return PortalRejected(
        f"The portal showed something other than what was sent. {what_is_public}",
        "Compare the portal's activity log with the run, then run the dataset again.",
    )
