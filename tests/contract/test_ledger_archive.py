"""What the ledger promises: nothing is lost, nothing changes, two runs never both win."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.errors import LedgerConflict
from opengazette.model.ledger import EntryKind, LedgerEntry, Portrait

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=-8)))
SHA = "ab" * 32
PORTRAIT = Portrait(
    release=SHA,
    contract=SHA,
    rule_pack=SHA,
    extract=SHA,
    extracted_rows=100,
    table=SHA,
    columns=("county", "cases"),
    true_table=SHA,
    true_columns=("county", "cases"),
    rows=12,
    score=None,
    primary=3,
    complementary=2,
    documents={"table.csv": ("text/csv", SHA)},
    approval=SHA,
)


def ledger(root: Path) -> ArchiveLedger:
    return ArchiveLedger(FolderArchive(root))


def add(root: Path, *kinds: EntryKind) -> list[LedgerEntry]:
    return [ledger(root).append("births", kind, NOW, PORTRAIT, note="é") for kind in kinds]


def link(root: Path, position: int) -> Path:
    return root / "ledger" / "births" / f"{position:06d}.json"


def test_what_is_appended_is_read_back_oldest_first(tmp_path: Path) -> None:
    written = add(tmp_path, "intent", "published", "intent")
    read = ledger(tmp_path).entries("births")
    assert list(read) == written
    assert [entry.sequence for entry in read] == [1, 2, 3]
    assert read[2].previous == read[1].sha256
    assert read[0].at == NOW


def test_every_dataset_has_its_own_chain(tmp_path: Path) -> None:
    add(tmp_path, "intent")
    assert ledger(tmp_path).entries("deaths") == ()


def edit(root: Path) -> None:
    file = link(root, 2)
    file.write_text(file.read_text().replace('"rows": 12', '"rows": 13'))


def edit_newest(root: Path) -> None:
    file = link(root, 3)
    file.write_text(file.read_text().replace('"rows": 12', '"rows": 13'))


def swap(root: Path) -> None:
    first, second = link(root, 1).read_bytes(), link(root, 2).read_bytes()
    link(root, 1).write_bytes(second)
    link(root, 2).write_bytes(first)


def rename_away(root: Path) -> None:
    link(root, 2).rename(link(root, 9))


@pytest.mark.parametrize(
    "damage",
    [
        edit,
        edit_newest,
        swap,
        rename_away,
        lambda root: link(root, 1).unlink(),
        lambda root: link(root, 2).unlink(),
        lambda root: link(root, 3).unlink(),
        lambda root: [link(root, n).unlink() for n in (1, 2, 3)],
        lambda root: link(root, 2).write_bytes(b""),
        lambda root: link(root, 2).write_bytes(b"\xff{"),
        lambda root: link(root, 2).write_bytes(link(root, 1).read_bytes()),
    ],
    ids=[
        "edited", "newest edited", "swapped", "renamed", "first removed", "middle removed",
        "newest removed", "all removed", "emptied", "garbage", "repeated",
    ],
)  # fmt: skip
def test_damage_is_found_and_nothing_is_added_to_it(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    add(tmp_path, "intent", "published", "intent")
    damage(tmp_path)
    with pytest.raises(LedgerConflict, match="damaged"):
        ledger(tmp_path).entries("births")
    with pytest.raises(LedgerConflict, match="damaged"):
        add(tmp_path, "published")


def test_a_run_that_died_before_sealing_its_entry_does_not_block_the_next(tmp_path: Path) -> None:
    add(tmp_path, "intent", "published")
    (tmp_path / "seals" / "births" / "000002").unlink()
    add(tmp_path, "intent")
    assert len(ledger(tmp_path).entries("births")) == 3
    assert (tmp_path / "seals" / "births" / "000002").exists()


def test_two_runs_that_saw_the_same_chain_cannot_both_append(tmp_path: Path) -> None:
    add(tmp_path, "intent")

    class Meanwhile(FolderArchive):
        def put_new(self, key: str, content: bytes) -> bool:
            if key.endswith("000002.json"):
                add(tmp_path, "published")
            return super().put_new(key, content)

    with pytest.raises(LedgerConflict, match="Another run"):
        ArchiveLedger(Meanwhile(tmp_path)).append("births", "abandoned", NOW, PORTRAIT)
    assert [e.kind for e in ledger(tmp_path).entries("births")] == ["intent", "published"]


def append_until(root: Path, wanted: int) -> int:
    won = 0
    while len(ledger(root).entries("births")) < wanted:
        try:
            ledger(root).append("births", "intent", datetime.now(UTC), PORTRAIT)
            won += 1
        except LedgerConflict as conflict:
            if "damaged" in str(conflict):
                raise
    return won


def test_racing_threads_leave_one_whole_chain(tmp_path: Path) -> None:
    won: list[int] = []
    threads = [
        threading.Thread(target=lambda: won.append(append_until(tmp_path, 20))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 8
    assert len(ledger(tmp_path).entries("births")) == sum(won) >= 20


def test_racing_processes_leave_one_whole_chain(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(3) as pool:
        won = pool.starmap(append_until, [(tmp_path, 12)] * 3)
    assert len(ledger(tmp_path).entries("births")) == sum(won) >= 12
