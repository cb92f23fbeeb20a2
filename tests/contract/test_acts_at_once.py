"""What persons and machines do at the same time: nobody's act is undone unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from examples.machines import Machine
from examples.offices import APPROVAL, CONTRACT

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.errors import ApprovalMissing, LedgerConflict, OnHold
from opengazette.governance.ledger_state import CLAIM, place_of, public_entry
from opengazette.model.stages import DocumentRef, Published
from opengazette.ports import Papers
from opengazette.steps.repair import repair
from opengazette.steps.rollback import rollback
from opengazette.steps.watch import watch
from opengazette.steps.withdraw import refuse_unsettled


@pytest.fixture
def ann(tmp_path: Path) -> Machine:
    return Machine(tmp_path, "first", "Ann")


@pytest.fixture
def bea(tmp_path: Path) -> Machine:
    return Machine(tmp_path, "second", "Bea")


class Reading:
    """Papers that are whole; something happens while they are read."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.meanwhile = meanwhile

    def read(self, document: DocumentRef) -> bytes:
        self.meanwhile()
        self.meanwhile = lambda: None
        return b""

    def file(self, name: str, media_type: str, content: bytes) -> DocumentRef:
        raise AssertionError("nothing is filed")


def roll_back(machine: Machine, papers: Papers, *, reason: str = "The old one.") -> Published:
    """Bring back the first release that the public saw."""
    entries = machine.ledger.entries(CONTRACT.id)
    receipt = next(entry for entry in entries if entry.kind == "published")
    world = (machine.portal(), machine.ledger, machine.clock, papers)
    return rollback(receipt, CONTRACT, APPROVAL, *world, by=machine.person, reason=reason)


def test_a_stop_and_a_go_on_do_not_end_the_claim_of_a_machine_that_is_sending(
    ann: Machine, bea: Machine
) -> None:
    portal = ann.portal()

    def stopped_and_resumed() -> None:
        bea.stop()
        bea.resume()
        portal.during = lambda: None
        with pytest.raises(LedgerConflict, match="another machine .first. has been publishing"):
            bea.publish(bea.cleared("bb"), portal=portal)

    portal.during = stopped_and_resumed
    with pytest.raises(LedgerConflict, match="Another run"):
        ann.publish(ann.cleared("aa"))
    assert (portal.most_at_once, len(portal.sent)) == (1, 1)


def test_a_rollback_sends_nothing_while_another_machine_is_sending(
    ann: Machine, bea: Machine
) -> None:
    bea.publish(bea.cleared("aa"), portal=ann.portal())
    bea.portals[CONTRACT.id] = ann.portal()

    def rolled_back() -> None:
        ann.portal().during = lambda: None
        with pytest.raises(LedgerConflict, match="another machine .first.") as told:
            roll_back(bea, Reading())
        assert "2026-01-01 14:00 UTC" in told.value.remedy

    ann.portal().during = rolled_back
    assert ann.publish(ann.cleared("bb")).changed, "whoever was sending ends as it began"
    assert ann.portal().most_at_once == 1
    assert roll_back(bea, Reading()).changed


