"""A run that is killed in the middle of a publication leaves what the next run finishes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest
from examples.offices import TYPES, LocalPortal, Office
from examples.operations import FEWER, FEWER_COLUMNS

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.working_copies import OURS
from opengazette.model.stages import Approved
from opengazette.steps.publish import earlier_releases

ADAPTERS = "opengazette.adapters"
CONNECTION = f"{ADAPTERS}.portals.connection.Connection"

#: The step boundaries of a publication, by protocol: what is called, and whether it returns.
STEPS = {
    "soda": [
        (f"{ADAPTERS}.archives.ledger.ArchiveLedger.append", True),
        (f"{CONNECTION}.replace", False),
        (f"{CONNECTION}.replace", True),
        (f"{CONNECTION}.publish", True),
        (f"{CONNECTION}.update_metadata", True),
        (f"{CONNECTION}.set_permission", True),
    ],
    "revisions": [
        (f"{ADAPTERS}.archives.ledger.ArchiveLedger.append", True),
        (f"{ADAPTERS}.portals.revision_client.RevisionClient.on_new_dataset", True),
        (f"{CONNECTION}.made", True),
        (f"{ADAPTERS}.portals.revisions.uploaded", False),
        (f"{ADAPTERS}.portals.revisions.uploaded", True),
        (f"{CONNECTION}.attach_to_draft", True),
        ("socrata.revisions.Revision.apply", False),
        ("socrata.revisions.Revision.apply", True),
        ("socrata.job.Job.wait_for_finish", True),
    ],
}

#: Where a new dataset has just been made, and where its rows are sent.
MADE = {
    "soda": f"{CONNECTION}.create_draft",
    "revisions": f"{ADAPTERS}.portals.revision_client.RevisionClient.on_new_dataset",
}
SENT = {"soda": f"{CONNECTION}.replace", "revisions": f"{ADAPTERS}.portals.revisions.uploaded"}
#: The step boundaries of a change of columns.
COLUMNS_CHANGED = [
    ("soda", f"{ADAPTERS}.portals.working_copies._copied", True),
    ("soda", f"{ADAPTERS}.portals.working_copies._reshape", True),
    ("soda", f"{CONNECTION}.replace", True),
    ("soda", f"{CONNECTION}.publish", False),
    ("soda", f"{CONNECTION}.publish", True),
    *(("revisions", *step) for step in STEPS["revisions"][3:]),
]


def publish_and_die(office: Office, approved: Approved, called: str, *, after: bool) -> None:
    """Publish in another process that is killed before or after it calls something."""
    child = os.fork()
    if child == 0:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(called, deadly(resolve_name(called), after=after))
            office.send(approved)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def deadly(called: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    def die(*arguments: Any, **named: Any) -> None:
        if after:
            called(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return die


@pytest.mark.parametrize(
    ("protocol", "called", "after"),
    [(protocol, *step) for protocol, steps in STEPS.items() for step in steps],
)
def test_a_first_publication_that_was_killed_is_finished_and_made_once(
    tmp_path: Path, local_portal: LocalPortal, protocol: str, called: str, after: bool
) -> None:
    office = Office(tmp_path / "archive", local_portal, protocol)
    publish_and_die(office, office.release(), called, after=after)
    assert set(office.public().values()) <= {3}, "nothing or the whole table"
    published = office.publish(4)
    assert office.public() == {published.uid: 4}
    nameless = "on_new_dataset" in called or called.endswith(".made")
    assert len(office.known()) == 1 + nameless, "an empty draft may stay that nobody noted"
    assert office.kinds()[-1] == "published"
    assert not office.publish(4).changed


@pytest.mark.parametrize(("called", "after"), STEPS["revisions"][3:])
def test_a_later_revision_that_was_killed_leaves_no_draft_behind(
    tmp_path: Path, local_portal: LocalPortal, called: str, after: bool
) -> None:
    office = Office(tmp_path / "archive", local_portal, "revisions")
    uid = office.publish(3).uid
    publish_and_die(office, office.release(4), called, after=after)
    assert office.public()[uid] in (3, 4), "the old table or the new one, whole"
    office.publish(5)
    assert office.public() == {uid: 5}
    listed = office.by_hand("GET", f"/api/publishing/v1/revision/{uid}")
    assert all(one["resource"]["closed_at"] for one in listed)


@pytest.mark.parametrize(("protocol", "called", "after"), COLUMNS_CHANGED)
def test_a_change_of_columns_that_was_killed_shows_the_old_table_or_the_new_one(
    tmp_path: Path, local_portal: LocalPortal, protocol: str, called: str, after: bool
) -> None:
    office = Office(tmp_path / "archive", local_portal, protocol)
    office.publish(3)
    fewer = replace(office.release(4, "More.", FEWER), columns=FEWER_COLUMNS)
    publish_and_die(office, fewer, called, after=after)
    assert office.shown() in ((3, "All."), (4, "More."))
    office.send(fewer)
    assert office.shown() == (4, "More.")
    assert len(office.public()) == 1, "a copy that stayed is seen by nobody"
    named = [view["name"] for view in office.known()]
    assert OURS not in named, "a copy that a killed run has filled is discarded by the next"


@pytest.mark.parametrize(("called", "seen"), [(MADE, 0), (SENT, 1)], ids=["made", "sent"])
def test_what_a_killed_run_may_have_shown_counts_as_seen(
    office: Office, called: dict[str, str], seen: int
) -> None:
    publish_and_die(office, office.release(), called[office.protocol], after=True)
    assert len(earlier_releases(office.entries())) == seen
    office.publish()
    assert len(earlier_releases(office.entries())) == 1


def test_a_draft_that_was_taken_back_is_made_anew(office: Office) -> None:
    publish_and_die(office, office.release(), SENT[office.protocol], after=False)
    draft = office.known()[0]
    with Connection(office.server.url, office.user) as client:
        client.take_up(draft)
        client.discard(draft["id"])
    published = office.publish()
    assert published.uid != draft["id"]
    assert office.public() == {published.uid: 3}


def test_a_draft_with_the_columns_of_an_older_contract_is_made_anew(office: Office) -> None:
    older = dict(list(TYPES.items())[:-1])
    publish_and_die(office, office.release(types=older), SENT[office.protocol], after=False)
    published = office.publish()
    assert office.public() == {published.uid: 3}
    assert len(office.known()) == 1


def test_a_later_publication_that_was_killed_is_finished_even_where_it_is_no_longer_meant(
    office: Office,
) -> None:
    first = office.release()
    uid = office.send(first).uid
    other = replace(first, release=replace(first.release, contract="cd" * 32))
    publish_and_die(office, other, f"{ADAPTERS}.portals.publication.papers_seen", after=True)
    again = office.send(first)
    assert again.changed, "the papers on the portal may be those of the release that was killed"
    assert office.public() == {uid: 3}
    assert not office.send(first).changed
