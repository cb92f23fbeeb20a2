"""Sending by revisions: rows, columns, metadata, attachments and permission in one apply."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from opengazette.adapters.portals.answers import CODE, content_of, no_data
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.drafts import LONGEST_WORK, uploaded
from opengazette.adapters.portals.faces import papers_seen, shown_otherwise
from opengazette.adapters.portals.revision_client import Resource, RevisionClient, understood
from opengazette.adapters.portals.senders import few_changed
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.views import is_draft, is_open, kept_metadata, put_papers
from opengazette.errors import HeldByPortal, OpenGazetteError, PortalRejected, PortalUnavailable

#: How the note of every revision of ours begins; what follows names what it brings.
OURS: Final = "OpenGazette"


class RevisionSender:
    """A release as one revision, through socrata-py.

    A draft is read row by row before it is applied. What a run of ours left is discarded or,
    where it holds this very shipment, applied; what others have begun is left alone.
    """

    rows_bring_all = True
    changes_rows = False

    def __init__(self, *, pause: float = 1.0) -> None:
        self._pause = pause

    def begin(self, client: Connection, shipment: Shipment, /) -> str:
        """Make a private dataset, which comes with a revision."""
        revision = RevisionClient(client).on_new_dataset(str(shipment.metadata["name"]))
        return client.made(revision.attributes.get("fourfour"))

    def may_stand(self, client: Connection, uid: str, shipment: Shipment, /) -> bool:
        """Tell whether a revision with this shipment was applied: by a reviewer, or unheard of."""
        ours = [one for one in self._settled(client, uid) if _brought_rows(one)]
        newest = max(ours, key=lambda one: one.attributes["revision_seq"], default=None)
        return newest is not None and _note(newest) == _named(shipment, rows=True)

    def send_rows(
        self, client: Connection, uid: str, shipment: Shipment, _earlier: Shipment | None, /
    ) -> bool:
        """Replace the rows and all that is said of them in one apply."""
        return self._send(client, uid, shipment, rows=True)

    def send_columns(self, client: Connection, uid: str, shipment: Shipment, /) -> bool:
        """Replace columns, rows and all that is said of them in one apply."""
        return self._send(client, uid, shipment, rows=True)

    def send_papers(
        self, client: Connection, uid: str, shipment: Shipment, view: Mapping[str, Any], /
    ) -> None:
        """Change what is said where it differs; where a column's words do, the rows go as well.

        A revision changes what a column says of itself along with its rows alone.
        """
        otherwise = shown_otherwise(papers_seen(client, uid, view), shipment)
        if otherwise or not is_open(view):
            rows = any(name.startswith("column ") for name in otherwise)
            self._send(client, uid, shipment, rows=rows)

    def _send(self, client: Connection, uid: str, shipment: Shipment, *, rows: bool) -> bool:
        library, named = RevisionClient(client), _named(shipment, rows=rows)
        begun = [one for one in self._settled(client, uid) if not _is_closed(one)]
        ready = next((one for one in begun if _note(one) == named and _is_filled(one)), None)
        if ready is not None:
            _refuse_reviewed(client, uid, ready)
            return self._apply(ready)
        view = client.visible_view(uid) or {}
        revision = self._opened(library, uid, begun, rows=rows, new=is_draft(view))
        try:
            _change(revision, notes=_noted(named, shipment))
            output = uploaded(revision, shipment, self._pause) if rows else None
            _fill(client, revision, shipment, view, output)
        except OpenGazetteError:
            if not is_draft(view):
                _discard([revision])
            raise
        return self._apply(revision)

    def _settled(self, client: Connection, uid: str) -> list[Resource]:
        """Return the revisions of a dataset, once none of ours is being applied any more."""
        library = RevisionClient(client)
        listed = library.revisions_of(uid)
        running = [one for one in listed if _note(one).startswith(OURS) and _is_running(one)]
        for one in running:
            self._wait_for(one)
        return library.revisions_of(uid) if running else listed

    def _wait_for(self, revision: Resource) -> None:
        until = time.monotonic() + LONGEST_WORK
        while _is_running(revision):
            if time.monotonic() > until:
                raise PortalUnavailable(
                    "The portal has not ended applying an earlier revision.",
                    "Look at the dataset's revisions on the portal, then run again.",
                )
            time.sleep(self._pause)
            with understood():
                revision.show()

    def _opened(
        self,
        library: RevisionClient,
        uid: str,
        begun: Sequence[Resource],
        *,
        rows: bool,
        new: bool,
    ) -> Resource:
        """Open a revision, or take up the one that a new dataset came with; discard other ours."""
        if new and begun:
            _discard(begun[:-1])
            return begun[-1]
        ours = [one for one in begun if _note(one).startswith(OURS)]
        revision = library.open(uid, rows=rows)
        author = revision.attributes.get("created_by")
        _discard([*ours, *(one for one in begun if _is_blank(one, author))])
        return revision

    def _apply(self, revision: Resource) -> bool:
        """Apply a filled revision, wait for it, and say whether all rows were taken.

        Raises:
            HeldByPortal: the portal's reviewers must agree first; nothing of it is public.
            PortalRejected: the portal failed to apply it; nothing of it is public.
        """
        with understood():
            job = revision.apply()
            if job.submitted_for_approval():
                raise _held(revision)
            job = job.wait_for_finish(timeout=LONGEST_WORK, sleeptime=self._pause)
            status, log = job.attributes["status"], job.attributes.get("log") or ()
        if status != "successful":
            _discard([revision])
            raise PortalRejected(
                f"The portal failed to apply a revision{_code_in(log)}; nothing of it is public.",
                "Look at the dataset's revisions on the portal, then run the dataset again.",
            )
        return not any((entry.get("details") or {}).get("Errors") for entry in log)


class LargeSender(RevisionSender):
    """A large release as one revision; the few rows that differ from the one before, as those.

    A file that is too long for one request travels in pieces. Papers alone need no revision.
    """

    rows_bring_all = False
    changes_rows = True

    def send_rows(
        self, client: Connection, uid: str, shipment: Shipment, earlier: Shipment | None, /
    ) -> bool:
        """Change the few rows that differ, or replace all and what is said of them in one apply."""
        taken = few_changed(client, uid, shipment, earlier)
        return super().send_rows(client, uid, shipment, earlier) if taken is None else taken

    def send_papers(
        self, client: Connection, uid: str, shipment: Shipment, view: Mapping[str, Any], /
    ) -> None:
        """Send document, columns and attachments, each on its own."""
        put_papers(client, uid, shipment, view)


def _fill(
    client: Connection,
    revision: Resource,
    shipment: Shipment,
    view: dict[str, Any],
    output: Resource | None,
) -> None:
    """Say everything in one request: a later one empties the list of attachments."""
    with understood():
        place, seq = revision.links["show"], revision.attributes["revision_seq"]
        schema = {"output_schema_id": output.attributes["id"]} if output else {}
    if not isinstance(seq, int) or not str(place).startswith("/api/publishing/"):
        raise no_data()
    attachments = [
        {
            "name": paper.name,
            "filename": paper.name,
            "asset_id": client.attach_to_draft(place, paper.name, paper.media_type, paper.content),
        }
        for paper in shipment.attachments
    ]
    _change(
        revision,
        metadata={
            **shipment.document(),
            "metadata": {**kept_metadata(view), **shipment.inner()},
        },
        attachments=attachments,
        action={"type": "replace" if output else "update", "permission": "public"},
        **schema,
    )


def _change(revision: Resource, **changes: Any) -> None:  # noqa: ANN401 - any JSON value
    with understood():
        revision.update(changes)


def _discard(revisions: Iterable[Resource]) -> None:
    """Discard drafts; one that stays open is discarded by the next run."""
    for revision in revisions:
        with suppress(OpenGazetteError), understood():
            revision.discard()


def _refuse_reviewed(client: Connection, uid: str, revision: Resource) -> None:
    """Submit nothing twice, where the portal tells how far its reviewers are.

    Raises:
        HeldByPortal: they have not decided.
        PortalRejected: they did not agree.
    """
    state = _review(client, uid, revision.attributes.get("revision_seq"))
    if state == "pending":
        raise _held(revision)
    if state == "rejected":
        raise PortalRejected(
            "The portal's reviewers did not let the release out; the public sees what it saw.",
            "Ask them why. To submit the same release again, discard its revision on the portal.",
        )


def _review(client: Connection, uid: str, seq: object) -> object:
    asked = {"params": {"method": "guidance_v2", "assetId": f"{uid}:{seq}"}}
    try:
        listed = content_of(client.exchange("get", f"/api/views/{uid}/approvals", asked))
    except PortalRejected:
        return None
    found = [
        each.get("state")
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict) and each.get("revision_seq") == seq
    ]
    return found[-1] if found else None


def _held(revision: Resource) -> HeldByPortal:
    seq, uid = revision.attributes.get("revision_seq"), revision.attributes.get("fourfour")
    return HeldByPortal(
        "The portal lets nothing out before its own reviewers agree; the public sees what it saw.",
        f"Have revision {seq} of dataset {uid} reviewed on the portal. The next run finds out.",
    )


def _named(shipment: Shipment, *, rows: bool) -> str:
    return f"{OURS} {'release' if rows else 'papers'} {shipment.mark[:32]}"


def _noted(named: str, shipment: Shipment) -> str:
    """Return the mark that a revision of ours is known by, then what is new for its readers."""
    told = (shipment.metadata.get("custom_fields") or {}).get("Publication", {})
    return "\n\n".join(filter(None, (named, told.get("change_note"))))


def _note(revision: Resource) -> str:
    """Return the mark of a revision; what follows are words for readers."""
    return str(revision.attributes.get("notes") or "").partition("\n")[0]


def _is_closed(revision: Resource) -> bool:
    return bool(revision.attributes.get("closed_at"))


def _is_running(revision: Resource) -> bool:
    jobs = revision.attributes.get("task_sets") or ()
    return not _is_closed(revision) and any(not job.get("finished_at") for job in jobs)


def _brought_rows(revision: Resource) -> bool:
    applied = _is_closed(revision) and not revision.attributes.get("discarded_at")
    return applied and _note(revision).startswith(f"{OURS} release")


def _is_filled(revision: Resource) -> bool:
    """Tell whether everything was said of a revision of ours: files are listed last."""
    return bool(revision.attributes.get("attachments"))


def _is_blank(revision: Resource, author: object) -> bool:
    said = ("notes", "output_schema_id", "attachments", "metadata")
    given = revision.attributes
    return given.get("created_by") == author and not any(given.get(name) for name in said)


def _code_in(log: Sequence[dict[str, Any]]) -> str:
    codes = [(entry.get("details") or {}).get("code") for entry in log]
    return next((f" ({c})" for c in codes if isinstance(c, str) and CODE.fullmatch(c)), "")
