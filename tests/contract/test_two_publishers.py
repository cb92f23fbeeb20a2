"""Two machines on one archive: never do both send, and the one that does not says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from examples.offices import CONTRACT, Noon
from examples.releases import SHA

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.errors import LedgerConflict, OpenGazetteError
from opengazette.governance.ledger_state import CLAIM
from opengazette.model.ledger import EntryKind
from opengazette.model.stages import Approved, DocumentRef, Published, Release, TableRef
from opengazette.ports import Claim, PublicState
from opengazette.steps.publish import publish

UID = "abcd-1234"
TRIALS = 100


class Counting:
    """A portal that counts how many send at once."""

    def __init__(self, during: Callable[[], object] = lambda: time.sleep(0.002)) -> None:
        self.sending = self.most = self.sent = 0
        self.during, self.lock = during, threading.Lock()

    def state(self, uid: str, columns: Mapping[str, str]) -> PublicState | None:
        return None

    def publish(
        self,
        release: Approved,
        *,
        uid: str | None,
        before: Release | None,
        created: Callable[[str], None] | None = None,
        claim: Claim | None = None,
    ) -> PublicState:
        if uid is None and created is not None:
            created(UID)
        with self.lock:
            self.sending += 1
            self.sent += 1
            self.most = max(self.most, self.sending)
        self.during()
        with self.lock:
            self.sending -= 1
        return PublicState(UID, f"https://data.example.gov/d/{UID}", 3, SHA, is_public=True)


def approved(contract: str) -> Approved:
    table = TableRef(CONTRACT.id, SHA, 3, ("county",))
    paper = DocumentRef("evidence.json", "application/json", SHA)
    release = Release(CONTRACT.id, contract, SHA, table, table, table, paper, (paper,), None, 0, 0)
    return Approved(release, SHA, ())


def machine(root: Path, name: str) -> ArchiveLedger:
    return ArchiveLedger(FolderArchive(root), lambda: name)


def go(root: Path, name: str, portal: Counting, clock: Noon) -> Published:
    release = approved(("aa" if name == "first" else "bb") * 32)
    return publish(release, CONTRACT, portal, machine(root, name), clock)


def race(root: Path, portal: Counting) -> list[OpenGazetteError | Published]:
    ended: list[OpenGazetteError | Published] = []
    start = threading.Barrier(2)

    def run(name: str) -> None:
        start.wait()
        try:
            ended.append(go(root, name, portal, Noon()))
        except LedgerConflict as conflict:
            ended.append(conflict)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def test_of_two_machines_that_publish_at_once_one_sends_and_the_other_says_so(
    tmp_path: Path,
) -> None:
    conflicts = 0
    for trial in range(TRIALS):
        root, portal = tmp_path / str(trial), Counting()
        ended = race(root, portal)
        won = [each for each in ended if isinstance(each, Published)]
        lost = [each for each in ended if isinstance(each, LedgerConflict)]
        assert len(won) + len(lost) == 2
        assert won, "somebody wins"
        assert portal.most == 1, "both were sending at once"
        assert portal.sent == len(won)
        assert all("another machine" in str(e) or "Another run" in str(e) for e in lost)
        kinds = [entry.kind for entry in machine(root, "auditor").entries(CONTRACT.id)]
        assert kinds.count("published") == len(won)
        assert kinds[-1] == "published"
        conflicts += len(lost)
    assert conflicts > TRIALS // 2, "the race was no race"


@pytest.mark.parametrize("earlier", [0, 2], ids=["an empty ledger", "a ledger with entries"])
def test_a_machine_that_read_the_ledger_too_early_sends_nothing(
    tmp_path: Path, earlier: int
) -> None:
    if earlier:
        go(tmp_path, "second", Counting(), Noon())

    class Late(ArchiveLedger):
        def append(self, dataset: str, kind: EntryKind, *arguments: Any, **named: Any) -> Any:
            other = machine(tmp_path, "second")
            if kind == "intent" and len(other.entries(dataset)) in (0, 3):
                other.append(dataset, kind, *arguments)
            return super().append(dataset, kind, *arguments, **named)

    portal = Counting()
    late = Late(FolderArchive(tmp_path), lambda: "first")
    with pytest.raises(LedgerConflict, match="Another run"):
        publish(approved("cc" * 32), CONTRACT, portal, late, Noon())
    assert portal.sent == 0


def test_a_machine_that_died_is_waited_for_and_then_relieved(tmp_path: Path) -> None:
    clock = Noon()

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, "first", Counting(die), clock)
    with pytest.raises(LedgerConflict, match="another machine .*2026-01-01 14:00 UTC"):
        go(tmp_path, "second", Counting(), clock)
    clock.time += CLAIM - timedelta(seconds=1)
    with pytest.raises(LedgerConflict, match="another machine"):
        go(tmp_path, "second", Counting(), clock)
    clock.time += timedelta(seconds=1)
    assert go(tmp_path, "second", Counting(), clock).changed


def test_what_this_machine_left_is_taken_up_at_once(tmp_path: Path) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, "first", Counting(die), Noon())
    assert go(tmp_path, "first", Counting(), Noon()).changed


def test_a_run_that_was_overtaken_writes_no_receipt(tmp_path: Path) -> None:
    def overtaken() -> None:
        ledger = machine(tmp_path, "second")
        newest = ledger.entries(CONTRACT.id)[-1]
        ledger.append(CONTRACT.id, "hold", newest.at, newest.release, note="Wrong numbers")

    with pytest.raises(LedgerConflict, match="Another run"):
        go(tmp_path, "first", Counting(overtaken), Noon())
    assert machine(tmp_path, "auditor").entries(CONTRACT.id)[-1].kind == "hold"


def test_what_a_person_stops_between_the_look_and_the_intent_is_not_sent(tmp_path: Path) -> None:
    go(tmp_path, "first", Counting(), Noon())

    class Stopped(ArchiveLedger):
        def append(self, dataset: str, kind: EntryKind, *arguments: Any, **named: Any) -> Any:
            if kind == "intent":
                machine(tmp_path, "second").append(dataset, "hold", *arguments, note="Wrong")
            return super().append(dataset, kind, *arguments, **named)

    portal = Counting()
    late = Stopped(FolderArchive(tmp_path), lambda: "first")
    with pytest.raises(LedgerConflict, match="Another run"):
        publish(approved("cc" * 32), CONTRACT, portal, late, Noon())
    assert portal.sent == 0
