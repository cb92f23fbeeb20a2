"""The archive as a local folder: immutable files by content address, private to its owner.

Layout: `objects/ab/<sha256>` for files, `<key>` for small records that are written once, and
`staging/` for work in progress. Everything appears whole or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from opengazette.errors import ArchiveUnavailable, Fault

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[a-z0-9_]+(/[a-z0-9_.-]+)+")
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600


class FolderArchive:
    """A folder that keeps files for ever and never changes one."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._objects = root / "objects"
        self._staging = root / "staging"

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Open a private folder that is gone afterwards, also after a failure.

        Folders that killed runs left behind are removed on the way.
        """
        with _speaking_plainly("The staging folder of the archive cannot be written."):
            _make_private(self._staging)
            self._remove_abandoned()
            folder, lock = self._open_staging()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _lock_path(folder).unlink(missing_ok=True)
            lock.close()

    def keep(self, file: Path) -> str:
        """Move a finished file into the archive and return its SHA-256."""
        with _speaking_plainly("A file could not be moved into the archive."):
            return self._keep(file)

    def fetch(self, sha256: str, *, verify: bool = False) -> Path:
        """Return a readable file, on demand after checking its content.

        Raises:
            ArchiveUnavailable: there is no such file, or its content is damaged.
        """
        path = self._address(sha256)
        if not path.is_file():
            raise ArchiveUnavailable(
                f"The archive has no file {sha256[:12]}….",
                "Restore the archive from its copy, or run the dataset again.",
            )
        if verify and _sha256_of(path) != sha256:
            raise ArchiveUnavailable(
                f"File {sha256[:12]}… of the archive is damaged.",
                "Restore it from a copy of the archive.",
            )
        return path

    def has(self, sha256: str) -> bool:
        """Tell whether there is a file of that address, whole or damaged."""
        return self._address(sha256).is_file()

    def is_whole(self, sha256: str) -> bool:
        """Tell whether the file of that address still has the content it was kept with."""
        path = self._address(sha256)
        with _speaking_plainly(f"File {sha256[:12]}… of the archive cannot be read."):
            return path.is_file() and _sha256_of(path) == sha256

    def put_new(self, key: str, content: bytes) -> bool:
        """Write a small record under a key that nothing has yet; say whether it was written.

        Of any number of writers at once exactly one is told True.
        """
        target = self._key(key)
        with _speaking_plainly(f"Record {key} could not be written to the archive."):
            _make_private(target.parent)
            _make_private(self._staging)
            temporary = self._staging / f"{secrets.token_hex(16)}.part"
            try:
                _write_synced(temporary, content)
                os.link(temporary, target)
            except FileExistsError:
                return False
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(target.parent)
            return True

    def read_key(self, key: str) -> bytes | None:
        """Return the record under a key, or None where there is none."""
        target = self._key(key)
        with _speaking_plainly(f"Record {key} of the archive cannot be read."):
            return target.read_bytes() if target.is_file() else None

    def keys(self, folder: str) -> tuple[str, ...]:
        """Return the keys that lie directly in a folder, in order."""
        place = self._key(folder)
        with _speaking_plainly(f"Folder {folder} of the archive cannot be read."):
            if not place.is_dir():
                return ()
            return tuple(f"{folder}/{p.name}" for p in sorted(place.iterdir()) if p.is_file())

    def read_folder(self, folder: str) -> dict[str, bytes]:
        """Return the records that lie directly in a folder, by name, in order."""
        place = self._key(folder)
        with _speaking_plainly(f"Folder {folder} of the archive cannot be read."):
            if not place.is_dir():
                return {}
            return {p.name: p.read_bytes() for p in sorted(place.iterdir()) if p.is_file()}

    def folders(self, folder: str) -> tuple[str, ...]:
        """Return the names of the folders that lie directly in a folder, in order."""
        place = self._root / folder
        with _speaking_plainly(f"Folder {folder} of the archive cannot be read."):
            if not place.is_dir():
                return ()
            return tuple(sorted(p.name for p in place.iterdir() if p.is_dir()))

    def _keep(self, file: Path) -> str:
        file.chmod(_PRIVATE_FILE)
        _sync(file)
        sha256 = _sha256_of(file)
        target = self._address(sha256)
        _make_private(target.parent)
        if target.is_file() and _sha256_of(target) == sha256:
            file.unlink()
            return sha256
        if file.stat().st_dev == target.parent.stat().st_dev:
            file.replace(target)
        else:
            self._copy_across(file, target)
        _sync_folder(target.parent)
        return sha256

    def _copy_across(self, file: Path, target: Path) -> None:
        with self.staging() as folder:
            copy = folder / "copy"
            shutil.copyfile(file, copy)
            copy.chmod(_PRIVATE_FILE)
            _sync(copy)
            copy.replace(target)
        file.unlink()

    def _address(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise Fault("Something that is no SHA-256 was used as an address of the archive.")
        return self._objects / sha256[:2] / sha256

    def _key(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or ".." in key:
            raise Fault("A record of the archive was given an impossible key.")
        return self._root / key

    def _open_staging(self) -> tuple[Path, BinaryIO]:
        while True:
            folder = self._staging / secrets.token_hex(16)
            lock = _try_lock(_lock_path(folder))
            if lock is not None:
                folder.mkdir(mode=_PRIVATE_FOLDER)
                return folder, lock

    def _remove_abandoned(self) -> None:
        """Remove what killed runs left: the system let go of their locks when they died."""
        for lock_path in self._staging.glob("*.lock"):
            lock = _try_lock(lock_path)
            if lock is None:
                continue
            shutil.rmtree(lock_path.with_suffix(""), ignore_errors=True)
            lock_path.unlink(missing_ok=True)
            lock.close()


@contextmanager
def _speaking_plainly(problem: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveUnavailable(
            f"{problem} ({error.strerror or type(error).__name__})",
            "See that the archive's disk is there, has room and may be written.",
        ) from None


def _lock_path(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _try_lock(path: Path) -> BinaryIO | None:
    """Take a lock file, or return None where somebody else holds it or has removed it."""
    lock = path.open("ab")
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
            path.chmod(_PRIVATE_FILE)
            return lock
    lock.close()
    return None


def _make_private(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_private(folder.parent)
    folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def _write_synced(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
