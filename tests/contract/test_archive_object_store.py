"""The archive in a real object store: what the folder promises, and that nothing is replaced."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from examples.portraits import portrait

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.adapters.archives.object_store import ObjectStoreArchive, open_object_store
from opengazette.errors import ArchiveUnavailable, LedgerConflict, SettingsInvalid

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


class Bucket:
    """A bucket of its own, and as many machines on it as the test asks for."""

    def __init__(self, store: str, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.name = f"archive-{secrets.token_hex(6)}"
        self.machine("first")._client.create_bucket(Bucket=self.name)

    def machine(self, name: str) -> ObjectStoreArchive:
        near = FolderArchive(self.folder / name)
        return open_object_store(f"s3://{self.name}/health/archive", self.store, near)


@pytest.fixture
def bucket(store: str, tmp_path: Path) -> Bucket:
    return Bucket(store, tmp_path)


def kept(archive: ObjectStoreArchive, content: bytes) -> str:
    with archive.staging() as folder:
        file = folder / "file"
        file.write_bytes(content)
        return archive.keep(file)


def test_what_one_machine_keeps_another_reads_and_checks(bucket: Bucket) -> None:
    sha256 = kept(bucket.machine("first"), b"one")
    assert sha256 == hashlib.sha256(b"one").hexdigest()
    other = bucket.machine("second")
    assert other.fetch(sha256, verify=True).read_bytes() == b"one"
    assert kept(other, b"one") == sha256
    with pytest.raises(ArchiveUnavailable, match="has no file"):
        other.fetch("0" * 64)


def test_a_damaged_copy_near_by_is_fetched_anew_and_a_damaged_object_is_found(
    bucket: Bucket,
) -> None:
    first = bucket.machine("first")
    sha256 = kept(first, b"one")
    first.fetch(sha256).write_bytes(b"two")
    assert first.fetch(sha256, verify=True).read_bytes() == b"one"
    first._client.put_object(
        Bucket=bucket.name, Key=f"health/archive/objects/{sha256[:2]}/{sha256}", Body=b"bad"
    )
    with pytest.raises(ArchiveUnavailable, match="damaged"):
        bucket.machine("second").fetch(sha256, verify=True)
    assert first.fetch(sha256, verify=True).read_bytes() == b"one", "from the copy near by"
    assert not first.is_whole(sha256), "the store itself is asked"
    assert first.is_whole(kept(first, b"two"))
    assert not first.is_whole("0" * 64)


def test_a_record_is_written_once_and_listed(bucket: Bucket) -> None:
    first, second = bucket.machine("first"), bucket.machine("second")
    assert first.put_new("ledger/births/000001.json", b"{}")
    assert not second.put_new("ledger/births/000001.json", b"[]")
    assert second.read_key("ledger/births/000001.json") == b"{}"
    assert second.read_key("ledger/births/000002.json") is None
    assert second.read_folder("ledger/births") == {"000001.json": b"{}"}
    assert second.folders("ledger") == ("births",)
    assert second.folders("seals") == ()


def test_of_many_machines_exactly_one_writes_a_record(bucket: Bucket) -> None:
    machines = [bucket.machine(f"m{n}") for n in range(6)]
    won: list[int] = []

    def write(number: int) -> None:
        if machines[number].put_new("ledger/births/000001.json", str(number).encode()):
            won.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(len(machines))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert machines[0].read_key("ledger/births/000001.json") == str(won[0]).encode()


def test_a_write_whose_answer_was_lost_knows_its_own_object(bucket: Bucket) -> None:
    archive = bucket.machine("first")
    archive.put_new("seals/births/000001", b"x")
    put = archive._client.put_object

    def put_and_lose_the_answer(**named: Any) -> Any:
        put(**named)
        return put(**named)

    archive._client.put_object = put_and_lose_the_answer
    assert archive.put_new("ledger/births/000001.json", b"{}")
    assert not archive.put_new("ledger/births/000001.json", b"{}"), "equal, and another's"


def test_a_store_that_overwrites_is_refused_before_anything_is_written(bucket: Bucket) -> None:
    archive = bucket.machine("first")
    put = archive._client.put_object

    def careless(**named: Any) -> Any:
        return put(**{key: value for key, value in named.items() if key != "IfNoneMatch"})

    archive._client.put_object = careless
    with pytest.raises(SettingsInvalid, match="overwrites"):
        archive.put_new("ledger/births/000001.json", b"{}")
    assert archive.read_key("ledger/births/000001.json") is None


def test_a_store_that_does_not_answer_is_unavailable_and_shows_no_key(tmp_path: Path) -> None:
    near = FolderArchive(tmp_path)
    archive = open_object_store("s3://nowhere/x", "http://127.0.0.1:1", near)
    with pytest.raises(ArchiveUnavailable, match="EndpointConnectionError") as unavailable:
        archive.read_key("ledger/births/000001.json")
    assert "OPENGAZETTE_ARCHIVE_URL" in unavailable.value.remedy


def test_a_bucket_that_refuses_says_the_code(store: str, tmp_path: Path) -> None:
    archive = open_object_store("s3://there-is-none/x", store, FolderArchive(tmp_path))
    with pytest.raises(ArchiveUnavailable, match="NoSuchBucket"):
        archive.put_new("ledger/births/000001.json", b"{}")


def test_two_machines_that_saw_the_same_chain_cannot_both_append(bucket: Bucket) -> None:
    first = ArchiveLedger(bucket.machine("first"))
    second = ArchiveLedger(bucket.machine("second"))
    tip = first.append("births", "intent", NOW, portrait())
    assert second.entries("births") == (tip,)
    first.append("births", "abandoned", NOW, portrait(), after=1)
    with pytest.raises(LedgerConflict, match="Another run"):
        second.append("births", "published", NOW, portrait(), after=1)
    assert second.datasets() == ("births",)


def test_the_bare_store_answers_a_second_conditional_write_with_412(bucket: Bucket) -> None:
    client = bucket.machine("first")._client
    client.put_object(Bucket=bucket.name, Key="k", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Bucket=bucket.name, Key="k", Body=b"2", IfNoneMatch="*")
