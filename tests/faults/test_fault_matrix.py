"""Every fault in every operation: the public sees the old table or the new one.

`FAULTS=all pytest tests/faults/test_fault_matrix.py` strikes at nine requests of each operation,
evenly spread, and writes the table in docs/operators/faults.md; without it, at one of the nine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from opengazette.errors import ArchiveUnavailable, OpenGazetteError, PortalRejected
from opengazette.governance.ledger_state import hold_of, place_of, release_named
from opengazette.model.approval import Approval, RiskEnvelope
from opengazette.model.stages import Approved, DocumentRef, Release, TableRef
from opengazette.steps.publish import publish
from opengazette.steps.rollback import rollback
from opengazette.steps.withdraw import resume, stop, withdraw

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/operators/faults.md"
EVERYWHERE = os.environ.get("FAULTS") == "all"
PLACES = 9
CONTRACT = load_contract(ROOT, "contagious_diseases")
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
Send = Callable[..., requests.Response]


class LocalPortal(Protocol):
    """The fixture of conftest.py."""

    url: str
    user: str
    password: str


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Asked:
    """One request on its way to the portal."""

    send: Send
    method: str
    url: str
    named: dict[str, Any]
    authenticated: bool

    def go(self) -> requests.Response:
        return self.send(self.method, self.url, **self.named)


def answer(status: int, body: bytes = b"", kind: str = "application/json") -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = body
    made.headers["Content-Type"] = kind
    return made


@dataclass
class Strikes:
    """What goes wrong, from which request on, and whether it goes on."""

    strike: Callable[[Asked], requests.Response]
    at: int
    lasts: bool = False
    seen: int = field(default=0)

    def __call__(self, asked: Asked) -> requests.Response:
        self.seen += 1
        now = self.seen > self.at if self.lasts else self.seen == self.at + 1
        return self.strike(asked) if now else asked.go()


def reset_before(_asked: Asked) -> requests.Response:
    raise requests.ConnectionError


def reset_after(asked: Asked) -> requests.Response:
    asked.go()
    raise requests.ConnectionError


def error_after(asked: Asked) -> requests.Response:
    asked.go()
    return answer(500)


def ticket(asked: Asked) -> requests.Response:
    """Do the work behind a ticket: the next question is answered with the result."""
    result, resend = asked.go(), asked.send

    def told(method: str, url: str, **named: Any) -> requests.Response:
        return result if "ticket" in (named.get("params") or {}) else resend(method, url, **named)

    TICKETS.append(told)
    return answer(202, json.dumps({"code": "accepted", "ticket": "t-1"}).encode())


TICKETS: list[Send] = []


def cut_off(asked: Asked) -> requests.Response:
    whole = asked.go()
    return answer(whole.status_code, whole.content[: len(whole.content) // 2] or b"{")


def revoked(asked: Asked) -> requests.Response:
    return answer(401) if asked.authenticated else asked.go()


def held(asked: Asked) -> requests.Response:
    """Take a change of permission for granted and leave it to somebody who never comes."""
    opens = "public" in str((asked.named.get("params") or {}).get("value"))
    return answer(200) if opens else asked.go()


#: Each fault, and whether it goes on once it has begun.
FAULTS: dict[str, tuple[Callable[[Asked], requests.Response], bool]] = {
    "connection reset before the request": (reset_before, False),
    "connection reset after it was done": (reset_after, False),
    "500 before anything was done": (lambda _asked: answer(500), False),
    "500 after it was done": (error_after, False),
    "429 too many requests": (lambda _asked: answer(429), False),
    "409 write lock": (lambda _asked: answer(409), False),
    "202 with a ticket": (ticket, False),
    "202 bare": (lambda _asked: answer(202), False),
    "HTML at 200": (lambda _asked: answer(200, b"<html>", "text/html"), False),
    "answer cut off": (cut_off, False),
    "portal down from then on": (lambda _asked: answer(503), True),
    "credentials revoked from then on": (revoked, True),
    "permission held for approval": (held, True),
}


class Office:
    """One dataset on a real portal, and what its operators do."""

    def __init__(self, folder: Path, server: LocalPortal) -> None:
        self.archive = FolderArchive(folder)
        self.papers, self.ledger = ArchivePapers(self.archive), ArchiveLedger(self.archive)
        self.server, self.clock = server, Noon()
        user = Credentials(server.user, server.password)
        self.portal = SocrataPortal(
            server.url, user, self.papers, attempts=0, sleep=lambda _seconds: None
        )

    def release(self, rows: int, description: str = "All.") -> Approved:
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
        said = {"name": "Diseases", "description": description, "columns": columns}
        file = self.papers.file
        documents = (
            file("table.csv", "text/csv", "\n".join([",".join(TYPES), *lines, ""]).encode()),
            file("metadata.json", "application/json", json.dumps(said).encode()),
            file("dictionary.csv", "text/csv", b"column\n"),
            file("methodology.md", "text/markdown", b"How"),
            file("evidence.json", "application/json", b"{}"),
        )
        table = TableRef(CONTRACT.id, documents[0].sha256, rows, tuple(TYPES))
        evidence: DocumentRef = documents[-1]
        release = Release(
            CONTRACT.id, SHA, SHA, table, table, table, evidence, documents, None, 0, 0
        )
        return Approved(release, SHA, ())

    def publish(self, rows: int, description: str = "All.") -> None:
        made = self.release(rows, description)
        publish(made, CONTRACT, self.portal, self.ledger, self.clock)

    def rollback(self) -> None:
        entries = self.ledger.entries(CONTRACT.id)
        first = next(entry for entry in entries if entry.kind == "published")
        receipt = release_named({CONTRACT.id: entries}, first.release.release)
        rollback(
            receipt,
            CONTRACT,
            APPROVAL,
            self.portal,
            self.ledger,
            self.clock,
            self.papers,
            **WHO,
        )

    def withdraw(self) -> None:
        stop(CONTRACT.id, self.ledger, self.clock, **WHO)
        withdraw(CONTRACT.id, self.portal, self.ledger, self.clock, **WHO)

    def public(self) -> tuple[int, str] | None:
        """Return the number of rows and the description that a stranger sees."""
        uid = place_of(self.ledger.entries(CONTRACT.id))
        view = requests.get(f"{self.server.url}/api/views/{uid}.json", timeout=9)
        if uid is None or not view.ok:
            return None
        rows = requests.get(f"{self.server.url}/resource/{uid}.json", timeout=9)
        return len(rows.json()), view.json().get("description", "")

    def clear_away(self) -> None:
        uid = place_of(self.ledger.entries(CONTRACT.id))
        login = (self.server.user, self.server.password)
        if uid is not None:
            requests.delete(f"{self.server.url}/api/views/{uid}.json", auth=login, timeout=9)


@dataclass(frozen=True)
class Operation:
    """What an operator does, from what, and what the public is to see afterwards."""

    before: tuple[Callable[[Office], None], ...]
    act: Callable[[Office], None]
    target: tuple[int, str] | None


OPERATIONS = {
    "first publication": Operation((), lambda o: o.publish(3), (3, "All.")),
    "later publication": Operation(
        (lambda o: o.publish(3),), lambda o: o.publish(4, "More."), (4, "More.")
    ),
    "other papers, same rows": Operation(
        (lambda o: o.publish(3),), lambda o: o.publish(3, "Better."), (3, "Better.")
    ),
    "rollback": Operation(
        (lambda o: o.publish(3), lambda o: o.publish(4, "More.")), Office.rollback, (3, "All.")
    ),
    "withdrawal": Operation((lambda o: o.publish(3),), Office.withdraw, None),
}


class Wire:
    """All connections to the portal, and what strikes them."""

    def __init__(self) -> None:
        self.strikes: Strikes | None = None
        self.passed = 0

    def sent(self, send: Send, authenticated: bool) -> Send:
        def request(method: str, url: str, **named: Any) -> requests.Response:
            self.passed += 1
            if TICKETS and "ticket" in (named.get("params") or {}):
                return TICKETS.pop()(method, url, **named)
            asked = Asked(send, method, url, named, authenticated)
            return self.strikes(asked) if self.strikes is not None else asked.go()

        return request


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found, begin = Wire(), Connection.__init__

    def opened(client: Connection, address: str, user: Credentials | None, **named: Any) -> None:
        begin(client, address, user, **named)
        client.session.request = found.sent(client.session.request, user is not None)

    monkeypatch.setattr(Connection, "__init__", opened)
    return found


def begun(folder: Path, server: LocalPortal, operation: Operation) -> Office:
    office = Office(folder, server)
    for earlier in operation.before:
        earlier(office)
    return office


def struck(office: Office, operation: Operation, wire: Wire, strikes: Strikes) -> str:
    """Do an operation under a fault and say how it ended; nothing else may be seen."""
    before = office.public()
    wire.strikes, error = strikes, None
    try:
        operation.act(office)
    except OpenGazetteError as raised:
        error = raised
    finally:
        wire.strikes = None
    now = office.public()
    if error is None:
        assert now == operation.target, "it said that it was done"
        return "done"
    rows = {seen[0] if seen else None for seen in (before, operation.target)}
    assert (now[0] if now else None) in {*rows, None}, "a part is public"
    if now is None and before is not None and operation.target is not None:
        assert isinstance(error, PortalRejected)
        return "made private, a person is called"
    if now == operation.target:
        return "done, the next run writes the receipt"
    if now == before:
        kinds = [entry.kind for entry in office.ledger.entries(CONTRACT.id)]
        return "rolled back" if kinds[-1:] == ["rolled_back"] else "unchanged"
    return "the rows are whole, the next run finishes the papers"


def converges(office: Office, operation: Operation) -> None:
    """Do it again without a fault: the public sees what was meant, and the ledger is whole."""
    operation.act(office)
    assert office.public() == operation.target
    entries = office.ledger.entries(CONTRACT.id)
    assert entries[-1].kind in ("published", "withdrawn")
    if hold_of(entries):
        resume(CONTRACT.id, office.ledger, office.clock, **WHO)


def places(total: int, chosen: int) -> list[int]:
    """Return the numbers of the requests to strike: the first, the last and between."""
    spread = [round(n * (total - 1) / (PLACES - 1)) for n in range(PLACES)]
    return sorted(set(spread)) if EVERYWHERE else [spread[chosen % PLACES]]


@pytest.fixture(scope="module")
def totals() -> dict[str, int]:
    """Remember how many requests each operation makes."""
    return {}


def requests_of(
    name: str, folder: Path, server: LocalPortal, wire: Wire, totals: dict[str, int]
) -> int:
    if name not in totals:
        office = begun(folder / "whole", server, OPERATIONS[name])
        wire.passed = 0
        OPERATIONS[name].act(office)
        totals[name] = wire.passed
        office.clear_away()
    return totals[name]


def outcomes_of(
    fault: str, name: str, at: list[int], folder: Path, server: LocalPortal, wire: Wire
) -> set[str]:
    operation, (strike, lasts) = OPERATIONS[name], FAULTS[fault]
    found: set[str] = set()
    for place in at:
        TICKETS.clear()
        office = begun(folder / str(place), server, operation)
        found.add(struck(office, operation, wire, Strikes(strike, place, lasts)))
        converges(office, operation)
        office.clear_away()
    return found


def written() -> dict[tuple[str, str], set[str]]:
    """Return the outcomes that the page lists, by fault and operation."""
    table = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {
        (line[0], name): set(cell.split("; "))
        for line in lines[2:]
        for name, cell in zip(lines[0][1:], line[1:], strict=True)
    }


HEAD = """\
# Every fault

