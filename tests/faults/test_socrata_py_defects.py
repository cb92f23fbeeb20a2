"""Each defect of socrata-py 1.2.0: what the bare library does, then what the guarded one does.

socrata-py speaks https alone, so these portals have a certificate, which is verified.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
import socrata
import socrata.http
from examples.broken_portals import (
    CANARY,
    UID,
    Answer,
    Asked,
    Behaviour,
    Server,
    guarded,
    said,
    serving,
    shipment,
)
from examples.releases import filed_release, portal_columns
from socrata.authorization import Authorization
from socrata.http import UnexpectedResponseException
from socrata.job import Job
from socrata.revisions import Revision, Revisions
from socrata.sources import Source

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.portals import drafts, revisions
from opengazette.adapters.portals.revision_client import RevisionClient
from opengazette.adapters.portals.revisions import RevisionSender
from opengazette.adapters.portals.shipment import Shipment, pack
from opengazette.errors import HeldByPortal, PortalRejected, PortalUnavailable
from opengazette.localportal.tls import Certificate, own_certificate

TEXT = "name\n" + "José Muñoz\n" * 5
REVISION = f"/api/publishing/v1/revision/{UID}/0"
PIECE = 16


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return own_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.authority))
    return certificate


def bare(server: Server) -> Authorization:
    return Authorization(server.host, username="publisher", password="hunter2")


def revision_json(**attributes: Any) -> dict[str, Any]:
    resource = {"fourfour": UID, "revision_seq": 0, "closed_at": None, **attributes}
    links = {name: f"{REVISION}/{name}" for name in ("create_source", "apply", "update")}
    return {"resource": resource, "links": {"show": REVISION, "discard": REVISION, **links}}


def source_json(**attributes: Any) -> dict[str, Any]:
    resource = {"schemas": [], "failed_at": None, "finished_at": None, **attributes}
    at = "/api/publishing/v1/source/1"
    chunk = f"{at}/chunk/{{seq_num}}/{{byte_offset}}"
    own = {"show": at, "initiate": f"{at}/initiate", "chunk": chunk, "commit": f"{chunk}/commit"}
    return {"resource": resource, "links": {**own, "input_schema_links": {}}}


def job_json(**attributes: Any) -> dict[str, Any]:
    return {"resource": attributes, "links": {"show": f"{REVISION}/apply/1"}}


def uploading(asked: Asked, _number: int) -> Answer:
    """Take an upload in small pieces, and fail once it is whole."""
    if asked.path.endswith("/initiate"):
        return said({"preferred_chunk_size": PIECE, "preferred_upload_parallelism": 1})
    if "/chunk/" in asked.path:
        return said({})
    failed = "now" if asked.method == "GET" else None
    return said(source_json(failed_at=failed), 200 if asked.method == "GET" else 201)


def always(answer: Answer) -> Behaviour:
    return lambda _asked, _number: answer


def ours(server: Server) -> Revision:
    """Return a revision whose requests go over the guarded connection."""
    return Revision(RevisionClient(guarded(server))._auth, revision_json())


def sent() -> Shipment:
    return replace(shipment(TEXT.encode(), rows=5), metadata={"columns": []})


def chunks(server: Server) -> Iterator[tuple[int, bytes]]:
    for asked in server.asked:
        parts = asked.path.split("/")
        if asked.path.rpartition("/")[0].rpartition("/")[0].endswith("/chunk"):
            yield int(parts[-1]), asked.body


def committed(server: Server) -> int:
    return int(next(a.path for a in server.asked if a.path.endswith("/commit")).split("/")[-2])


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


def test_accepted_is_done_for_the_bare_library_and_waited_for_by_ours(
    trusted: Certificate,
) -> None:
    with serving(always(Answer(202)), trusted) as server:
        assert Revisions(UID, bare(server)).create_replace_revision().attributes == {}
    later = said(revision_json(), 201)
    with serving(lambda _asked, number: later if number else Answer(202), trusted) as server:
        opened = RevisionClient(guarded(server)).open(UID, rows=True)
        assert opened.attributes["revision_seq"] == 0
        assert len(server.asked) == 2
    with serving(always(said(revision_json(), 202)), trusted) as server:
        RevisionClient(guarded(server)).open(UID, rows=True)
        assert len(server.asked) == 1, "an answer with a resource is one"


@pytest.mark.parametrize("page", [Answer(200, b"<html>", "text/html"), said([1])])
def test_a_maintenance_page_is_obscure_in_the_bare_library_and_unavailable_in_ours(
    trusted: Certificate, page: Answer
) -> None:
    with serving(always(page), trusted) as server:
        with pytest.raises((TypeError, AttributeError)):
            Revisions(UID, bare(server)).create_replace_revision()
        with pytest.raises(PortalUnavailable, match="something other than data"):
            RevisionClient(guarded(server)).open(UID, rows=True)


@pytest.mark.parametrize("page", [Answer(200, b'{"resource"'), said({})], ids=["cut", "empty"])
def test_an_answer_cut_off_is_a_revision_for_the_bare_library_and_unavailable_in_ours(
    trusted: Certificate, page: Answer
) -> None:
    with serving(always(page), trusted) as server:
        assert Revisions(UID, bare(server)).create_replace_revision().attributes == {}
        with pytest.raises(PortalUnavailable, match="something other than data"):
            RevisionClient(guarded(server)).open(UID, rows=True)


def test_a_refusal_is_quoted_by_the_bare_library_and_by_its_code_alone_in_ours(
    trusted: Certificate,
) -> None:
    refusal = always(said({"code": "soda.refused", "message": CANARY}, 400))
    with serving(refusal, trusted) as server:
        with pytest.raises(UnexpectedResponseException, match=CANARY):
            Revisions(UID, bare(server)).create_replace_revision()
        with pytest.raises(PortalRejected, match="status 400, soda.refused") as refused:
            RevisionClient(guarded(server)).open(UID, rows=True)
    assert CANARY not in str(refused.value)
    assert refused.value.__cause__ is None


def test_plain_http_on_this_machine_is_beyond_the_bare_library_and_not_beyond_ours() -> None:
    with serving(always(said([]))) as server:
        with pytest.raises(requests.exceptions.SSLError):
            Revisions(UID, bare(server)).list()
        assert server.asked == []
        assert RevisionClient(guarded(server)).revisions_of(UID) == []


def test_a_question_is_asked_once_by_the_bare_library_and_again_by_ours(
    trusted: Certificate,
) -> None:
    busy = said({}, 503, Retry_After="0")
    with serving(lambda _asked, number: busy if number < 3 else said([]), trusted) as server:
        with pytest.raises(UnexpectedResponseException, match="503"):
            Revisions(UID, bare(server)).list()
        assert len(server.asked) == 1
        assert RevisionClient(guarded(server, attempts=3)).revisions_of(UID) == []
        assert len(server.asked) == 4


def test_a_session_is_lost_where_the_bare_library_changes_and_kept_by_ours(
    trusted: Certificate,
) -> None:
    with serving(always(said(revision_json())), trusted) as server:
        place = f"{server.url}{REVISION}"
        session = Authorization(server.host, cookies={"session": "s"})
        socrata.http.put(place, auth=session, data="{}")
        assert "Cookie" in server.asked.pop().headers
        socrata.http.patch(place, auth=session, data="{}")
        assert "Cookie" not in server.asked.pop().headers, "nobody is logged in"
        socrata.http.patch(place, auth=RevisionClient(guarded(server))._auth, data="{}")
        assert server.asked.pop().headers["Authorization"].startswith("Basic ")


def test_a_default_is_one_object_for_all_calls_of_the_bare_library_and_ours_says_each(
    trusted: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared: dict[str, str] = {}
    monkeypatch.setattr(Revisions.create_replace_revision, "__defaults__", (shared, None))
    shared["name"] = "of an earlier call"
    with serving(always(said(revision_json(), 201)), trusted) as server:
        Revisions(UID, bare(server)).create_replace_revision()
        assert json.loads(server.asked[0].body)["metadata"] == shared
        RevisionClient(guarded(server)).open(UID, rows=True)
        sent = json.loads(server.asked[1].body)
    assert sent["action"] == {"type": "replace", "permission": "public"}
    assert sent["metadata"] == {}


def test_a_portal_whose_certificate_nobody_vouches_for_is_told_nothing(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with serving(always(said([])), certificate) as server:
        with pytest.raises(PortalUnavailable, match="SSLError"):
            RevisionClient(guarded(server)).revisions_of(UID)
        assert server.asked == []


def test_every_request_of_the_library_goes_through_the_one_name_that_is_guarded() -> None:
    library = Path(socrata.__file__).parent
    calling = {
        file.name
        for file in library.rglob("*.py")
        for line in file.read_text("utf-8").splitlines()
        if any(f"requests.{verb}(" in line for verb in ("get", "post", "put", "patch", "delete"))
    }
    assert calling == {"http.py", "views.py"}
    ours = Path(revisions.__file__).parent.glob("*.py")
    assert not any("socrata.views" in file.read_text("utf-8") for file in ours)


def test_no_secret_is_in_anything_that_the_library_holds(trusted: Certificate) -> None:
    with serving(always(said([])), trusted) as server:
        client = RevisionClient(guarded(server))
        client.revisions_of(UID)
        assert "hunter2" not in repr(vars(client._auth))
        assert server.asked[0].headers["Authorization"].startswith("Basic ")
