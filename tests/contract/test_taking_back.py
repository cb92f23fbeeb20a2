"""A bad night: a dataset is withdrawn, rolled back and let go on, before a real portal."""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path

import pytest
from examples.offices import CONTRACT, WHO, LocalPortal, Office

from opengazette.adapters.portals.connection import Connection
from opengazette.errors import (
    ApprovalMissing,
    ArchiveUnavailable,
    LedgerConflict,
    NotPublished,
    OnHold,
    PortalRejected,
    PortalUnavailable,
)
from opengazette.governance.ledger_state import hold_of, place_of, public_entry
from opengazette.steps.withdraw import withdraw


def count(seen: Sized | None) -> int | None:
    return len(seen) if seen is not None else None


def test_what_is_withdrawn_is_gone_and_no_later_run_puts_it_back(office: Office) -> None:
    uid = office.publish(3).uid
    entry = office.withdraw()
    assert (entry.by, entry.note, entry.uid) == ("B. Night", "Wrong county names", uid)
    assert office.rows_seen(uid) is None
    assert public_entry(office.entries()) is None
    with pytest.raises(OnHold, match=r"stopped by B\. Night on 2026-01-01.*Wrong county names\."):
        office.publish(4)
    assert office.rows_seen(uid) is None


def test_only_a_person_lets_it_go_on_and_its_address_is_the_same(office: Office) -> None:
    uid = office.publish(3).uid
    office.withdraw()
    office.resume()
    published = office.publish(4)
    assert (published.uid, count(office.rows_seen(uid))) == (uid, 4)
    assert not office.publish(4).changed
    with pytest.raises(NotPublished, match="nobody has stopped it"):
        office.resume()


def test_a_dataset_is_deleted_on_demand_alone_and_comes_back_under_a_new_address(
    office: Office,
) -> None:
    uid = office.publish(3).uid
    office.withdraw(delete=True)
    assert office.known() == []
    assert place_of(office.entries()) is None
    office.resume()
    again = office.publish(3).uid
    assert again != uid
    assert count(office.rows_seen(again)) == 3


def test_withdrawing_twice_and_what_somebody_has_deleted_by_hand_is_no_error(
    office: Office,
) -> None:
    uid = office.publish(3).uid
    with Connection(office.server.url, office.user) as client:
        client.withdraw(uid)
    office.withdraw()
    office.withdraw()
    assert office.kinds().count("hold") == 1


def test_a_withdrawal_that_the_portal_does_not_answer_leaves_the_dataset_stopped(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = office.publish(3).uid

    def silent(*_arguments: object) -> None:
        raise PortalUnavailable("The portal did not answer.")

    monkeypatch.setattr(Connection, "set_permission", silent)
    with pytest.raises(PortalUnavailable):
        office.withdraw()
    assert hold_of(office.entries()) is not None
    with pytest.raises(OnHold):
        office.publish(4)
    monkeypatch.undo()
    office.withdraw()
    assert office.rows_seen(uid) is None


def test_a_portal_that_still_shows_it_to_strangers_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.publish(3)
    monkeypatch.setattr(Connection, "set_permission", lambda *_arguments: None)
    with pytest.raises(PortalRejected, match="still public") as told:
        office.withdraw()
    assert "by hand" in told.value.remedy
    assert office.kinds()[-1] == "hold"


def test_nothing_is_withdrawn_that_was_never_published_or_not_stopped(office: Office) -> None:
    with pytest.raises(NotPublished):
        office.withdraw()
    office.publish(3)
    with pytest.raises(LedgerConflict, match="stopped before"):
        withdraw(CONTRACT.id, office.portal, office.ledger, office.clock, **WHO)


def test_a_rollback_shows_the_old_rows_and_stays(office: Office) -> None:
    first, second = office.publish(3), office.publish(4)
    assert office.rollback(first).changed
    assert count(office.rows_seen(second.uid)) == 3
    assert office.kinds()[-3:] == ["hold", "intent", "published"]
    receipt = office.entries()[-1]
    assert (receipt.by, receipt.note) == ("B. Night", "Wrong county names")
    assert receipt.release.release == first.release.fingerprint
    with pytest.raises(OnHold):
        office.publish(5)
    office.resume()
    assert office.publish(5).changed
    assert count(office.rows_seen(second.uid)) == 5


def test_a_rollback_that_fails_shows_what_was_public_before(
    tmp_path: Path, local_portal: LocalPortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path / "archive", local_portal)
    first, second = office.publish(3), office.publish(4)
    monkeypatch.setattr(
        "opengazette.adapters.portals.senders.put_papers",
        lambda *_arguments: (_ for _ in ()).throw(PortalRejected("The portal refused.")),
    )
    with pytest.raises(PortalRejected, match="put back"):
        office.rollback(first)
    assert count(office.rows_seen(second.uid)) == 4
    assert office.kinds()[-1] == "rolled_back"


def test_a_release_that_was_withdrawn_does_not_come_back_as_a_rollback(office: Office) -> None:
    first = office.publish(3)
    office.withdraw()
    office.resume()
    office.publish(4)
    with pytest.raises(ApprovalMissing, match=r"B\. Night withdrew it .*: Wrong county names"):
        office.rollback(first)
    assert office.kinds()[-1] == "published", "nothing was done"


def test_a_release_that_was_let_out_again_after_its_withdrawal_may_come_back(
    office: Office,
) -> None:
    first = office.publish(3)
    office.withdraw()
    office.resume()
    office.publish(3)
    second = office.publish(4)
    office.rollback(first)
    assert count(office.rows_seen(second.uid)) == 3


def test_nobody_rolls_back_to_what_nobody_approves_any_more(office: Office) -> None:
    first = office.publish(3)
    office.publish(4)
    with pytest.raises(ApprovalMissing, match="no standing approval any more"):
        office.rollback(first, approval=None)
    assert office.kinds()[-1] == "published"


def test_a_release_whose_files_are_damaged_is_not_rolled_back_to(office: Office) -> None:
    first = office.publish(3)
    office.publish(4)
    office.archive.fetch(first.release.document("table.csv").sha256).write_bytes(b"other")
    with pytest.raises(ArchiveUnavailable, match="damaged"):
        office.rollback(first)
    assert office.kinds()[-1] == "published", "nothing was done"


def test_deleting_is_reachable_from_a_withdrawal_alone() -> None:
    """The one request that deletes a dataset is made in one place, and called from one."""
    package = Path(__file__).parents[2] / "src" / "opengazette"
    texts = {p: p.read_text("utf-8") for p in package.rglob("*.py") if "localportal" not in p.parts}
    deleting = [p.name for p, text in texts.items() if '"delete", f"/api/views' in text]
    assert deleting == ["connection.py"]
    calling = {p.name for p, text in texts.items() if "client.withdraw(" in text}
    assert calling == {"socrata.py"}
    asking = {
        p.name: text.count("portal.withdraw(")
        - text.count("portal.withdraw(finding.uid, delete=False")
        for p, text in texts.items()
        if "portal.withdraw(" in text
    }
    assert asking == {"withdraw.py": 1, "repair.py": 0}
