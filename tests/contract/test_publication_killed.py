"""A run that is killed in the middle of a publication leaves what the next run finishes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
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
from opengazette.model.stages import Approved, DocumentRef, Published, Release, TableRef
from opengazette.steps.publish import earlier_releases, publish

CONTRACT = load_contract(Path(__file__).parents[2], "contagious_diseases")
TYPES = column_types(CONTRACT)
SHA = "ab" * 32


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
        archive = FolderArchive(folder)
        self.papers, self.ledger = ArchivePapers(archive), ArchiveLedger(archive)
        self.server = server
        self.user = Credentials(server.user, server.password)
        self.portal = SocrataPortal(
            server.url, self.user, self.papers, attempts=0, sleep=lambda _seconds: None
        )

    def release(self, rows: int = 3, types: Mapping[str, str] = TYPES) -> Approved:
        header = ",".join(types)
        lines = [
            ",".join(f"é{n}" if kind == "text" else str(n) for kind in types.values())
            for n in range(rows)
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
        metadata = {"name": "Diseases", "tags": ["x"], "columns": columns}
        evidence = DocumentRef("evidence.json", "application/json", SHA)
        documents = (
            self.papers.file("table.csv", "text/csv", "\n".join([header, *lines, ""]).encode()),
            self.papers.file("metadata.json", "application/json", json.dumps(metadata).encode()),
            self.papers.file("dictionary.csv", "text/csv", b"column\n"),
            self.papers.file("methodology.md", "text/markdown", b"How"),
            evidence,
        )
        table = TableRef(CONTRACT.id, SHA, rows, tuple(types))
        release = Release(
            CONTRACT.id, SHA, SHA, table, table, table, evidence, documents, None, 0, 0
        )
        return Approved(release, SHA, ())

    def publish(self, approved: Approved) -> Published:
        return publish(approved, CONTRACT, self.portal, self.ledger, Noon())

    def publish_and_die(self, approved: Approved, method: str, *, after: bool) -> None:
        """Publish in another process that is killed before or after it calls a method."""
        child = os.fork()
        if child == 0:
            with pytest.MonkeyPatch.context() as patch:
                owner = Connection if hasattr(Connection, method) else ArchiveLedger
                patch.setattr(owner, method, deadly(getattr(owner, method), after=after))
                self.publish(approved)
            os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL

    def known(self) -> list[dict[str, Any]]:
        """Return everything that the portal's own publisher sees in it."""
        login = (self.server.user, self.server.password)
        return list(requests.get(f"{self.server.url}/api/views.json", auth=login, timeout=9).json())

    def public(self) -> dict[str, int]:
        """Return the number of rows of each public dataset."""
        views = requests.get(f"{self.server.url}/api/views.json", timeout=9).json()
        rows = f"{self.server.url}/resource/{{}}.json"
        return {v["id"]: len(requests.get(rows.format(v["id"]), timeout=9).json()) for v in views}


def deadly(called: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    def die(*arguments: Any, **named: Any) -> None:
        if after:
            called(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return die


@pytest.fixture
def office(tmp_path: Path, local_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", local_portal)


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
    office.publish_and_die(office.release(), method, after=after)
    assert set(office.public().values()) <= {3}, "nothing or the whole table"
    published = office.publish(office.release(rows=4))
    assert office.public() == {published.uid: 4}
    assert len(office.known()) == 1
    assert [entry.kind for entry in office.ledger.entries(CONTRACT.id)][-1] == "published"
    assert not office.publish(office.release(rows=4)).changed


@pytest.mark.parametrize(("method", "seen"), [("create_draft", 0), ("replace", 1)])
def test_what_a_killed_run_may_have_shown_counts_as_seen(
    office: Office, method: str, seen: int
) -> None:
    office.publish_and_die(office.release(), method, after=True)
    assert len(earlier_releases(office.ledger.entries(CONTRACT.id))) == seen
    office.publish(office.release())
    assert len(earlier_releases(office.ledger.entries(CONTRACT.id))) == 1


def test_a_draft_that_was_taken_back_is_made_anew(office: Office) -> None:
    office.publish_and_die(office.release(), "replace", after=False)
    draft = office.known()[0]
    with Connection(office.server.url, office.user) as client:
        client.take_up(draft)
        client.discard(draft["id"])
    published = office.publish(office.release())
    assert published.uid != draft["id"]
    assert office.public() == {published.uid: 3}


def test_a_draft_with_the_columns_of_an_older_contract_is_made_anew(office: Office) -> None:
    older = dict(list(TYPES.items())[:-1])
    office.publish_and_die(office.release(types=older), "replace", after=False)
    published = office.publish(office.release())
    assert office.public() == {published.uid: 3}
    assert len(office.known()) == 1


def test_a_later_publication_that_was_killed_is_finished_even_where_it_is_no_longer_meant(
    office: Office,
) -> None:
    first = office.release()
    uid = office.publish(first).uid
    other = replace(first, release=replace(first.release, contract="cd" * 32))
    office.publish_and_die(other, "set_permission", after=True)
    again = office.publish(first)
    assert again.changed, "the papers on the portal may be those of the release that was killed"
    assert office.public() == {uid: 3}
    assert not office.publish(first).changed
