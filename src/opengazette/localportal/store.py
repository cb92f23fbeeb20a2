"""The portal's folder: one DuckDB file for datasets and rows, and the attached files beside it.

A write is one transaction; readers keep the version they began with. A crash at any instant
leaves the old version or the new one.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import duckdb

from opengazette.errors import SettingsInvalid
from opengazette.localportal.problems import Problem, view_missing
from opengazette.localportal.values import SQL_TYPE
from opengazette.localportal.views import Column, View

LOCK_WAIT_SECONDS = 60.0
MEMORY_MB = 512
_TABLES = """
CREATE TABLE IF NOT EXISTS folder (folder_id VARCHAR NOT NULL, next_table BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS views (id VARCHAR PRIMARY KEY, kept VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS assets (
    id VARCHAR PRIMARY KEY, view_id VARCHAR NOT NULL, file_name VARCHAR NOT NULL,
    media_type VARCHAR NOT NULL, size BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS revisions (
    view_id VARCHAR, seq BIGINT, kept VARCHAR NOT NULL, PRIMARY KEY (view_id, seq)
);
CREATE TABLE IF NOT EXISTS sources (
    id BIGINT PRIMARY KEY, view_id VARCHAR, seq BIGINT, kept VARCHAR NOT NULL
);
CREATE TABLE IF NOT EXISTS configs (name VARCHAR PRIMARY KEY, kept VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    view_id VARCHAR NOT NULL, version BIGINT, moment BIGINT, kind VARCHAR,
    created BIGINT, updated BIGINT, deleted BIGINT, note VARCHAR NOT NULL
);
"""
_CLOSED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


@dataclass(frozen=True)
class Asset:
    """An attached file: its name for the public, and where its bytes lie."""

    id: str
    view_id: str
    file_name: str
    media_type: str
    size: int
    path: Path


class Session:
    """One transaction on the store. A session that only reads never sees a half-made change."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, files: Path) -> None:
        self.cursor = cursor
        self._files = files

    def find(self, dataset: str) -> View | None:
        """Return the dataset, or None."""
        kept = self.cursor.execute("SELECT kept FROM views WHERE id = ?", [dataset]).fetchone()
        return _read_view(kept[0]) if kept else None

    def view(self, dataset: str) -> View:
        """Return the dataset.

        Raises:
            Problem: there is none of this id.
        """
        found = self.find(dataset)
        if found is None:
            raise view_missing(dataset)
        return found

    def views(self) -> list[View]:
        """Return every dataset, newest first."""
        kept = self.cursor.execute("SELECT kept FROM views").fetchall()
        found = [_read_view(row[0]) for row in kept]
        return sorted(found, key=lambda view: (-view.rows_updated_at, view.id))

    def keep(self, view: View) -> View:
        """Write the dataset's record."""
        self.cursor.execute(
            "INSERT OR REPLACE INTO views VALUES (?, ?)", [view.id, view.model_dump_json()]
        )
        return view

    def forget(self, view: View) -> None:
        """Drop the dataset with its rows and the record of its files."""
        self.cursor.execute(f"DROP TABLE {view.table}")
        self.cursor.execute("DELETE FROM assets WHERE view_id = ?", [view.id])
        self.cursor.execute("DELETE FROM changes WHERE view_id = ?", [view.id])
        self.cursor.execute("DELETE FROM views WHERE id = ?", [view.id])

    def draw(self) -> int:
        """Draw a number that nothing else in the folder has."""
        drawn = self.cursor.execute(
            "UPDATE folder SET next_table = next_table + 1 RETURNING next_table"
        ).fetchone()
        return int(drawn[0]) if drawn else 0

    def new_table(self, columns: tuple[Column, ...]) -> str:
        """Make an empty table for rows and return its name."""
        table = f"rows_{self.draw()}"
        held = "".join(f", {column.physical} {SQL_TYPE[column.kind]}" for column in columns)
        self.cursor.execute(
            f"CREATE TABLE {table} (number BIGINT, sid VARCHAR, row_key VARCHAR,"
            f" created TIMESTAMP, updated TIMESTAMP{held})"
        )
        return table

    def keep_asset(self, asset: Asset) -> None:
        """Record an attached file whose bytes are in place."""
        self.cursor.execute(
            "INSERT INTO assets VALUES (?, ?, ?, ?, ?)",
            [asset.id, asset.view_id, asset.file_name, asset.media_type, asset.size],
        )

    def asset(self, dataset: str, asset_id: str) -> Asset | None:
        """Return an attached file of the dataset, or None."""
        row = self.cursor.execute(
            "SELECT file_name, media_type, size FROM assets WHERE id = ? AND view_id = ?",
            [asset_id, dataset],
        ).fetchone()
        if row is None:
            return None
        file_name, media_type, size = row
        return Asset(asset_id, dataset, file_name, media_type, size, self._files / asset_id)

    def asset_ids(self, dataset: str) -> list[str]:
        """Return the ids of a dataset's attached files."""
        rows = self.cursor.execute("SELECT id FROM assets WHERE view_id = ?", [dataset]).fetchall()
        return [row[0] for row in rows]

    def hand_over(self, from_view: str, to_view: str) -> None:
        """Give the attached files of one dataset to another."""
        self.cursor.execute("UPDATE assets SET view_id = ? WHERE view_id = ?", [to_view, from_view])


class Store:
    """A portal's folder, opened. One process at a time; threads share it.

    Units: `memory_mb` is megabytes that the database keeps rows and intermediate results in;
    beyond, large sorts and joins go to disk beside it.

    Raises:
        SettingsInvalid: another process has the folder open.
    """

    def __init__(self, folder: Path, memory_mb: int = MEMORY_MB) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.incoming = folder / "incoming"
        self.uploads = folder / "uploads"
        for place in (folder, self.files, self.incoming, self.uploads):
            place.mkdir(parents=True, exist_ok=True)
        for leftover in self.incoming.iterdir():
            leftover.unlink(missing_ok=True)
        self._writing = threading.Lock()
        self._database = _open(folder / "portal.duckdb", memory_mb)
        self.folder_id = self._first_steps()

    def _first_steps(self) -> str:
        self._database.execute(_TABLES)
        row = self._database.execute("SELECT folder_id FROM folder").fetchone()
        if row is None:
            row = (secrets.token_hex(16),)
            self._database.execute("INSERT INTO folder VALUES (?, 0)", [row[0]])
        return str(row[0])

    def close(self) -> None:
        """Write everything to its place and let go of the folder."""
        self._database.close()

    def open_session(self) -> Session:
        """Begin a reading session that its taker closes with `close_session`."""
        cursor = self._database.cursor()
        cursor.execute("BEGIN TRANSACTION")
        return Session(cursor, self.files)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open one consistent view of everything."""
        session = self.open_session()
        try:
            yield session
        finally:
            close_session(session)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open the one writing transaction: all of it happens, or nothing.

        Raises:
            Problem: another write holds the portal for too long (409).
        """
        with self._alone() as cursor:
            yield Session(cursor, self.files)
            cursor.execute("COMMIT")

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """Open the one writing transaction to see what would come of it: nothing is kept.

        Raises:
            Problem: another write holds the portal for too long (409).
        """
        with self._alone() as cursor:
            yield Session(cursor, self.files)

    @contextmanager
    def _alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if not self._writing.acquire(timeout=LOCK_WAIT_SECONDS):
            raise Problem(
                409, "soda.dataset.cannot-acquire-write-lock", "Another write is still running."
            )
        cursor = self._database.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION")
            yield cursor
        finally:
            cursor.close()
            self._writing.release()

    @contextmanager
    def building(self) -> Iterator[Session]:
        """Open a transaction that fills a table nothing refers to yet; others may write.

        The table's name was drawn before. What a crash leaves of it is swept at the next start.
        """
        cursor = self._database.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION")
            yield Session(cursor, self.files)
            cursor.execute("COMMIT")
        finally:
            cursor.close()

    def place_file(self, staged: Path) -> str:
        """Move a finished upload among the files, safely on disk, and return its new id."""
        asset_id = secrets.token_hex(16)
        with staged.open("rb") as written:
            os.fsync(written.fileno())
        staged.rename(self.files / asset_id)
        return asset_id

    def staging_file(self) -> Path:
        """Make an empty file for an upload."""
        with NamedTemporaryFile(dir=self.incoming, delete=False) as made:
            return Path(made.name)


@lru_cache(maxsize=1024)
def _read_view(kept: str) -> View:
    """Read a dataset's record; the same record is the same value, so that it is read once."""
    return View.model_validate_json(kept)


def close_session(session: Session) -> None:
    """End a reading session."""
    session.cursor.close()


def then_close(body: Iterator[bytes], session: Session) -> Iterator[bytes]:
    """Send a body that is read from a session, then end the session."""
    try:
        yield from body
    finally:
        close_session(session)


def now() -> int:
    """Return the present in whole seconds since 1970."""
    return int(time.time())


def _open(file: Path, memory_mb: int) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(file), config={**_CLOSED, "memory_limit": f"{memory_mb}MB"})
    except duckdb.IOException:
        raise SettingsInvalid(
            f"The portal's folder {file.parent} cannot be opened; another portal may have it.",
            "Stop the other portal, or give this one a folder of its own.",
        ) from None
