"""Each defect of socrata-py 1.2.0: what the bare library does, then what the guarded one does.

What it does with uploads and jobs: test_socrata_py_drafts.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests
import socrata
import socrata.http
from examples.broken_portals import (
    CANARY,
    UID,
    Answer,
    guarded,
    said,
    serving,
)
from examples.socrata_py_bare import (
    REVISION,
    always,
    bare,
    revision_json,
)
from socrata.authorization import Authorization
from socrata.http import UnexpectedResponseException
from socrata.revisions import Revisions

from opengazette.adapters.portals import revisions
from opengazette.adapters.portals.revision_client import RevisionClient
from opengazette.errors import PortalRejected, PortalUnavailable
from opengazette.localportal.tls import Certificate


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
