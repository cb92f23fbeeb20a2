"""Conformance cases 10, 11 and 18, and the other faults that a publisher must survive."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from fastapi.testclient import TestClient

from opengazette.errors import SettingsInvalid
from opengazette.localportal import PortalSettings, create_app

pytestmark = pytest.mark.servers

ANN = ("ann", "correct horse")
ROWS = [{"word": "old"}]
NEW = [{"word": "new"}, {"word": "newer"}]


class Portal:
    """A portal that fails, with one dataset."""

    def __init__(self, address: str) -> None:
        self.address = address
        body = {"name": "Words", "columns": [{"name": "Word", "dataTypeName": "text"}]}
        self.id = self.ask("POST", "/api/views.json", json=body).json()["id"]
        self.rows = f"/resource/{self.id}.json"
        self.ask("PUT", self.rows, json=ROWS)

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        given.setdefault("auth", ANN)
        return requests.request(method, self.address + path, timeout=10, **given)

    def arm(self, kind: str, **more: Any) -> None:
        fault = {"kind": kind, "path": "/resource/", **more}
        assert self.ask("PUT", "/api/faults", json=[fault]).status_code == 200


@pytest.fixture
def portal(faulty_portal: str) -> Iterator[Portal]:
    portal = Portal(faulty_portal)
    yield portal
    left = portal.ask("GET", "/api/faults").json()
    assert left == [], "a fault was armed and met nothing"


def test_case_10_a_ticket_is_exchanged_for_the_answer(portal: Portal) -> None:
    portal.arm("accepted_with_ticket", method="PUT")
    accepted = portal.ask("PUT", portal.rows, json=NEW)
    assert accepted.status_code == 202
    ticket = accepted.json()["ticket"]
    later = portal.ask("GET", f"{portal.rows}?ticket={ticket}")
    assert (later.status_code, later.json()["Rows Created"]) == (200, 2)
    assert portal.ask("GET", portal.rows).json() == NEW


def test_case_10_a_location_leads_to_the_answer(portal: Portal) -> None:
    portal.arm("accepted_with_location", method="PUT", retry_after=2)
    accepted = portal.ask("PUT", portal.rows, json=NEW)
    assert (accepted.status_code, accepted.headers["Retry-After"]) == (202, "2")
    assert portal.ask("GET", accepted.headers["Location"]).json()["Rows Created"] == 2


def test_case_10_a_bare_202_is_asked_again(portal: Portal) -> None:
    portal.arm("accepted_bare", method="PUT")
    assert portal.ask("PUT", portal.rows, json=NEW).status_code == 202
    assert portal.ask("GET", portal.rows).json() == ROWS
    assert portal.ask("PUT", portal.rows, json=NEW).json()["Rows Created"] == 2


@pytest.mark.parametrize("wait", [None, 3])
def test_case_11_too_many_requests_may_say_how_long_to_wait(
    portal: Portal, wait: int | None
) -> None:
    portal.arm("throttled", times=2, retry_after=wait)
    for _ in range(2):
        refused = portal.ask("GET", portal.rows)
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
        assert refused.headers.get("Retry-After") == (str(wait) if wait else None)
    assert portal.ask("GET", portal.rows).json() == ROWS


def test_case_18_a_stale_read_says_so(portal: Portal) -> None:
    assert portal.ask("GET", portal.rows).headers["X-SODA2-Data-Out-Of-Date"] == "false"
    portal.ask("PUT", portal.rows, json=NEW)
    portal.arm("stale")
    stale = portal.ask("GET", portal.rows)
    assert (stale.json(), stale.headers["X-SODA2-Data-Out-Of-Date"]) == (ROWS, "true")
    fresh = portal.ask("GET", portal.rows)
    assert (fresh.json(), fresh.headers["X-SODA2-Data-Out-Of-Date"]) == (NEW, "false")


def test_a_connection_can_break_after_the_write_is_done(portal: Portal) -> None:
    portal.arm("reset_after_commit", method="PUT")
    with pytest.raises(requests.RequestException):
        portal.ask("PUT", portal.rows, json=NEW).json()
    assert portal.ask("GET", portal.rows).json() == NEW


def test_an_answer_can_be_cut_in_its_middle(portal: Portal) -> None:
    portal.arm("cut", method="GET")
    with pytest.raises(requests.RequestException):
        portal.ask("GET", portal.rows).json()
    assert portal.ask("GET", portal.rows).json() == ROWS


def test_a_failure_changes_nothing(portal: Portal) -> None:
    portal.arm("failing", method="PUT")
    assert portal.ask("PUT", portal.rows, json=NEW).status_code == 500
    assert portal.ask("GET", portal.rows).json() == ROWS


def test_maintenance_is_a_page_with_status_200(portal: Portal) -> None:
    portal.arm("maintenance")
    page = portal.ask("GET", portal.rows)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")


def test_revoked_credentials_fail_where_they_are_sent(portal: Portal) -> None:
    portal.arm("revoked")
    assert portal.ask("PUT", portal.rows, json=NEW).json()["code"] == "authentication_required"
    assert portal.ask("PUT", portal.rows, json=NEW).status_code == 200


def test_an_answer_can_be_slow(portal: Portal) -> None:
    portal.arm("slow", seconds=0.3)
    began = time.monotonic()
    assert portal.ask("GET", portal.rows).json() == ROWS
    assert time.monotonic() - began >= 0.3


def test_only_publishers_arm_faults_and_unknown_ones_are_refused(portal: Portal) -> None:
    fault = [{"kind": "failing"}]
    assert portal.ask("PUT", "/api/faults", json=fault, auth=None).status_code == 403
    for malformed in ([{"kind": "explode"}], {"kind": "failing"}, [{"kind": "slow", "times": 0}]):
        assert portal.ask("PUT", "/api/faults", json=malformed).status_code == 400
    portal.arm("failing")
    assert portal.ask("DELETE", "/api/faults").json() == []


def test_a_portal_does_not_fail_on_demand_unless_it_is_allowed_to(tmp_path: Path) -> None:
    with TestClient(create_app(PortalSettings(folder=tmp_path, users=dict([ANN])))) as client:
        assert client.put("/api/faults", json=[], auth=ANN).status_code in (404, 405)
    with pytest.raises(SettingsInvalid, match="fail on demand"):
        PortalSettings(folder=tmp_path, users=dict([ANN]), host="0.0.0.0", allow_faults=True)  # noqa: S104
