"""What publishing would change, and what somebody has changed by hand, on a real portal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
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
    DriftFound,
    OnHold,
    PortalRejected,
    PortalUnavailable,
)
from opengazette.governance.ledger_state import release_named
from opengazette.model.approval import Approval, RiskEnvelope
from opengazette.model.stages import Approved, Documented, DocumentRef, Published, Release, TableRef
from opengazette.model.watching import Watch
from opengazette.steps.plan import Plan, plan
from opengazette.steps.publish import publish
from opengazette.steps.repair import repair
from opengazette.steps.rollback import rollback
from opengazette.steps.watch import Finding, watch
from opengazette.steps.withdraw import stop, withdraw

CONTRACT = load_contract(Path(__file__).parents[2], "contagious_diseases")
TYPES = column_types(CONTRACT)
KEY = CONTRACT.publication.key()
SHA = "ab" * 32
CANARY = "Jane Doe"
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
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Office:
    """A ledger, papers and a portal; the newest release has as many rows as the test says."""

    def __init__(self, folder: Path, server: LocalPortal) -> None:
        archive = FolderArchive(folder)
        self.papers, self.ledger = ArchivePapers(archive), ArchiveLedger(archive)
        self.server, self.clock = server, Noon()
        self.user = Credentials(server.user, server.password)
        self.portal = SocrataPortal(
            server.url, self.user, self.papers, attempts=0, sleep=lambda _seconds: None
        )

    def release(self, cases: Mapping[str, int], types: Mapping[str, str] = TYPES) -> Release:
        lines = [
            ",".join(
                place if name == KEY[0] else "x" if kind == "text" else str(number)
                for name, kind in types.items()
            )
            for place, number in cases.items()
        ]
        columns = [
            {
                "name": name,
                "fieldName": name,
                "dataTypeName": "text" if kind == "text" else "number",
                "description": "Of the test.",
            }
            for name, kind in types.items()
        ]
        said = {"name": "Diseases", "description": "All.", "tags": ["Flu"], "columns": columns}
        told = json.dumps(CONTRACT.model_dump(mode="json"))
        file = self.papers.file
        documents = (
            file("table.csv", "text/csv", "\n".join([",".join(types), *lines, ""]).encode()),
            file("metadata.json", "application/json", json.dumps(said).encode()),
            file("contract.json", "application/json", told.encode()),
            file("dictionary.csv", "text/csv", b"column\n"),
            file("methodology.md", "text/markdown", b"How"),
            file("evidence.json", "application/json", b"{}"),
        )
        table = TableRef(CONTRACT.id, documents[0].sha256, len(cases), tuple(types))
        evidence: DocumentRef = documents[-1]
        return Release(CONTRACT.id, SHA, SHA, table, table, table, evidence, documents, None, 0, 0)

    def publish(self, **cases: int) -> Published:
        approved = Approved(self.release(cases), SHA, ())
        return publish(approved, CONTRACT, self.portal, self.ledger, self.clock)

    def plan(self, types: Mapping[str, str] = TYPES, **cases: int) -> Plan:
        documented = Documented(self.release(cases, types), ())
        entries = self.ledger.entries(CONTRACT.id)
        return plan(documented, CONTRACT, APPROVAL, entries, self.portal, self.papers)

    def watch(self, **terms: Any) -> dict[str, Finding]:
        contract = CONTRACT.model_copy(update=terms)
        found = watch(CONTRACT.id, contract, self.portal, self.ledger, self.papers, self.clock)
        return {finding.kind: finding for finding in found}

    def repair(self, approval: Approval | None = APPROVAL) -> tuple[Finding, ...]:
        return repair(
            CONTRACT.id,
            tuple(self.watch().values()),
            approval,
            self.portal,
            self.ledger,
            self.papers,
            self.clock,
        )

    def by_hand(self, method: str, path: str, **sent: Any) -> Any:
        login = (self.server.user, self.server.password)
        answer = requests.request(method, f"{self.server.url}{path}", auth=login, timeout=9, **sent)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def scope(self, uid: str, value: str) -> None:
        self.by_hand(
            "PUT", f"/api/views/{uid}.json", params={"method": "setPermission", "value": value}
        )


@pytest.fixture
def office(tmp_path: Path, local_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", local_portal)


def test_a_plan_counts_rows_and_sends_nothing(office: Office) -> None:
    assert office.plan(a=1).lines()[0] == "A new public dataset with 1 rows."
    uid = office.publish(a=1, b=2, c=3).uid
    found = office.plan(a=1, b=20, d=4)
    assert found.action == "replace"
    changes = found.changes
    assert (changes.rows_added, changes.rows_changed, changes.rows_removed) == (1, 1, 1)
    assert "Rows: 1 added, 1 changed, 1 removed; 3 afterwards." in found.lines()
    assert office.plan(a=1, b=2, c=3).action == "nothing"
    assert len(requests.get(f"{office.server.url}/resource/{uid}.json", timeout=9).json()) == 3
    assert [entry.kind for entry in office.ledger.entries(CONTRACT.id)][-1] == "published"


def test_a_plan_names_what_is_said_otherwise_and_the_rows_are_left_alone(office: Office) -> None:
    uid = office.publish(a=1).uid
    office.by_hand("PUT", f"/api/views/{uid}.json", json={"description": "By hand"})
    found = office.plan(a=1)
    assert found.action == "papers alone"
    assert "Metadata: description." in found.lines()
    before = office.by_hand("GET", f"/api/views/{uid}.json")["rowsUpdatedAt"]
    stamps = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":updated_at"})
    assert office.publish(a=1).changed
    assert office.by_hand("GET", f"/api/views/{uid}.json")["rowsUpdatedAt"] == before
    after = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":updated_at"})
    assert after == stamps, "nobody who follows the table is told that rows changed"
    assert not office.publish(a=1).changed


def test_a_plan_refuses_other_columns_and_a_dataset_that_is_gone(office: Office) -> None:
    uid = office.publish(a=1).uid
    fewer = dict(list(TYPES.items())[:-1])
    found = office.plan(fewer, a=1)
    assert found.action == "refuse"
    assert f"Columns removed: {list(TYPES)[-1]}." in found.lines()
    with Connection(office.server.url, office.user) as client:
        client.withdraw(uid)
    assert "gone from the portal" in office.plan(a=1).lines()[0]


def test_a_plan_says_who_holds_the_gate(office: Office) -> None:
    office.publish(a=1)
    stop(CONTRACT.id, office.ledger, office.clock, **WHO)
    gates = office.plan(a=2).gates
    assert "stopped by B. Night" in gates[0]
    withdraw(CONTRACT.id, office.portal, office.ledger, office.clock, **WHO)
    assert office.plan(a=2).action == "show again"


def test_a_plan_holds_no_cell(office: Office) -> None:
    office.publish(a=4711)
    assert "4711" not in repr(office.plan(Alameda=4712))
    assert "Alameda" not in "".join(office.plan(Alameda=4712).lines())


def test_the_watch_is_content_with_what_was_published(office: Office) -> None:
    assert office.watch() == {}
    office.publish(a=1, b=2)
    assert office.watch() == {}


def test_what_a_portal_keeps_otherwise_than_sent_is_noted_and_not_taken_for_a_hand_edit(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = Connection.update_metadata

    def shortened(client: Connection, uid: str, document: dict[str, Any]) -> Any:
        return update(client, uid, {**document, "description": document["description"][:2]})

    monkeypatch.setattr(Connection, "update_metadata", shortened)
    office.publish(a=1)
    receipt = office.ledger.entries(CONTRACT.id)[-1]
    assert receipt.note == "The portal shows otherwise: description."
    assert office.watch() == {}
    assert not office.publish(a=1).changed


def edit_a_row(office: Office, uid: str) -> None:
    row = office.by_hand("GET", f"/resource/{uid}.json", params={"$select": ":id"})[0]
    office.by_hand("POST", f"/resource/{uid}.json", json=[{**row, ":deleted": True}])


def edit_a_text(office: Office, uid: str) -> None:
    office.by_hand("PUT", f"/api/views/{uid}.json", json={"description": "By hand"})


def edit_a_column(office: Office, uid: str) -> None:
    office.by_hand("PUT", f"/api/views/{uid}/columns/{KEY[0]}", json={"description": "By hand"})


def exchange_an_attachment(office: Office, uid: str) -> None:
    view = office.by_hand("GET", f"/api/views/{uid}.json")
    kept = view["metadata"]["attachments"][:1]
    office.by_hand(
        "PUT",
        f"/api/views/{uid}.json",
        json={"metadata": {**view["metadata"], "attachments": kept}},
    )


def attach_a_file_named_after_a_person(office: Office, uid: str) -> None:
    view = office.by_hand("GET", f"/api/views/{uid}.json")
    named = {"X-File-Name": f"{CANARY}.txt"}
    file = office.by_hand("POST", f"/api/views/{uid}/files.txt", data=b"x", headers=named)
    entry = {"filename": f"{CANARY}.txt", "name": CANARY, "assetId": file["file"]}
    kept = [*view["metadata"]["attachments"], entry]
    fields = {"custom_fields": {CANARY: {CANARY: "x"}}}
    inner = {**view["metadata"], **fields, "attachments": kept}
    office.by_hand("PUT", f"/api/views/{uid}.json", json={"metadata": inner})


def test_what_somebody_has_named_is_counted_and_never_quoted(office: Office) -> None:
    uid = office.publish(a=1).uid
    attach_a_file_named_after_a_person(office, uid)
    found = office.watch()["papers"]
    assert found.problem.count("1 not of the release") == 2
    assert CANARY not in repr(found)
    assert CANARY not in repr(office.plan(a=1))
    assert office.repair() == ()
    assert office.watch() == {}, "files and fields that are not of the release are gone"


@pytest.mark.parametrize(
    ("edit", "kind", "words"),
    [
        (edit_a_row, "rows", "0 added, 0 changed, 1 removed"),
        (edit_a_text, "papers", "by hand: description."),
        (edit_a_column, "papers", f"column {KEY[0]}: description"),
        (exchange_an_attachment, "papers", "methodology.md"),
    ],
)
def test_what_was_edited_by_hand_is_found_and_put_back_through_the_gate(
    office: Office, edit: Any, kind: str, words: str
) -> None:
    uid = office.publish(a=1, b=2).uid
    edit(office, uid)
    found = office.watch()
    assert list(found) == [kind]
    assert words in found[kind].problem
    with pytest.raises(ApprovalMissing, match="no standing approval"):
        office.repair(approval=None)
    assert office.repair() == ()
    assert office.watch() == {}
    assert office.ledger.entries(CONTRACT.id)[-1].note == "put back by the watch"


def test_what_was_edited_by_hand_is_put_back_by_the_next_night_as_well(office: Office) -> None:
    uid = office.publish(a=1).uid
    edit_a_text(office, uid)
    assert office.publish(a=1).changed
    assert office.watch() == {}


def test_a_withdrawn_dataset_that_somebody_makes_public_is_made_private_again(
    office: Office,
) -> None:
    uid = office.publish(a=1).uid
    stop(CONTRACT.id, office.ledger, office.clock, **WHO)
    withdraw(CONTRACT.id, office.portal, office.ledger, office.clock, **WHO)
    assert office.watch() == {}
    office.scope(uid, "public.read")
    assert "is public again" in office.watch()["public"].problem
    assert office.repair() == ()
    assert office.watch() == {}
    assert not requests.get(f"{office.server.url}/api/views/{uid}.json", timeout=9).ok


def test_what_somebody_has_hidden_is_shown_again_by_nobody_but_a_person(office: Office) -> None:
    uid = office.publish(a=1).uid
    office.scope(uid, "private")
    found = office.watch()["hidden"]
    assert found.repair is None
    assert office.repair() == (found,)
    for cases in (1, 2):
        with pytest.raises(DriftFound, match="made its dataset .* private"):
            office.publish(a=cases)
    assert office.ledger.entries(CONTRACT.id)[-1].kind == "published", "nothing was even meant"
    office.scope(uid, "public.read")
    assert office.publish(a=2).changed


def test_what_a_person_has_stopped_is_left_as_it_is(office: Office) -> None:
    uid = office.publish(a=1).uid
    stop(CONTRACT.id, office.ledger, office.clock, **WHO)
    edit_a_text(office, uid)
    with pytest.raises(OnHold, match="stopped by B. Night"):
        office.repair()
    view = office.by_hand("GET", f"/api/views/{uid}.json")
    assert view["description"] == "By hand", "somebody may be taking it off by hand"


def test_what_a_person_has_rolled_back_to_is_kept_as_it_was_shown(office: Office) -> None:
    first, uid = office.publish(a=1), office.publish(a=2).uid
    named = first.release.fingerprint[:10]
    receipt = release_named({CONTRACT.id: office.ledger.entries(CONTRACT.id)}, named)
    rollback(
        receipt,
        CONTRACT,
        APPROVAL,
        office.portal,
        office.ledger,
        office.clock,
        office.papers,
        **WHO,
    )
    edit_a_text(office, uid)
    assert office.repair() == ()
    assert office.watch() == {}


def test_what_failed_and_was_made_private_is_told_as_that(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.publish(a=1)
    monkeypatch.setattr(SocrataPortal, "_look", lambda *_arguments: None)
    with pytest.raises(PortalRejected, match="made private; nothing of it is public"):
        office.publish(a=2)
    monkeypatch.undo()
    assert "private since a publication failed" in office.watch()["hidden"].problem
    assert office.publish(a=2).changed
    assert office.watch() == {}


def test_a_portal_that_turns_strangers_away_is_not_taken_for_one_that_hides(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.publish(a=1)
    see = Connection.visible_view

    def turned_away(client: Connection, uid: str) -> dict[str, Any] | None:
        return None if callable(client.session.auth) else see(client, uid)

    monkeypatch.setattr(Connection, "visible_view", turned_away)
    with pytest.raises(PortalUnavailable, match="shows it to no stranger"):
        office.watch()


def test_a_dataset_that_is_gone_needs_a_person(office: Office) -> None:
    uid = office.publish(a=1).uid
    with Connection(office.server.url, office.user) as client:
        client.withdraw(uid)
    found = office.watch()["gone"]
    assert found.repair is None
    assert "--delete" in found.remedy


def test_a_publication_that_did_not_end_is_told_once_it_should_have(office: Office) -> None:
    office.publish(a=1)
    newest = office.ledger.entries(CONTRACT.id)[-1]
    office.ledger.append(CONTRACT.id, "intent", office.clock.now(), newest.release, uid=newest.uid)
    assert office.watch() == {}, "it may be under way"
    office.clock.time += timedelta(hours=2)
    assert "did not end" in office.watch()["unfinished"].problem


def test_a_table_with_the_same_numbers_for_too_long_is_too_old(office: Office) -> None:
    office.publish(a=1)
    office.clock.time += timedelta(days=40)
    assert office.watch(watch=Watch(stale_after_days=40)) == {}
    office.clock.time += timedelta(days=1)
    assert (
        "same numbers for 41 days"
        in office.watch(watch=Watch(stale_after_days=40))["stale"].problem
    )
    office.publish(a=2)
    assert office.watch(watch=Watch(stale_after_days=40)) == {}


def test_a_contract_without_a_watch_keeps_its_fingerprint() -> None:
    told = CONTRACT.model_dump(mode="json")
    assert "watch" not in told
    watched = CONTRACT.model_copy(update={"watch": Watch(repair=True)})
    assert watched.fingerprint() != CONTRACT.fingerprint()
