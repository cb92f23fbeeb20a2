"""Counts repeated values of a Parquet file with bounded memory and no file beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

#: Distinct values that are held in memory at a time; more are counted bucket by bucket.
ROWS_PER_BUCKET = 10_000_000


def repeated_rows(file: Path, columns: Sequence[str], rows: int) -> tuple[int, int]:
    """Return how many rows are empty in all columns, and how many of the others repeat a value.

    Empty values are equal to each other. Each row of a repeated value counts, the first included.
    """
    names = ", ".join(_quoted(column) for column in columns)
    filled = " OR ".join(f"{_quoted(column)} IS NOT NULL" for column in columns)
    buckets = rows // ROWS_PER_BUCKET + 1
    query = (
        "SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (WHERE n > 1), 0) FROM ("  # noqa: S608
        f"SELECT count(*) AS n FROM read_parquet(?) WHERE ({filled}) "
        f"AND hash({names}) % ? = ? GROUP BY {names})"
    )
    present = repeated = 0
    with duckdb.connect(config={"temp_directory": ""}) as connection:
        for bucket in range(buckets):
            found = connection.execute(query, [str(file), buckets, bucket]).fetchone()
            if found is not None:
                present, repeated = present + int(found[0]), repeated + int(found[1])
    return rows - present, repeated


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
