"""An object store says that it keeps a file only where it holds it, whole."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from examples.portraits import portrait

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.object_store import ObjectStoreArchive
from opengazette.errors import ArchiveUnavailable
from opengazette.model.ledger import LedgerEntry
from opengazette.steps.replay import held_against


class Shelf:
    """A store that can be busy with every file."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.busy = False

    def put_object(self, *, Key: str, Body: Any, Metadata: dict[str, str], **_said: Any) -> None:  # noqa: N803 - S3's names
        if self.busy and "objects/" in Key:
            raise refusal("ConditionalRequestConflict")
        if Key in self.objects:
            raise refusal("PreconditionFailed")
        content = Body if isinstance(Body, bytes) else Body.read()
        self.objects[Key] = (content, Metadata)

    def head_object(self, *, Key: str, **_said: Any) -> dict[str, Any]:  # noqa: N803 - S3's names
        return {"Metadata": self._found(Key)[1]}

    def get_object(self, *, Key: str, **_said: Any) -> dict[str, Any]:  # noqa: N803 - S3's names
        return {"Body": Body(self._found(Key)[0])}

    def _found(self, key: str) -> tuple[bytes, dict[str, str]]:
        if key not in self.objects:
            raise refusal("NoSuchKey")
        return self.objects[key]


class Body(io.BytesIO):
    """What an object is read from."""

    def iter_chunks(self, size: int) -> Any:
        return iter(lambda: self.read(size), b"")


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "x")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def archive(shelf: Shelf, tmp_path: Path) -> ObjectStoreArchive:
    return ObjectStoreArchive(shelf, "bucket", "health", FolderArchive(tmp_path / "near"))


def kept(archive: ObjectStoreArchive, content: bytes) -> str:
    with archive.staging() as folder:
        file = folder / "file"
        file.write_bytes(content)
        return archive.keep(file)


def place(content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    return f"health/objects/{sha256[:2]}/{sha256}"


def test_a_file_that_the_store_never_took_is_not_called_kept(
    shelf: Shelf, archive: ObjectStoreArchive
) -> None:
    shelf.busy = True
    with pytest.raises(ArchiveUnavailable, match="was not written .*: the object store was busy"):
        kept(archive, b"extract of the night")
    shelf.busy = False
    kept(archive, b"extract of the night")
    assert shelf.objects[place(b"extract of the night")][0] == b"extract of the night"


def test_a_file_that_another_machine_wrote_meanwhile_is_kept(
    shelf: Shelf, archive: ObjectStoreArchive
) -> None:
    shelf.objects[place(b"paper")] = (b"paper", {})
    shelf.busy = True
    assert place(b"paper").endswith(kept(archive, b"paper"))


def test_a_damaged_object_is_not_called_kept_when_its_file_comes_again(
    shelf: Shelf, archive: ObjectStoreArchive
) -> None:
    kept(archive, b"paper")
    shelf.objects[place(b"paper")] = (b"damaged", {})
    with pytest.raises(ArchiveUnavailable, match="is damaged") as told:
        kept(archive, b"paper")
    assert place(b"paper") in told.value.remedy
    del shelf.objects[place(b"paper")]
    kept(archive, b"paper")
    assert shelf.objects[place(b"paper")][0] == b"paper", "the remedy helps"


def test_a_copy_near_by_is_not_taken_for_the_archive_when_a_release_is_proved(
    shelf: Shelf, archive: ObjectStoreArchive
) -> None:
    sha256 = kept(archive, b"paper")
    receipt = LedgerEntry(
        dataset="births",
        sequence=1,
        previous=None,
        kind="published",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        release=portrait(documents={"evidence.json": ("application/json", sha256)}),
    )
    assert held_against(receipt, archive.is_whole, None)[0].stored == "whole"
    shelf.objects.clear()
    assert archive.fetch(sha256, verify=True).read_bytes() == b"paper", "from the copy near by"
    assert held_against(receipt, archive.is_whole, None)[0].stored == "missing or damaged"
