"""Defects of socrata-py 1.2.0 in uploads and jobs: the bare library, then the guarded one.

socrata-py speaks https alone, so these portals have a certificate, which is verified.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from examples.broken_portals import (
    CANARY,
    UID,
    Answer,
    Asked,
    guarded,
    said,
    serving,
)
from examples.releases import filed_release, portal_columns
from examples.socrata_py_bare import (
    PIECE,
    TEXT,
    always,
    bare,
    chunks,
    committed,
    job_json,
    ours,
    revision_json,
    sent,
    source_json,
    uploading,
)
from socrata.http import UnexpectedResponseException
from socrata.job import Job
from socrata.sources import Source

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.portals import drafts, revisions
from opengazette.adapters.portals.revision_client import RevisionClient
from opengazette.adapters.portals.revisions import RevisionSender
from opengazette.adapters.portals.shipment import pack
from opengazette.errors import HeldByPortal, PortalRejected, PortalUnavailable
from opengazette.localportal.tls import Certificate


def test_text_beyond_ascii_is_counted_in_characters_by_the_bare_library_and_in_bytes_by_ours(
    trusted: Certificate,
) -> None:
    with serving(uploading, trusted) as server:
        Source(bare(server), source_json()).csv(TEXT)
        assert committed(server) == len(TEXT) < len(TEXT.encode())
    with serving(uploading, trusted) as server:
        with pytest.raises(PortalRejected, match="failed to work on a draft"):
            drafts.uploaded(ours(server), sent(), 0.01)
        assert committed(server) == len(TEXT.encode())
        assert b"".join(body for _, body in chunks(server)) == TEXT.encode()


def test_a_piece_is_too_large_in_the_bare_library_and_never_in_ours(trusted: Certificate) -> None:
    with serving(uploading, trusted) as server:
        lines = (f"{line}\n".encode() for line in TEXT.splitlines())
        Source(bare(server), source_json()).csv(lines)
        assert max(len(body) for _, body in chunks(server)) > PIECE
    with serving(uploading, trusted) as server:
        with pytest.raises(PortalRejected):
            drafts.uploaded(ours(server), sent(), 0.01)
        found = list(chunks(server))
        assert max(len(body) for _, body in found) <= PIECE
        assert [at for at, _ in found] == list(range(0, len(TEXT.encode()), PIECE))


def test_an_empty_table_is_an_index_error_in_the_bare_library_and_never_leaves_in_ours(
    trusted: Certificate, tmp_path: Path
) -> None:
    with serving(uploading, trusted) as server, pytest.raises(IndexError):
        Source(bare(server), source_json()).csv(b"")
    papers = ArchivePapers(FolderArchive(tmp_path))
    empty = filed_release(papers, "x", b"name\n", {"columns": portal_columns({"name": "text"})})
    with pytest.raises(PortalRejected, match="no rows"):
        pack(empty.release, papers)


def test_a_busy_portal_is_asked_again_at_once_by_the_bare_library_and_later_by_ours(
    trusted: Certificate,
) -> None:
    busy = always(said({}, 503))
    with serving(busy, trusted) as server:
        began = time.monotonic()
        with pytest.raises(UnexpectedResponseException):
            Source(bare(server), source_json()).wait_for_schema()
        assert len(server.asked) == 6
        assert time.monotonic() - began < 1
    with serving(busy, trusted) as server:
        with pytest.raises(PortalUnavailable, match="busy"):
            RevisionClient(guarded(server)).revisions_of(UID)
        assert len(server.asked) == 1, "how often is for the connection, which waits in between"


def test_what_waits_for_approval_is_done_for_the_bare_library_and_held_for_ours(
    trusted: Certificate,
) -> None:
    held = job_json(key="approval_submitted", id=1)
    with serving(always(said(held, 201)), trusted) as server:
        job = Job(bare(server), held)
        assert job.is_complete()
        assert job.wait_for_finish() is job
        with pytest.raises(HeldByPortal, match="reviewers agree"):
            RevisionSender()._apply(ours(server))


def test_a_job_that_failed_at_once_is_done_for_the_bare_library_and_refused_by_ours(
    trusted: Certificate,
) -> None:
    log = [{"details": {"code": "schema.broken", "message": CANARY}}]
    failed = job_json(key="", id=1, status="failure", finished_at="now", log=log)

    def behave(asked: Asked, _number: int) -> Answer:
        return said(failed if "/apply" in asked.path else revision_json())

    with serving(behave, trusted) as server:
        assert Job(bare(server), failed).wait_for_finish().attributes["status"] == "failure"
        with pytest.raises(PortalRejected, match="schema.broken") as refused:
            RevisionSender()._apply(ours(server))
        assert server.asked[-1].method == "DELETE", "the draft is discarded"
    assert CANARY not in str(refused.value)


def test_a_job_without_end_is_waited_for_for_ever_by_the_bare_library_and_not_by_ours(
    trusted: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = job_json(key="", id=1, status="upserting", finished_at=None)

    def behave(asked: Asked, _number: int) -> Answer:
        return said(working if "/apply" in asked.path else revision_json())

    assert Job.wait_for_finish.__defaults__[1] is None, "no time-out unless one is given"
    monkeypatch.setattr(revisions, "LONGEST_WORK", 0.05)
    with (
        serving(behave, trusted) as server,
        pytest.raises(PortalUnavailable, match="did not finish working on a draft"),
    ):
        RevisionSender(pause=0.02)._apply(ours(server))


def test_a_revision_that_is_still_being_applied_is_waited_for(trusted: Certificate) -> None:
    name = revisions._named(sent(), rows=True)
    running = revision_json(notes=name, task_sets=[{"finished_at": None}])
    closed = revision_json(notes=name, task_sets=[{"finished_at": "now"}], closed_at="now")

    def behave(asked: Asked, number: int) -> Answer:
        now = closed if number > 1 else running
        return said(now if asked.path.endswith("/0") else [now])

    with serving(behave, trusted) as server:
        assert RevisionSender(pause=0.01).may_stand(guarded(server), UID, sent())
        assert [asked.method for asked in server.asked] == ["GET"] * 4
