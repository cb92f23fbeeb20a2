"""A run asks the ledger again before anything shows: what it has lost, it makes no more public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from examples.broken_portals import Answer, Asked, Between, is_rows, serving
from examples.offices import SENDERS, LocalPortal, Office, portal_of

from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.errors import LedgerConflict, PortalRejected, PortalUnavailable
from opengazette.governance.ledger_state import CLAIM

pytestmark = pytest.mark.servers


@pytest.fixture(params=SENDERS)
def office(request: pytest.FixtureRequest, tmp_path: Path, shared_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", shared_portal, request.param)


def shows(asked: Asked) -> bool:
    """Tell whether a request is the last before something becomes public."""
    opens = "setPermission" in asked.path and "public" in asked.path
    return asked.method == "PUT" and (opens or asked.path.endswith("/apply"))


@dataclass
class Meanwhile:
    """Does something once, just after the first request of a kind was answered."""

    when: Callable[[Asked], bool]
    act: Callable[[], object]
    asked: list[Asked] = field(default_factory=list)
    done: bool = False

    def __call__(self, asked: Asked, answer: Answer) -> Answer:
        self.asked.append(asked)
        if not self.done and self.when(asked):
            self.done = True
            self.act()
        return answer


def published_while(office: Office, meanwhile: Meanwhile, rows: int = 4) -> None:
    with serving(Between(office.server.url, meanwhile)) as server:
        whole, office.portal = (
            office.portal,
            portal_of(office.server, office.papers, office.protocol, server.url),
        )
        try:
            office.publish(rows, "More.")
        finally:
            office.portal = whole


def attaching(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.endswith(("/files.txt", "/attachment"))


def second_machine(office: Office, folder: Path) -> Office:
    """Return another machine on the same archive and portal."""
    other = Office(folder / "archive", office.server, office.protocol)
    other.ledger = ArchiveLedger(other.archive, lambda: "second")
    return other


def test_a_dataset_that_is_withdrawn_while_it_is_made_is_never_shown(office: Office) -> None:
    meanwhile = Meanwhile(attaching, office.withdraw)
    with pytest.raises(LedgerConflict, match="makes nothing more public"):
        published_while(office, meanwhile)
    assert meanwhile.done
    assert not any(shows(asked) for asked in meanwhile.asked)
    assert office.shown() is None
    assert office.kinds()[-2:] == ["hold", "withdrawn"]


def test_a_public_dataset_that_is_withdrawn_meanwhile_stays_private(office: Office) -> None:
    office.publish(3)
    meanwhile = Meanwhile(attaching, office.withdraw)
    with pytest.raises(LedgerConflict, match="makes nothing more public"):
        published_while(office, meanwhile)
    assert office.shown() is None
    office.resume()
    office.publish(4, "More.")
    assert office.shown() == (4, "More.")


def test_a_dataset_that_is_stopped_between_rows_and_papers_shows_the_release_before_it_whole(
    office: Office,
) -> None:
    office.publish(3)
    meanwhile = Meanwhile(attaching, office.stop)
    with pytest.raises(LedgerConflict, match="makes nothing more public"):
        published_while(office, meanwhile)
    assert meanwhile.done
    assert office.shown() == (3, "All.")
    office.resume()
    office.publish(4, "More.")
    assert office.shown() == (4, "More.")


def test_a_run_that_goes_on_for_long_keeps_its_claim(office: Office) -> None:
    office.publish(3)

    def much_later() -> None:
        office.clock.time += CLAIM - timedelta(minutes=1)

    meanwhile = Meanwhile(attaching, much_later)
    published_while(office, meanwhile)
    assert office.kinds()[-3:] == ["intent", "intent", "published"], "the intent is written anew"
    assert office.shown() == (4, "More.")


def test_a_run_whose_dataset_another_machine_took_over_shows_nothing_and_puts_nothing_back(
    office: Office, tmp_path: Path
) -> None:
    office.publish(3)
    other = second_machine(office, tmp_path)

    def taken_over() -> None:
        office.clock.time += 2 * CLAIM
        other.clock.time = office.clock.time
        other.publish(5, "Other.")

    meanwhile = Meanwhile(attaching, taken_over)
    with pytest.raises((LedgerConflict, PortalUnavailable)):
        published_while(office, meanwhile)
    assert office.shown() == (5, "Other.")
    assert office.entries()[-1].writer == "second"


def test_rows_that_another_machine_sent_are_not_put_back(office: Office, tmp_path: Path) -> None:
    """The first run reads the second's rows back, finds others than its own, and leaves them."""
    office.publish(3)
    other = second_machine(office, tmp_path)

    def taken_over() -> None:
        office.clock.time += 2 * CLAIM
        other.clock.time = office.clock.time
        other.publish(5, "Other.")

    def sent(asked: Asked) -> bool:
        return (asked.method == "PUT" and asked.path.startswith("/resource/")) or shows(asked)

    with pytest.raises(LedgerConflict):
        published_while(office, Meanwhile(sent, taken_over))
    assert office.shown() == (5, "Other.")


def test_a_person_who_only_stops_a_dataset_does_not_keep_wrong_rows_from_being_put_back(
    office: Office,
) -> None:
    office.publish(3)

    def garbled(asked: Asked, answer: Answer) -> Answer:
        lies = is_rows(asked) and answer.body.count(b"\n") == 5
        return replace(answer, body=answer.body.replace("é3".encode(), b"e3")) if lies else answer

    def sent(asked: Asked) -> bool:
        return (asked.path.startswith("/resource/") and asked.method == "PUT") or shows(asked)

    meanwhile = Meanwhile(sent, office.stop)
    with serving(
        Between(office.server.url, lambda asked, answer: garbled(asked, meanwhile(asked, answer)))
    ) as server:
        office.portal = portal_of(office.server, office.papers, office.protocol, server.url)
        with pytest.raises((PortalRejected, LedgerConflict)):
            office.publish(4, "More.")
    assert office.shown() == (3, "All.")