def test_a_claim_that_is_old_keeps_nobody_away_though_a_person_stopped_the_dataset(
    ann: Machine, bea: Machine
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    ann.portal().during = die
    with pytest.raises(KeyboardInterrupt):
        ann.publish(ann.cleared("aa"))
    bea.stop()
    bea.resume()
    bea.clock.time += CLAIM + timedelta(seconds=1)
    assert bea.publish(bea.cleared("bb")).changed


def test_what_is_withdrawn_while_another_machine_sends_is_not_called_gone(
    ann: Machine, bea: Machine
) -> None:
    portal = ann.portal()

    def withdrawn() -> None:
        bea.withdraw(portal)
        with pytest.raises(LedgerConflict, match="may make it public again") as told:
            refuse_unsettled(CONTRACT.id, bea.ledger, bea.clock)
        assert "after 2026-01-01 14:00 UTC" in told.value.remedy

    portal.during = withdrawn
    with pytest.raises(LedgerConflict, match="Another run"):
        ann.publish(ann.cleared("aa"))
    assert portal.standing == "public", "the portal knows no claims"
    bea.clock.time += CLAIM
    bea.withdraw(portal)
    refuse_unsettled(CONTRACT.id, bea.ledger, bea.clock)
    assert portal.standing == "private"


def test_what_is_withdrawn_while_nobody_sends_is_gone(ann: Machine) -> None:
    ann.publish(ann.cleared("aa"))
    ann.withdraw(ann.portal())
    refuse_unsettled(CONTRACT.id, ann.ledger, ann.clock)
    assert ann.kinds()[-1] == "withdrawn"


def test_a_release_that_is_withdrawn_during_its_rollback_does_not_come_back(
    ann: Machine, bea: Machine
) -> None:
    ann.publish(ann.cleared("aa"))
    with pytest.raises(ApprovalMissing, match="Bea withdrew it on 2026-01-01: Breach"):
        roll_back(ann, Reading(lambda: bea.withdraw(ann.portal(), "Breach.")))
    assert len(ann.portal().sent) == 1
    assert ann.portal().standing == "private"


def test_a_dataset_that_another_person_stops_during_a_rollback_stays_as_it_is(
    ann: Machine, bea: Machine
) -> None:
    ann.publish(ann.cleared("aa"))
    ann.publish(ann.cleared("bb"))
    with pytest.raises(OnHold, match=r"Bea stopped the dataset too: Breach\. Nothing was sent"):
        roll_back(ann, Reading(lambda: bea.stop("Breach.")))
    assert len(ann.portal().sent) == 2
    assert roll_back(ann, Reading(), reason="Bea agrees.").changed, "once it is known"


def test_the_watch_does_not_make_private_what_is_public_by_the_ledger_since(
    ann: Machine, tmp_path: Path
) -> None:
    papers = ArchivePapers(FolderArchive(tmp_path))
    ann.publish(ann.cleared("aa"))
    ann.withdraw(ann.portal())
    ann.portal().made_private.clear()
    ann.portal().standing = "public"
    found = watch(CONTRACT.id, CONTRACT, ann.portal(), ann.ledger, papers, ann.clock)
    assert [each.repair for each in found] == ["make private"]
    ann.resume()
    ann.publish(ann.cleared("aa"))
    entries = ann.ledger.entries(CONTRACT.id)
    assert public_entry(entries)
    assert place_of(entries) == found[0].uid
    repair(CONTRACT.id, found, APPROVAL, ann.portal(), ann.ledger, papers, ann.clock)
    assert ann.portal().made_private == []


def test_the_watch_does_not_make_private_what_is_being_published(
    ann: Machine, bea: Machine, tmp_path: Path
) -> None:
    papers, portal = ArchivePapers(FolderArchive(tmp_path)), ann.portal()
    ann.publish(ann.cleared("aa"))
    ann.withdraw(portal)
    portal.made_private.clear()
    portal.standing = "public"
    found = watch(CONTRACT.id, CONTRACT, portal, bea.ledger, papers, bea.clock)
    ann.resume()
    portal.during = lambda: repair(
        CONTRACT.id, found, APPROVAL, portal, bea.ledger, papers, bea.clock
    )
    ann.publish(ann.cleared("aa"))
    assert portal.made_private == []


def test_the_watch_makes_private_what_a_run_has_shown_after_the_withdrawal(
    ann: Machine, bea: Machine, tmp_path: Path
) -> None:
    papers, portal = ArchivePapers(FolderArchive(tmp_path)), ann.portal()
    portal.during = lambda: bea.withdraw(portal)
    with pytest.raises(LedgerConflict, match="Another run"):
        ann.publish(ann.cleared("aa"))
    assert portal.standing == "public"
    found = watch(CONTRACT.id, CONTRACT, portal, bea.ledger, papers, bea.clock)
    repair(CONTRACT.id, found, APPROVAL, portal, bea.ledger, papers, bea.clock)
    assert portal.standing == "private"
