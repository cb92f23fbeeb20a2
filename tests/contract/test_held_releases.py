"""A portal whose reviewers must agree before anything is public: a release waits for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from examples.offices import CONTRACT, LocalPortal, Office

from opengazette.errors import HeldByPortal, PortalRejected
from opengazette.steps.watch import watch

REVIEWER = ("reviewer", "another-password")


@pytest.fixture
def office(tmp_path: Path, reviewed_portal: LocalPortal) -> Iterator[Office]:
    return Office(tmp_path / "archive", reviewed_portal, "revisions")


def waiting(office: Office) -> list[dict[str, Any]]:
    """Return the reviews that wait, of revisions that are still open."""
    found: list[dict[str, Any]] = []
    for view in office.known():
        listed = office.by_hand("GET", f"/api/publishing/v1/revision/{view['id']}")
        begun = {one["resource"]["revision_seq"] for one in listed if is_open(one["resource"])}
        reviews = office.by_hand("GET", f"/api/views/{view['id']}/approvals")
        found += [
            one for one in reviews if one["state"] == "pending" and one["revision_seq"] in begun
        ]
    return found


def is_open(revision: dict[str, Any]) -> bool:
    return not revision["closed_at"]


def decide(office: Office, state: str) -> None:
    """Let the second person decide on what waits, and see that it is done."""
    (review,) = waiting(office)
    uid, seq = review["fourfour"], review["revision_seq"]
    path = f"{office.server.url}/api/views/{uid}/approvals/{review['id']}"
    requests.put(path, json={"state": state}, auth=REVIEWER, timeout=9).raise_for_status()
    revision = f"/api/publishing/v1/revision/{uid}/{seq}"
    while state == "approved" and is_open(office.by_hand("GET", revision)["resource"]):
        time.sleep(0.02)


def held(office: Office, rows: int, description: str = "All.") -> HeldByPortal:
    with pytest.raises(HeldByPortal) as found:
        office.publish(rows, description)
    return found.value


def released(office: Office, rows: int) -> str:
    held(office, rows)
    decide(office, "approved")
    return office.publish(rows).uid


def test_a_first_release_waits_and_is_written_down_once_a_reviewer_agreed(office: Office) -> None:
    told = held(office, 3)
    assert "reviewers agree" in told.problem
    assert "Have revision 0 of dataset" in told.remedy
    assert office.public() == {}
    assert office.kinds() == ["intent", "intent", "intent"]
    assert office.entries()[-1].note.startswith("Held by the portal")
    decide(office, "approved")
    published = office.publish(3)
    assert office.public() == {published.uid: 3}
    assert office.kinds()[-1] == "published"
    assert not office.publish(3).changed
    assert len(office.known()) == 1


def test_a_later_release_waits_and_the_public_sees_the_old_one(office: Office) -> None:
    uid = released(office, 3)
    held(office, 4, "More.")
    assert office.shown() == (3, "All.")
    decide(office, "approved")
    published = office.publish(4, "More.")
    assert (published.uid, office.shown()) == (uid, (4, "More."))


def test_what_waits_is_submitted_once(office: Office) -> None:
    uid = released(office, 3)
    held(office, 4)
    review = waiting(office)
    held(office, 4)
    assert waiting(office) == review
    listed = office.by_hand("GET", f"/api/publishing/v1/revision/{uid}")
    assert sum(is_open(one["resource"]) for one in listed) == 1


def test_other_papers_wait_as_well_and_leave_the_rows_alone(office: Office) -> None:
    uid = released(office, 3)
    stamps = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":updated_at"})
    held(office, 3, "Better.")
    assert office.shown() == (3, "All.")
    decide(office, "approved")
    office.publish(3, "Better.")
    assert office.shown() == (3, "Better.")
    after = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":updated_at"})
    assert after == stamps


def test_a_newer_release_takes_the_place_of_the_one_that_waits(office: Office) -> None:
    released(office, 3)
    held(office, 4)
    held(office, 5)
    assert len(waiting(office)) == 1
    decide(office, "approved")
    office.publish(5)
    assert office.shown() == (5, "All.")


def test_what_the_reviewers_do_not_let_out_is_told_and_not_submitted_again(office: Office) -> None:
    released(office, 3)
    held(office, 4)
    decide(office, "rejected")
    for _ in range(2):
        with pytest.raises(PortalRejected, match="did not let the release out"):
            office.publish(4)
    assert waiting(office) == []
    assert office.shown() == (3, "All.")
    assert office.kinds()[-1] == "rolled_back"


def test_the_watch_tells_what_waits_for_too_long(office: Office) -> None:
    released(office, 3)
    held(office, 4)
    office.clock.time += timedelta(hours=2)
    world = (office.portal, office.ledger, office.papers, office.clock)
    (found,) = watch(CONTRACT.id, CONTRACT, *world)
    assert found.kind == "unfinished"
    assert "Held by the portal" in found.problem
