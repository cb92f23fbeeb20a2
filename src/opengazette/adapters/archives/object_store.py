"""The archive in an object store of the S3 kind, with a folder of this machine before it.

Keys below the prefix are those of the folder archive: `objects/ab/<sha256>` for files, and those
of small records that are written once. Every write is conditional, so nothing is ever replaced;
a store that does not honour the condition is refused before anything is written to it.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
)

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.errors import ArchiveUnavailable, SettingsInvalid

_READERS = 16
_ATTEMPTS = 5
_CHUNK_BYTES = 1 << 20
_WRITER = "writer"


class ObjectStoreArchive:
    """A bucket that keeps files for ever and never changes one.

    `client` is a client of boto3 for S3; `near` keeps copies of what is read, by its hash.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, near: FolderArchive) -> None:  # noqa: ANN401 - boto3's clients are made at run time
        self._client, self._bucket, self._near = client, bucket, near
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._honours_conditions = False

    def staging(self) -> AbstractContextManager[Path]:
        """Open a private folder of this machine that is gone afterwards."""
        return self._near.staging()

    def keep(self, file: Path) -> str:
        """Move a finished file into the archive and return its SHA-256.

        Raises:
            ArchiveUnavailable: the store does not hold it afterwards, with this content.
        """
        sha256 = self._near.keep(file)
        key = f"objects/{sha256[:2]}/{sha256}"
        with _speaking_plainly("A file could not be written to the archive."):
            self._refuse_careless()
            written = self._put(key, self._near.fetch(sha256))
        if not written and not self.is_whole(sha256):
            raise self._not_kept(sha256, key)
        return sha256

    def _not_kept(self, sha256: str, key: str) -> ArchiveUnavailable:
        with _speaking_plainly(f"File {sha256[:12]}… of the archive cannot be read."):
            damaged = self._is_there(key)
        if damaged:
            return ArchiveUnavailable(
                f"File {sha256[:12]}… of the archive is damaged, and nothing is ever replaced.",
                f"Restore {self._prefix}{key} from a copy of the bucket, or delete it and do this "
                "again: the file is at hand and is then written anew.",
            )
        return ArchiveUnavailable(
            f"File {sha256[:12]}… was not written to the archive: the object store was busy.",
            "Do this again.",
        )

    def fetch(self, sha256: str, *, verify: bool = False) -> Path:
        """Return a readable copy on this machine.

        Raises:
            ArchiveUnavailable: the store has no such file, does not answer, or it is damaged.
        """
        if not self._near.has(sha256) or (verify and not self._near.is_whole(sha256)):
            self._bring_near(sha256)
        return self._near.fetch(sha256, verify=verify)

    def is_whole(self, sha256: str) -> bool:
        """Tell whether the store's own object has the content it was kept with."""
        with _speaking_plainly(f"File {sha256[:12]}… of the archive cannot be read."):
            try:
                key = f"{self._prefix}objects/{sha256[:2]}/{sha256}"
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            except ClientError as error:
                if _code(error) in ("NoSuchKey", "404"):
                    return False
                raise
            found = hashlib.sha256()
            for part in body.iter_chunks(_CHUNK_BYTES):
                found.update(part)
            return found.hexdigest() == sha256

    def put_new(self, key: str, content: bytes) -> bool:
        """Write a small record under a key that nothing has yet; say whether it was written.

        Of any number of writers at once, on any number of machines, exactly one is told True.
        """
        with _speaking_plainly(f"Record {key} could not be written to the archive."):
            self._refuse_careless()
            return self._put(key, content)

    def read_key(self, key: str) -> bytes | None:
        """Return the record under a key, or None where there is none."""
        with _speaking_plainly(f"Record {key} of the archive cannot be read."):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
                return bytes(answer["Body"].read())
            except ClientError as error:
                if _code(error) in ("NoSuchKey", "404"):
                    return None
                raise

    def read_folder(self, folder: str) -> dict[str, bytes]:
        """Return the records that lie directly in a folder, by name, in order."""
        with _speaking_plainly(f"Folder {folder} of the archive cannot be read."):
            names = sorted(self._listed(folder, "Contents", "Key"))
        with ThreadPoolExecutor(_READERS) as pool:
            found = pool.map(lambda name: self.read_key(f"{folder}/{name}"), names)
            return {
                n: content for n, content in zip(names, found, strict=True) if content is not None
            }

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the names of the folders that lie directly in a folder, in order."""
        with _speaking_plainly(f"Folder {folder} of the archive cannot be read."):
            return tuple(sorted(self._listed(folder, "CommonPrefixes", "Prefix")))

    def _listed(self, folder: str, kind: str, field: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}{folder}/", Delimiter="/"
        )
        for page in pages:
            for found in page.get(kind, ()):
                yield str(found[field]).rstrip("/").rpartition("/")[2]

    def _bring_near(self, sha256: str) -> None:
        with self._near.staging() as folder:
            copy = folder / "copy"
            with _speaking_plainly(f"File {sha256[:12]}… of the archive cannot be read."):
                try:
                    key = f"{self._prefix}objects/{sha256[:2]}/{sha256}"
                    answer = self._client.get_object(Bucket=self._bucket, Key=key)
                    with copy.open("wb") as file:
                        shutil.copyfileobj(answer["Body"], file)
                except ClientError as error:
                    if _code(error) in ("NoSuchKey", "404"):
                        raise _absent(sha256) from None
                    raise
            if self._near.keep(copy) != sha256:
                raise ArchiveUnavailable(
                    f"File {sha256[:12]}… of the archive is damaged.",
                    "Restore it from a copy of the archive.",
                )

    def _put(self, key: str, content: bytes | Path) -> bool:
        """Write an object unless there is one.

        A request that is repeated because its answer was lost finds its own object: the mark
        that each write carries tells it from another's.
        """
        mark = secrets.token_hex(16)
        for _ in range(_ATTEMPTS):
            try:
                with _opened(content) as body:
                    self._client.put_object(
                        Bucket=self._bucket,
                        Key=self._prefix + key,
                        Body=body,
                        IfNoneMatch="*",
                        Metadata={_WRITER: mark},
                    )
            except ClientError as error:
                if _code(error) in ("PreconditionFailed", "412"):
                    return self._mark_of(key) == mark
                if _code(error) not in ("ConditionalRequestConflict", "409"):
                    raise
            else:
                return True
        return False

    def _is_there(self, key: str) -> bool:
        try:
            self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return False
            raise
        return True

    def _mark_of(self, key: str) -> str | None:
        answer = self._client.head_object(Bucket=self._bucket, Key=self._prefix + key)
        told = {name.lower(): text for name, text in answer.get("Metadata", {}).items()}
        return told.get(_WRITER)

    def _refuse_careless(self) -> None:
        """Find out once whether the store honours conditions, on which everything rests."""
        if self._honours_conditions:
            return
        key = "probe/conditional-write"
        self._put(key, b"This object is written once.\n")
        if self._put(key, b"This must never be written.\n"):
            raise SettingsInvalid(
                "The object store overwrites what a conditional write must leave alone: two "
                "machines could both publish.",
                "Use a store that honours If-None-Match on PutObject, or an archive in a folder: "
                "leave out OPENGAZETTE_ARCHIVE_URL.",
            )
        self._honours_conditions = True


def open_object_store(url: str, endpoint: str | None, near: FolderArchive) -> ObjectStoreArchive:
    """Open the archive at `s3://bucket/prefix`; boto3 finds region and credentials itself."""
    import boto3
    from botocore.config import Config

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    config = Config(retries={"mode": "standard", "total_max_attempts": _ATTEMPTS})
    client = boto3.client("s3", endpoint_url=endpoint, config=config)
    return ObjectStoreArchive(client, bucket, prefix, near)


@contextmanager
def _opened(content: bytes | Path) -> Iterator[Any]:
    if isinstance(content, bytes):
        yield content
    else:
        with content.open("rb") as file:
            yield file


@contextmanager
def _speaking_plainly(problem: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise ArchiveUnavailable(f"{problem} ({_code(error)})", _REMEDY) from None
    except BotoCoreError as error:
        raise ArchiveUnavailable(f"{problem} ({type(error).__name__})", _REMEDY) from None


_REMEDY = (
    "See that the object store answers and that the credentials may read and write the bucket: "
    "OPENGAZETTE_ARCHIVE_URL, OPENGAZETTE_ARCHIVE_ENDPOINT and the AWS_ variables."
)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _absent(sha256: str) -> ArchiveUnavailable:
    return ArchiveUnavailable(
        f"The archive has no file {sha256[:12]}….",
        "Restore the archive from its copy, or run the dataset again.",
    )
