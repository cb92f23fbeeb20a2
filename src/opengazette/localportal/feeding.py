"""Rows on their way in: the database draws batch after batch, and none of them is kept.

A table that is registered stays in memory until its transaction ends; a reader does not.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow.lib as pa

from opengazette.localportal.store import Session

INCOMING = "incoming"


class _Feed:
    """Batches to draw from, and what went wrong on the way, which the database would retell."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches
        except Exception as failure:
            self.failure = failure
            raise


def insert_batches(
    session: Session, statement: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> int:
    """Run an INSERT that selects from `incoming`; return how many rows it wrote.

    Raises:
        whatever the making of a batch raises; the transaction is lost then.
    """
    feed = _Feed(batches)
    reader = pa.RecordBatchReader.from_batches(schema, feed)
    session.cursor.register(INCOMING, reader)
    try:
        written = session.cursor.execute(statement).fetchone()
    except duckdb.Error:
        if feed.failure is not None:
            raise feed.failure from None
        raise
    session.cursor.unregister(INCOMING)
    return int(written[0]) if written else 0
