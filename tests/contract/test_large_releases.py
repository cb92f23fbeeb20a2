"""A large release goes as one revision, and the few rows that differ as those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from examples.offices import SENDERS, LocalPortal, Office

from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.revisions import LargeSender, RevisionSender
from opengazette.adapters.portals.senders import ByRevision

BEFORE = {f"é{n}": n for n in range(40)}
MANY = {place: n + 100 for place, n in BEFORE.items()}
FEW = {**MANY, "é7": 70, "x": 1}


@pytest.fixture
def office(tmp_path: Path, local_portal: LocalPortal, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setitem(SENDERS, "large", lambda: LargeSender(pause=0.02))
    return Office(tmp_path / "archive", local_portal, "large")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Name the ways by which rows go."""
    ways: list[str] = []
    by_revision, changed = RevisionSender.send_rows, Connection.upsert

    def applied(*arguments: Any) -> bool:
        ways.append("revision")
        return by_revision(*arguments)

    def upserted(*arguments: Any) -> Any:
        ways.append("change set")
        return changed(*arguments)

    monkeypatch.setattr(RevisionSender, "send_rows", applied)
    monkeypatch.setattr(Connection, "upsert", upserted)
    monkeypatch.setattr(Connection, "replace", None)
    return ways


def shown(office: Office, uid: str) -> dict[str, int]:
    rows = office.by_hand("GET", f"/resource/{uid}.json", params={"$limit": "5000"})
    return {row[next(iter(row))]: int(row["cases"]) for row in rows}


def test_a_large_release_goes_as_a_revision_unless_few_rows_differ(
    office: Office, sent: list[str]
) -> None:
    uid = office.publish(BEFORE).uid
    office.publish(MANY)
    assert shown(office, uid) == MANY
    office.publish(FEW)
    assert shown(office, uid) == FEW
    assert sent == ["revision", "revision", "change set"]
    assert not office.publish(FEW).changed
    assert office.public() == {uid: len(FEW)}


def test_a_release_goes_by_its_size_and_by_its_dataset() -> None:
    every, large = RevisionSender(), LargeSender()
    chosen = ByRevision(frozenset({"reviewed"}), lambda: every, 100, lambda: large)
    assert chosen.sender("reviewed", 1) is every
    assert chosen.sender("reviewed", 100) is every
    assert chosen.sender("other", 99) is None
    assert chosen.sender("other", 100) is large
    assert ByRevision(frozenset(), lambda: every, 100, None).sender("other", 100) is None
