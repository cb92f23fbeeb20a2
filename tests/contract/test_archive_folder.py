"""What every archive promises, shown on a local folder."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.papers import ArchivePapers
from opengazette.adapters.archives.tables import ParquetTables
from opengazette.errors import ArchiveUnavailable, Fault
from opengazette.model.stages import DocumentRef, TableRef


@pytest.fixture
def archive(tmp_path: Path) -> FolderArchive:
    return FolderArchive(tmp_path / "archive")


def everything_in(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def kept(archive: FolderArchive, content: bytes) -> str:
    with archive.staging() as folder:
        file = folder / "file"
        file.write_bytes(content)
        return archive.keep(file)


def publication() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "county": pd.array(["Ångström", None, "01"], dtype="string"),
            "cases": pd.array([12, None, 0], dtype="Int64"),
            "rate": pd.array([1.5, None, 0.1], dtype="Float64"),
            "mean": np.array([0.5, np.nan, 2.0]),
            "note": pd.Series(["a", None, ""], dtype="str"),
            "known": pd.array([True, None, False], dtype="boolean"),
        }
    )


def test_a_file_is_kept_under_the_hash_of_its_content(archive: FolderArchive) -> None:
    sha256 = kept(archive, b"one")
    assert sha256 == hashlib.sha256(b"one").hexdigest()
    assert archive.fetch(sha256, verify=True).read_bytes() == b"one"


def test_the_same_content_is_kept_once(archive: FolderArchive, tmp_path: Path) -> None:
    assert kept(archive, b"one") == kept(archive, b"one")
    assert len(everything_in(tmp_path)) == 1


def test_what_is_not_there_is_said_with_the_next_step(archive: FolderArchive) -> None:
    with pytest.raises(ArchiveUnavailable, match="has no file"):
        archive.fetch("0" * 64)


@pytest.mark.parametrize("address", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_no_address_leads_out_of_the_archive(archive: FolderArchive, address: str) -> None:
    with pytest.raises(Fault):
        archive.fetch(address)


def test_a_damaged_file_is_found_and_mended_by_keeping_it_again(archive: FolderArchive) -> None:
    sha256 = kept(archive, b"one")
    archive.fetch(sha256).write_bytes(b"two")
    with pytest.raises(ArchiveUnavailable, match="damaged"):
        archive.fetch(sha256, verify=True)
    kept(archive, b"one")
    assert archive.fetch(sha256, verify=True).read_bytes() == b"one"


def test_only_the_owner_may_look(archive: FolderArchive, tmp_path: Path) -> None:
    kept(archive, b"one")
    archive.put_new("ledger/births/000001.json", b"{}")
    root = tmp_path / "archive"
    modes = {oct(path.stat().st_mode & 0o077) for path in [root, *root.rglob("*")]}
    assert modes == {"0o0"}
    with archive.staging() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700


def test_staging_is_gone_afterwards_and_after_a_failure(
    archive: FolderArchive, tmp_path: Path
) -> None:
    with archive.staging() as folder:
        (folder / "rows").write_bytes(b"private")
    with pytest.raises(ZeroDivisionError), archive.staging() as folder:
        (folder / "rows").write_bytes(b"private" * (1 // 0))
    assert list((tmp_path / "archive" / "staging").iterdir()) == []


def _stage_and_wait(root: Path) -> None:
    with FolderArchive(root).staging() as folder:
        (folder / "rows").write_bytes(b"private")
        time.sleep(60)


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_uses_is_not(
    archive: FolderArchive, tmp_path: Path
) -> None:
    root = tmp_path / "archive"
    process = multiprocessing.get_context("fork").Process(target=_stage_and_wait, args=(root,))
    process.start()
    while not list(root.rglob("rows")):
        time.sleep(0.05)
    with archive.staging():
        assert list(root.rglob("rows")), "a living run's folder was removed"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert list(root.rglob("rows"))
    with archive.staging():
        assert not list(root.rglob("rows"))


def test_of_many_writers_of_one_record_exactly_one_wins(archive: FolderArchive) -> None:
    def write(number: int) -> bool:
        return archive.put_new("ledger/births/000001.json", str(number).encode())

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(write, range(64)))
    assert won.count(True) == 1
    assert archive.read_key("ledger/births/000001.json") == str(won.index(True)).encode()
    assert archive.keys("ledger/births") == ("ledger/births/000001.json",)


def test_an_archive_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    archive = FolderArchive(tmp_path / "file" / "archive")
    with pytest.raises(ArchiveUnavailable), archive.staging():
        pass
    with pytest.raises(ArchiveUnavailable):
        archive.put_new("ledger/births/000001.json", b"{}")


def test_a_table_comes_back_with_its_types_and_values(archive: FolderArchive) -> None:
    tables = ParquetTables(archive)
    table = publication()
    ref = tables.save("births", table)
    assert (ref.dataset, ref.rows, ref.columns) == ("births", 3, tuple(table.columns))
    pd.testing.assert_frame_equal(tables.load(ref), table)


def test_an_empty_table_comes_back(archive: FolderArchive) -> None:
    tables = ParquetTables(archive)
    table = publication().head(0)
    pd.testing.assert_frame_equal(tables.load(tables.save("births", table)), table)


def test_equal_tables_have_equal_addresses_however_they_were_made(archive: FolderArchive) -> None:
    tables = ParquetTables(archive)
    halves = pd.concat([publication().head(1), publication().tail(2)])
    assert tables.save("births", halves) == tables.save("births", publication())
    changed = publication()
    changed.loc[0, "cases"] = 13
    assert tables.save("births", changed).sha256 != tables.save("births", publication()).sha256


def test_a_column_that_is_no_publication_column_is_a_fault_without_its_values(
    archive: FolderArchive,
) -> None:
    canary = "078-05-1120"
    mixed = pd.DataFrame({"county": pd.Series([canary, 3], dtype=object)})
    with pytest.raises(Fault) as fault:
        ParquetTables(archive).save("births", mixed)
    assert canary not in str(fault.value)
    assert fault.value.__cause__ is None
    with pytest.raises(Fault, match="'day'"):
        ParquetTables(archive).save("births", pd.DataFrame({"day": pd.to_datetime(["2024-01-01"])}))


def test_a_reference_to_another_table_is_refused(archive: FolderArchive) -> None:
    tables = ParquetTables(archive)
    ref = tables.save("births", publication())
    with pytest.raises(ArchiveUnavailable):
        tables.load(TableRef("births", ref.sha256, ref.rows + 1, ref.columns))


def test_a_document_comes_back_byte_for_byte_and_damage_is_found(archive: FolderArchive) -> None:
    papers = ArchivePapers(archive)
    ref = papers.file("methodology.md", "text/markdown", "Ü\r\n".encode())
    assert ref == papers.file("methodology.md", "text/markdown", "Ü\r\n".encode())
    assert papers.read(ref) == "Ü\r\n".encode()
    archive.fetch(ref.sha256).write_bytes(b"forged")
    with pytest.raises(ArchiveUnavailable):
        papers.read(ref)
    with pytest.raises(ArchiveUnavailable):
        papers.read(DocumentRef("x", "text/plain", "1" * 64))