Made by `FAULTS=all pytest tests/faults/test_fault_matrix.py`: each fault strikes at nine requests
of each operation, one after the other and evenly spread, on a real portal. After each, the public
sees the old table or the new one, whole; the operation is then done again without a fault and ends
as it was meant, with a whole ledger. A cell lists every outcome that was seen.

"""


def page(found: Mapping[tuple[str, str], set[str]]) -> str:
    rows = [f"| Fault | {' | '.join(OPERATIONS)} |", f"|{'---|' * (len(OPERATIONS) + 1)}"]
    rows += [
        f"| {fault} | {' | '.join('; '.join(sorted(found[fault, name])) for name in OPERATIONS)} |"
        for fault in FAULTS
    ]
    return HEAD + "\n".join(rows) + "\n"


SEEN: dict[tuple[str, str], set[str]] = {}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_public_sees_the_old_table_or_the_new_one_and_the_next_run_finishes(
    fault: str,
    name: str,
    tmp_path: Path,
    shared_portal: LocalPortal,
    wire: Wire,
    totals: dict[str, int],
) -> None:
    total = requests_of(name, tmp_path, shared_portal, wire, totals)
    at = places(total, [*FAULTS].index(fault) + 2 * [*OPERATIONS].index(name))
    found = outcomes_of(fault, name, at, tmp_path, shared_portal, wire)
    if not EVERYWHERE:
        assert found <= written()[fault, name], "docs/operators/faults.md says otherwise"
        return
    SEEN[fault, name] = found
    if len(SEEN) == len(FAULTS) * len(OPERATIONS):
        PAGE.write_text(page(SEEN), "utf-8")


@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_archive_that_fails_at_any_record_leaves_what_the_next_run_finishes(
    name: str,
    committed: bool,
    tmp_path: Path,
    shared_portal: LocalPortal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operation, put = OPERATIONS[name], FolderArchive.put_new
    for at in range(4):
        office = begun(tmp_path / str(at), shared_portal, operation)
        calls = iter(range(1_000))

        def fail(
            archive: FolderArchive, key: str, content: bytes, at: int = at, n: Any = calls
        ) -> bool:
            strikes = next(n) == at
            if not strikes or committed:
                done = put(archive, key, content)
                if not strikes:
                    return done
            raise ArchiveUnavailable("The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(FolderArchive, "put_new", fail)
            with pytest.raises(ArchiveUnavailable):
                operation.act(office)
        seen = office.public()
        assert (seen[0] if seen else None) in (3, 4, None)
        converges(office, operation)
        office.clear_away()
