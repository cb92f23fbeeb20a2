"""A run that is killed in the middle of a publication leaves what the next run finishes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from examples.offices import CONTRACT, TYPES, Office

from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.adapters.portals.connection import Connection
from opengazette.model.stages import Approved
from opengazette.steps.publish import earlier_releases


def publish_and_die(office: Office, approved: Approved, method: str, *, after: bool) -> None:
    """Publish in another process that is killed before or after it calls a method."""
    child = os.fork()
    if child == 0:
        with pytest.MonkeyPatch.context() as patch:
            owner = Connection if hasattr(Connection, method) else ArchiveLedger
            patch.setattr(owner, method, deadly(getattr(owner, method), after=after))
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
    ("method", "after"),
    [
        ("append", True),
        ("replace", False),
        ("replace", True),
        ("publish", True),
        ("update_metadata", True),
        ("set_permission", True),
    ],
)
def test_a_first_publication_that_was_killed_is_finished_and_made_once(
    office: Office, method: str, after: bool
) -> None:
    publish_and_die(office, office.release(), method, after=after)
    assert set(office.public().values()) <= {3}, "nothing or the whole table"
    published = office.publish(4)
    assert office.public() == {published.uid: 4}
    assert len(office.known()) == 1
    assert [entry.kind for entry in office.ledger.entries(CONTRACT.id)][-1] == "published"
    assert not office.publish(4).changed


@pytest.mark.parametrize(("method", "seen"), [("create_draft", 0), ("replace", 1)])
def test_what_a_killed_run_may_have_shown_counts_as_seen(
    office: Office, method: str, seen: int
) -> None:
    publish_and_die(office, office.release(), method, after=True)
    assert len(earlier_releases(office.ledger.entries(CONTRACT.id))) == seen
    office.publish()
    assert len(earlier_releases(office.ledger.entries(CONTRACT.id))) == 1


def test_a_draft_that_was_taken_back_is_made_anew(office: Office) -> None:
    publish_and_die(office, office.release(), "replace", after=False)
    draft = office.known()[0]
    with Connection(office.server.url, office.user) as client:
        client.take_up(draft)
        client.discard(draft["id"])
    published = office.publish()
    assert published.uid != draft["id"]
    assert office.public() == {published.uid: 3}


def test_a_draft_with_the_columns_of_an_older_contract_is_made_anew(office: Office) -> None:
    older = dict(list(TYPES.items())[:-1])
    publish_and_die(office, office.release(types=older), "replace", after=False)
    published = office.publish()
    assert office.public() == {published.uid: 3}
    assert len(office.known()) == 1


def test_a_later_publication_that_was_killed_is_finished_even_where_it_is_no_longer_meant(
    office: Office,
) -> None:
    first = office.release()
    uid = office.send(first).uid
    other = replace(first, release=replace(first.release, contract="cd" * 32))
    publish_and_die(office, other, "set_permission", after=True)
    again = office.send(first)
    assert again.changed, "the papers on the portal may be those of the release that was killed"
    assert office.public() == {uid: 3}
    assert not office.send(first).changed
