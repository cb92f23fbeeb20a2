"""An office that publishes one dataset to a real portal, and what its operators do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import requests
from examples.releases import SHA, filed_release, portal_columns

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.contracts import load_contract
from opengazette.adapters.portals.connection import Credentials
from opengazette.adapters.portals.revisions import RevisionSender
from opengazette.adapters.portals.senders import Sender, SodaSender
from opengazette.adapters.portals.socrata import SocrataPortal
from opengazette.documentation.columns import column_types
from opengazette.governance.ledger_state import place_of, release_named
from opengazette.model.approval import Approval, RiskEnvelope
from opengazette.model.ledger import LedgerEntry
from opengazette.model.stages import Approved, Published
from opengazette.ports import Papers
from opengazette.steps.publish import earlier_releases, publish
from opengazette.steps.rollback import rollback
from opengazette.steps.withdraw import resume, stop, withdraw

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT, "contagious_diseases")
TYPES = column_types(CONTRACT)
KEY = CONTRACT.publication.key()
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

    host: str
    url: str
    user: str
    password: str
    folder: Path


@dataclass
class Noon:
    """A clock that stands still until somebody sets it."""

    time: datetime = field(default=datetime(2026, 1, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the time."""
        return self.time


#: How releases go to the portal; the second asks again at once where a portal works on.
SENDERS: dict[str, Callable[[], Sender]] = {
    "soda": SodaSender,
    "revisions": lambda: RevisionSender(pause=0.02),
}


def portal_of(
    server: LocalPortal, papers: Papers, protocol: str, url: str | None = None
) -> SocrataPortal:
    """Return a portal that is asked once and never waited for."""
    return SocrataPortal(
        url or server.url,
        Credentials(server.user, server.password),
        papers,
        SENDERS[protocol](),
        attempts=0,
        sleep=lambda _seconds: None,
    )


class Office:
    """A ledger, papers and a portal on which nothing was published yet."""

    def __init__(self, folder: Path, server: LocalPortal, protocol: str = "soda") -> None:
        self.archive = FolderArchive(folder)
        self.papers, self.ledger = ArchivePapers(self.archive), ArchiveLedger(self.archive)
        self.server, self.clock, self.protocol = server, Noon(), protocol
        self.user = Credentials(server.user, server.password)
        self.portal = portal_of(server, self.papers, protocol)

    def release(
        self,
        rows: int | Mapping[str, int] = 3,
        description: str = "All.",
        types: Mapping[str, str] = TYPES,
    ) -> Approved:
        """Return a release with a row for each place and its number of cases."""
        cases = {f"é{n}": n for n in range(rows)} if isinstance(rows, int) else rows
        lines = [
            ",".join(
                place if name == KEY[0] else "x" if kind == "text" else str(number)
                for name, kind in types.items()
            )
            for place, number in cases.items()
        ]
        table = "\n".join([",".join(types), *lines, ""]).encode()
        said = {
            "name": "Diseases",
            "description": description,
            "tags": ["Flu"],
            "columns": portal_columns(types),
        }
        told = json.dumps(CONTRACT.model_dump(mode="json")).encode()
        others = {"contract.json": ("application/json", told)}
        return filed_release(self.papers, CONTRACT.id, table, said, others)

    def send(self, approved: Approved) -> Published:
        """Publish a release as one that was cleared with all that the public has seen."""
        compared = frozenset(release.tables for release in earlier_releases(self.entries()))
        cleared = replace(approved, compared=compared)
        return publish(cleared, CONTRACT, self.portal, self.ledger, self.clock)

    def publish(self, rows: int | Mapping[str, int] = 3, description: str = "All.") -> Published:
        """Publish as many rows, or these."""
        return self.send(self.release(rows, description))

    def stop(self) -> LedgerEntry:
        """Stop the dataset."""
        return stop(CONTRACT.id, self.ledger, self.clock, **WHO)

    def withdraw(self, *, delete: bool = False) -> LedgerEntry:
        """Stop the dataset and take it off the portal."""
        self.stop()
        return withdraw(CONTRACT.id, self.portal, self.ledger, self.clock, **WHO, delete=delete)

    def resume(self) -> LedgerEntry:
        """Let the dataset go on."""
        return resume(CONTRACT.id, self.ledger, self.clock, by="B. Night", reason="Corrected")

    def rollback(
        self, published: Published | None = None, approval: Approval | None = APPROVAL
    ) -> Published:
        """Bring back a release, the first where none is named."""
        first = next((e for e in self.entries() if e.kind == "published"), None)
        assert first is not None
        named = published.release.fingerprint[:10] if published else first.release.release
        receipt = release_named({CONTRACT.id: self.entries()}, named)
        world = (self.portal, self.ledger, self.clock, self.papers)
        return rollback(receipt, CONTRACT, approval, *world, **WHO)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return the dataset's chain."""
        return self.ledger.entries(CONTRACT.id)

    def kinds(self) -> list[str]:
        """Return what kinds of entries the chain has."""
        return [entry.kind for entry in self.entries()]

    def by_hand(self, method: str, path: str, **sent: Any) -> Any:
        """Ask the portal for something as its publisher, past our own client."""
        login = (self.server.user, self.server.password)
        answer = requests.request(method, f"{self.server.url}{path}", auth=login, timeout=9, **sent)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def known(self) -> list[dict[str, Any]]:
        """Return every dataset that the portal's own publisher sees."""
        return list(self.by_hand("GET", "/api/views.json"))

    def rows_seen(self, uid: str) -> list[dict[str, str]] | None:
        """Return the rows that a stranger sees of a dataset, None where it is not public."""
        answer = requests.get(f"{self.server.url}/resource/{uid}.json", timeout=9)
        return list(answer.json()) if answer.ok else None

    def public(self) -> dict[str, int]:
        """Return the number of rows of each public dataset."""
        views = requests.get(f"{self.server.url}/api/views.json", timeout=9).json()
        return {view["id"]: len(self.rows_seen(view["id"]) or []) for view in views}

    def shown(self) -> tuple[int, str] | None:
        """Return the number of rows and the description that a stranger sees of the dataset."""
        uid = place_of(self.entries())
        self._wait_for_the_portal(uid)
        view = requests.get(f"{self.server.url}/api/views/{uid}.json", timeout=9)
        if uid is None or not view.ok:
            return None
        return len(self.rows_seen(uid) or []), view.json().get("description", "")

    def _wait_for_the_portal(self, uid: str | None) -> None:
        """Look at no dataset while a revision is applied to it, which is not seen in one look."""
        path = f"{self.server.url}/api/publishing/v1/revision/{uid}"
        login = (self.server.user, self.server.password)
        while uid is not None:
            listed = requests.get(path, auth=login, timeout=9)
            shown = listed.json() if listed.ok else []
            jobs = [job for one in shown for job in one["resource"]["task_sets"]]
            if all(job["finished_at"] for job in jobs):
                return
            time.sleep(0.02)

    def clear_away(self) -> None:
        """Delete the dataset from the portal, which other tests share."""
        uid = place_of(self.entries())
        if uid is not None:
            login = (self.server.user, self.server.password)
            requests.delete(f"{self.server.url}/api/views/{uid}.json", auth=login, timeout=9)
