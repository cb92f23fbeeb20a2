# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Writing rows: a request is staged whole, checked, then applied in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from opengazette.localportal.bodies import Batch
from opengazette.localportal.changes import remember_change
from opengazette.localportal.counters import Counters
from opengazette.localportal.staging import drop_stage, stage_rows
from opengazette.localportal.store import Session, now
from opengazette.localportal.turns import apply_staged
from opengazette.localportal.views import Column, View
from opengazette.localportal.write_options import WriteOptions

USUAL: Final = WriteOptions()


def replace_rows(
    session: Session,
    view: View,
    batches: Iterable[Batch],
    options: WriteOptions = USUAL,
    *,
    is_csv: bool,
) -> tuple[View, Counters]:
    """Put these rows in the place of all others; every row is new afterwards."""
    emptied = emptied_view(session, view, view.columns)
    staged = stage_rows(session, emptied, batches, is_csv=is_csv)
    written, counters = write_staged(session, emptied, staged, options)
    session.cursor.execute(f"DROP TABLE {view.table}")
    remember_change(session, view, written, counters)
    return written, counters


def emptied_view(session: Session, view: View, columns: tuple[Column, ...]) -> View:
    """Return the dataset on a new empty table of these columns; the old table stays."""
    return view.model_copy(
        update={
            "table": session.new_table(columns),
            "columns": tuple(c.model_copy(update={"digits": 0, "scale": 0}) for c in columns),
        }
    )


def upsert_rows(
    session: Session,
    view: View,
    batches: Iterable[Batch],
    options: WriteOptions = USUAL,
    *,
    is_csv: bool,
) -> tuple[View, Counters]:
    """Insert, update and delete rows in the order they came.

    A field that a JSON row does not name keeps its value unless the options say otherwise;
    null, or an empty CSV cell, clears it. A row that is to change or go but is not there counts
    as an error, if the options tolerate that.

    Raises:
        Problem: a field or a value does not fit, or a row is in error; nothing is changed.
    """
    staged = stage_rows(session, view, batches, is_csv=is_csv)
    written, counters = write_staged(session, view, staged, options)
    remember_change(session, view, written, counters)
    return written, counters


def write_staged(
    session: Session, view: View, staged: int, options: WriteOptions = USUAL
) -> tuple[View, Counters]:
    """Write the rows that wait in the stage, and keep the dataset's record.

    Raises:
        Problem: a row does not say which it is; nothing is changed.
    """
    columns = tuple(_measured(session, column) for column in view.columns)
    counters = apply_staged(session, view, options)
    drop_stage(session)
    counted = session.cursor.execute(f"SELECT count(*) FROM {view.table}").fetchone()
    written = view.model_copy(
        update={
            "columns": columns,
            "row_count": int(counted[0]) if counted else 0,
            "next_row": view.next_row + staged,
            "data_version": view.data_version + 1,
            "rows_updated_at": max(now(), view.rows_updated_at + 1),
        }
    )
    return session.keep(written), counters


def _measured(session: Session, column: Column) -> Column:
    """Widen what is known of a number column, so that queries cast it without loss."""
    if column.kind != "number":
        return column
    found = session.cursor.execute(
        f"""SELECT max(length(split_part(ltrim({column.physical}, '-'), '.', 1))),
                   max(length(split_part({column.physical}, '.', 2))),
                   count_if(contains({column.physical}, 'E')) FROM stage"""
    ).fetchone()
    digits, scale, exponents = found or (0, 0, 0)
    if exponents:
        digits = 99
    return column.model_copy(
        update={"digits": max(column.digits, digits or 0), "scale": max(column.scale, scale or 0)}
    )
