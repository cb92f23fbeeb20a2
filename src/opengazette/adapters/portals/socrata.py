"""A Socrata portal: the public sees the old release or the new one, whole, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from opengazette.adapters.portals.answers import still_there
from opengazette.adapters.portals.connection import Connection, Credentials, checked_uid
from opengazette.adapters.portals.faces import face_seen, papers_seen
from opengazette.adapters.portals.publication import LOOKS, Publication
from opengazette.adapters.portals.rows import ReadBack, read_back
from opengazette.adapters.portals.senders import ByRevision, Sender, SodaSender
from opengazette.adapters.portals.shipment import pack, pack_again
from opengazette.adapters.portals.unsent import derived_from
from opengazette.adapters.portals.views import is_draft, is_open
from opengazette.errors import PortalUnavailable
from opengazette.model.public_face import Seen
from opengazette.model.stages import Approved, Release
from opengazette.ports import Claim, Papers, PublicState


class SocrataPortal:
    """A `ports.Portal` on Socrata; the sender says by which of its protocols releases go.

    `by_revision` says which go otherwise.
    """

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        papers: Papers,
        sender: Sender | None = None,
        *,
        by_revision: ByRevision | None = None,
        seconds: tuple[float, float] = (10.0, 300.0),
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address.rstrip("/")
        self._credentials = credentials
        self._papers = papers
        self._sender: Sender = sender or SodaSender()
        self._by_revision = by_revision
        self._seconds, self._attempts, self._sleep = seconds, attempts, sleep

    def changes_rows(self, dataset: str) -> bool:
        """Tell whether a small difference of a dataset goes row by row."""
        return self._sender_of(dataset, 0).changes_rows

    def _sender_of(self, dataset: str, size: int) -> Sender:
        chosen = self._by_revision.sender(dataset, size) if self._by_revision else None
        return chosen or self._sender

    def state(self, uid: str, columns: Mapping[str, str]) -> PublicState | None:
        """Return what a stranger sees now, or None where there is nothing at that address.

        The digest is empty where the public table has other columns than `columns`; without any,
        neither rows nor papers are read. What only the publisher sees is not `is_public` and has
        no rows.
        """
        with self._connected(None) as stranger:
            view = stranger.visible_view(uid)
            if view is not None:
                if not columns:
                    return self._public_state(uid, ReadBack(0, ""), None)
                papers = papers_seen(stranger, uid, view).digest
                return self._public_state(uid, read_back(stranger, uid, columns), papers)
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
        claim: Claim | None = None,
    ) -> PublicState:
        """Put the rows in one transaction, read back and compare.

        A dataset without `uid` is created as a private draft and becomes public only after it
        was read back; where anything fails before, the draft is taken back. `created` hears its
        id before any row is sent; with that `uid` and no `before`, a later run finishes what
        this one could not. Where rows were replaced and what is read back differs, or the portal
        refuses what follows, the rows and papers of `before` are put back, or the dataset is
        made private when there is none. Columns become others only as `release` says that a person
        has approved, along with the rows. `claim` is asked before each request by which the public
        could see something else.

        Raises:
            PortalUnavailable: the portal did not answer to the end; sending again is safe.
            PortalRejected: the portal refused the release, or showed something else.
            HeldByPortal: its own reviewers hold the release; the public sees what it saw.
            LedgerConflict: the claim was lost; another run finishes, or a person has stopped it.
        """
        earlier = pack_again(before, self._papers) if before is not None else None
        with (
            ThreadPoolExecutor(1) as meanwhile,
            self._connected(self._credentials) as client,
        ):
            shipment = pack(release.release, self._papers, meanwhile)
            if claim is not None:
                client.before_showing = claim.refuse_lost
            sending = Publication(
                client=client,
                sender=self._sender_of(release.release.dataset, shipment.table.stat().st_size),
                shipment=shipment,
                earlier=earlier,
                address=self._address,
                stranger=lambda: self._connected(None),
                sleep=self._sleep,
                change=release.columns,
                claim=claim,
                created=created,
            )
            if uid is None:
                return sending.create()
            if before is None:
                return sending.finish(checked_uid(uid))
            return sending.replace(checked_uid(uid))

    def withdraw(self, uid: str, *, delete: bool) -> None:
        """Make a dataset private, or delete it, and see that a stranger finds nothing there.

        What others derived from it (filtered views, charts) must not show it any more either. A
        dataset that is not there any more is withdrawn already.

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
                    break
            else:
                raise still_there(uid)
            for derived in derived_from(stranger, uid):
                named = checked_uid(str(derived.get("id")))
                if stranger.shows_anything(named):
                    raise still_there(named, of=uid)

    def _public_state(self, uid: str, seen: ReadBack, papers: str | None) -> PublicState:
        return PublicState(
            uid=uid,
            address=f"{self._address}/d/{uid}",
            rows=seen.rows,
            digest=seen.digest,
            is_public=True,
            papers=papers,
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
