"""kill -9 at any instant: the public sees a whole table, and the next run finishes.

`KILLS=200 pytest tests/faults/test_killed_anywhere.py` kills more often.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.contracts import load_contract
from opengazette.adapters.portals.connection import Credentials
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.documentation.columns import column_types
from opengazette.model.stages import Approved, DocumentRef, Release, TableRef
from opengazette.steps.publish import publish
from opengazette.steps.withdraw import resume, stop, withdraw

pytestmark = pytest.mark.servers

CONTRACT = load_contract(Path(__file__).parents[2], "contagious_diseases")
TYPES = column_types(CONTRACT)
SHA = "ab" * 32
WHO = {"by": "B. Night", "reason": "Wrong county names"}
KILLS = int(os.environ.get("KILLS", "15"))


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
    """A ledger, papers and a portal, whose runs can be killed."""

    def __init__(self, folder: Path, server: LocalPortal) -> None:
        archive = FolderArchive(folder)
        self.papers, self.ledger = ArchivePapers(archive), ArchiveLedger(archive)
        self.server, self.clock = server, Noon()
        user = Credentials(server.user, server.password)
        self.portal = SocrataPortal(
            server.url, user, self.papers, attempts=0, sleep=lambda _seconds: None
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
        file = self.papers.file
        documents = (
            file("table.csv", "text/csv", "\n".join([",".join(TYPES), *lines, ""]).encode()),
            file(
                "metadata.json",
                "application/json",
                json.dumps({"name": "Diseases", "columns": columns}).encode(),
            ),
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

    def publish(self, rows: int) -> None:
        publish(self.release(rows), CONTRACT, self.portal, self.ledger, self.clock)

    def withdraw(self) -> None:
        stop(CONTRACT.id, self.ledger, self.clock, **WHO)
        withdraw(CONTRACT.id, self.portal, self.ledger, self.clock, **WHO)

    def known(self) -> list[dict[str, Any]]:
        login = (self.server.user, self.server.password)
        return list(requests.get(f"{self.server.url}/api/views.json", auth=login, timeout=9).json())

    def public(self) -> int | None:
        """Return the number of rows that a stranger sees, None where nothing is public."""
        views = requests.get(f"{self.server.url}/api/views.json", timeout=9).json()
        assert len(views) <= 1, "no dataset stands there twice"
        if not views:
            return None
        rows = requests.get(f"{self.server.url}/resource/{views[0]['id']}.json", timeout=9).json()
        assert len({json.dumps(row) for row in rows}) == len(rows), "no row stands there twice"
        return len(rows)


def killed_after(seconds: float, act: Callable[[], None]) -> bool:
    """Run in another process, kill it after a while, and tell whether it was still at work."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def seconds_of(act: Callable[[], None]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def spread(number: int) -> float:
    """Return instants between 0 and 1 that never repeat and leave no gap, the same each time."""
    return number * 0.6180339887 % 1


def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(
    tmp_path: Path, local_portal: LocalPortal
) -> None:
    office = Office(tmp_path / "archive", local_portal)
    office.publish(3)
    lasts = seconds_of(lambda: office.publish(4))
    before, struck = 4, 0
    for n, rows in enumerate(range(5, 5 + KILLS)):
        struck += killed_after(
            lasts * spread(n),
            lambda rows=rows: office.publish(rows),  # type: ignore[misc]
        )
        assert office.public() in (before, rows), "a part of the table is public"
        office.publish(rows)
        assert office.public() == rows
        assert len(office.known()) == 1
        assert office.ledger.entries(CONTRACT.id)[-1].kind == "published"
        before = rows
    assert struck > KILLS // 2, "most runs were killed at work"


def test_a_withdrawal_that_is_killed_anywhere_is_finished_by_the_next(
    tmp_path: Path, local_portal: LocalPortal
) -> None:
    office = Office(tmp_path / "archive", local_portal)
    office.publish(3)
    lasts = seconds_of(office.withdraw)
    for n in range(KILLS // 3):
        resume(CONTRACT.id, office.ledger, office.clock, **WHO)
        office.publish(3)
        killed_after(lasts * spread(n), office.withdraw)
        assert office.public() in (3, None)
        office.withdraw()
        assert office.public() is None
        assert office.ledger.entries(CONTRACT.id)[-1].kind == "withdrawn"
