"""A bad night: a dataset is withdrawn, rolled back and let go on, before a real portal."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.contracts import load_contract
from opengazette.adapters.portals.connection import Connection, Credentials
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.documentation.columns import column_types
from opengazette.errors import (
    ApprovalMissing,
    ArchiveUnavailable,
    LedgerConflict,
    NotPublished,
    OnHold,
    PortalRejected,
    PortalUnavailable,
)
from opengazette.governance.ledger_state import hold_of, place_of, public_entry, release_named
from opengazette.model.approval import Approval, RiskEnvelope
from opengazette.model.ledger import LedgerEntry
from opengazette.model.stages import Approved, DocumentRef, Published, Release, TableRef
from opengazette.steps.publish import publish
from opengazette.steps.rollback import rollback
from opengazette.steps.withdraw import resume, stop, withdraw

CONTRACT = load_contract(Path(__file__).parents[2], "contagious_diseases")
TYPES = column_types(CONTRACT)
SHA = "ab" * 32
WHO = {"by": "B. Night", "reason": "Wrong county names"}
APPROVAL = Approval(
    dataset=CONTRACT.id,
    contract=SHA,
    rule_pack=SHA,
    envelope=RiskEnvelope(highest_score=None, largest_withheld_percent=0, fewest_rows=1),
    approver="A. Tester",
    role="Approver of the tests",
    approved_on=date(2026, 1, 1),
    reason="made up",
)


class LocalPortal(Protocol):
    """The fixture of conftest.py."""

    url: str
    user: str
    password: str


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


class Office:
    """A ledger, papers and a portal on which nothing was published yet."""

    def __init__(self, folder: Path, server: LocalPortal) -> None:
        self.archive = FolderArchive(folder)
        self.papers, self.ledger = ArchivePapers(self.archive), ArchiveLedger(self.archive)
        self.server, self.clock = server, Noon()
        self.user = Credentials(server.user, server.password)
        self.portal = SocrataPortal(
            server.url, self.user, self.papers, attempts=0, sleep=lambda _seconds: None
        )

    def release(self, rows: int) -> Approved:
        lines = [
            ",".join(f"é{n}" if kind == "text" else str(n) for kind in TYPES.values())
            for n in range(rows)
        ]
        columns = [
            {
                "name": name,
                "fieldName": name,
                "dataTypeName": "text" if kind == "text" else "number",
                "description": "Of the test.",
            }
            for name, kind in TYPES.items()
        ]
        metadata = {"name": "Diseases", "tags": ["x"], "columns": columns}
        file = self.papers.file
        documents = (
            file("table.csv", "text/csv", "\n".join([",".join(TYPES), *lines, ""]).encode()),
            file("metadata.json", "application/json", json.dumps(metadata).encode()),
            file("dictionary.csv", "text/csv", b"column\n"),
            file("methodology.md", "text/markdown", b"How"),
            file("evidence.json", "application/json", b"{}"),
        )
        table = TableRef(CONTRACT.id, SHA, rows, tuple(TYPES))
        evidence: DocumentRef = documents[-1]
        release = Release(
            CONTRACT.id, SHA, SHA, table, table, table, evidence, documents, None, 0, 0
        )
        return Approved(release, SHA, ())

    def publish(self, rows: int) -> Published:
        return publish(self.release(rows), CONTRACT, self.portal, self.ledger, self.clock)

    def withdraw(self, *, delete: bool = False) -> LedgerEntry:
        stop(CONTRACT.id, self.ledger, self.clock, **WHO)
        return withdraw(CONTRACT.id, self.portal, self.ledger, self.clock, **WHO, delete=delete)

    def resume(self) -> LedgerEntry:
        return resume(CONTRACT.id, self.ledger, self.clock, by="B. Night", reason="Corrected")

    def rollback(self, published: Published, approval: Approval | None = APPROVAL) -> Published:
        named = published.release.fingerprint[:10]
        receipt = release_named({CONTRACT.id: self.entries()}, named)
        return rollback(
            receipt,
            CONTRACT,
            approval,
            self.portal,
            self.ledger,
            self.clock,
            self.papers,
            **WHO,
        )

    def entries(self) -> tuple[LedgerEntry, ...]:
        return self.ledger.entries(CONTRACT.id)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.entries()]

    def rows_seen_by_a_stranger(self, uid: str) -> int | None:
        answer = requests.get(f"{self.server.url}/resource/{uid}.json", timeout=9)
        return len(answer.json()) if answer.ok else None

    def known(self) -> list[dict[str, Any]]:
        login = (self.server.user, self.server.password)
        return list(requests.get(f"{self.server.url}/api/views.json", auth=login, timeout=9).json())


@pytest.fixture
def office(tmp_path: Path, local_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", local_portal)


def test_what_is_withdrawn_is_gone_and_no_later_run_puts_it_back(office: Office) -> None:
    uid = office.publish(3).uid
    entry = office.withdraw()
    assert (entry.by, entry.note, entry.uid) == ("B. Night", "Wrong county names", uid)
    assert office.rows_seen_by_a_stranger(uid) is None
    assert public_entry(office.entries()) is None
    with pytest.raises(OnHold, match=r"stopped by B\. Night on 2026-01-01.*Wrong county names\."):
        office.publish(4)
    assert office.rows_seen_by_a_stranger(uid) is None


def test_only_a_person_lets_it_go_on_and_its_address_is_the_same(office: Office) -> None:
    uid = office.publish(3).uid
    office.withdraw()
    office.resume()
    published = office.publish(4)
    assert (published.uid, office.rows_seen_by_a_stranger(uid)) == (uid, 4)
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
    assert office.rows_seen_by_a_stranger(again) == 3


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
    assert office.rows_seen_by_a_stranger(uid) is None


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
    assert office.rows_seen_by_a_stranger(second.uid) == 3
    assert office.kinds()[-3:] == ["hold", "intent", "published"]
    receipt = office.entries()[-1]
    assert (receipt.by, receipt.note) == ("B. Night", "Wrong county names")
    assert receipt.release.release == first.release.fingerprint
    with pytest.raises(OnHold):
        office.publish(5)
    office.resume()
    assert office.publish(5).changed
    assert office.rows_seen_by_a_stranger(second.uid) == 5


def test_a_rollback_that_fails_shows_what_was_public_before(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = office.publish(3), office.publish(4)
    monkeypatch.setattr(
        "opengazette.adapters.portals.socrata.put_papers",
        lambda *_arguments: (_ for _ in ()).throw(PortalRejected("The portal refused.")),
    )
    with pytest.raises(PortalRejected, match="put back"):
        office.rollback(first)
    assert office.rows_seen_by_a_stranger(second.uid) == 4
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
    assert office.rows_seen_by_a_stranger(second.uid) == 3


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
