# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Writing rows: a request is staged whole, checked, then applied in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from opengazette.localportal.bodies import Batch
from opengazette.localportal.problems import bad_request
from opengazette.localportal.staging import make_stage, stage_batch
from opengazette.localportal.store import Session, now
from opengazette.localportal.views import Column, View
from opengazette.localportal.write_options import WriteOptions

USUAL: Final = WriteOptions()


@dataclass(frozen=True)
class Counters:
    """What a write did, in Socrata's six counters."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    errors: int = 0

    def body(self) -> dict[str, int]:
        """Return the answer; the documented answers leave the last two at zero."""
        return {
            "Rows Created": self.created,
            "Rows Updated": self.updated,
            "Rows Deleted": self.deleted,
            "Errors": self.errors,
            "By RowIdentifier": 0,
            "By SID": 0,
        }


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
    written = upsert_rows(session, emptied, batches, options, is_csv=is_csv)
    session.cursor.execute(f"DROP TABLE {view.table}")
    return written


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
    make_stage(session, view)
    staged = 0
    for batch in batches:
        stage_batch(session, view, batch, staged, is_csv=is_csv)
        staged += batch.count
    return write_staged(session, view, staged, options)


def write_staged(
    session: Session, view: View, staged: int, options: WriteOptions = USUAL
) -> tuple[View, Counters]:
    """Write the rows that wait in the stage, and keep the dataset's record.

    Raises:
        Problem: a row does not say which it is; nothing is changed.
    """
    columns = tuple(_measured(session, column) for column in view.columns)
    counters = _apply(session, view, options)
    session.cursor.execute("DROP TABLE stage")
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


def key_sql(column: Column) -> str:
    """Return the text that identifies a row by this column; equal numbers are equal keys."""
    name = column.physical
    if column.kind == "number":
        return (
            f"CASE WHEN contains({name}, '.') THEN rtrim(rtrim({name}, '0'), '.') ELSE {name} END"
        )
    return f"CAST({name} AS VARCHAR)"


def _apply(session: Session, view: View, options: WriteOptions) -> Counters:
    identifier = view.identifier()
    if identifier is not None:
        session.cursor.execute(f"UPDATE stage SET row_key = {key_sql(identifier)}")
    total = Counters(errors=_rows_without_key(session, identifier, options))
    _order_turns(session)
    last = session.cursor.execute("SELECT coalesce(max(turn), 0) FROM stage").fetchone()
    for turn in range(1, (last[0] if last else 0) + 1):
        done = _apply_turn(session, view, turn, options)
        total = Counters(
            total.created + done.created,
            total.updated + done.updated,
            total.deleted + done.deleted,
            total.errors + done.errors,
        )
    return total


def _order_turns(session: Session) -> None:
    """Give the second word on a row the second turn, the third the third."""
    session.cursor.execute(
        """CREATE TEMP TABLE turns AS SELECT number, row_number() OVER (
               PARTITION BY CASE WHEN given IS NOT NULL THEN 'i' || given ELSE 'k' || row_key END
               ORDER BY number) AS turn
           FROM stage WHERE given IS NOT NULL OR row_key IS NOT NULL"""
    )
    session.cursor.execute(
        """UPDATE stage SET turn = turns.turn FROM turns
           WHERE stage.number = turns.number AND turns.turn > 1"""
    )
    session.cursor.execute("DROP TABLE turns")


def _rows_without_key(session: Session, identifier: Column | None, options: WriteOptions) -> int:
    """Take rows that do not say which they are out of the stage, and count them.

    Raises:
        Problem: there are some, and the options do not tolerate them.
    """
    found = session.cursor.execute(
        """SELECT count_if(removed AND given IS NULL AND row_key IS NULL),
                  count_if(NOT removed AND given IS NULL AND row_key IS NULL) FROM stage"""
    ).fetchone()
    removals, inserts = (count or 0 for count in found or (0, 0))
    lost = removals + (inserts if identifier is not None else 0)
    if lost and "no_primary_key" in options.tolerated:
        kept = "" if identifier is not None else "removed AND"
        session.cursor.execute(f"DELETE FROM stage WHERE {kept} given IS NULL AND row_key IS NULL")
        return int(lost)
    if removals:
        raise bad_request(
            f"{removals} rows to delete do not say which.", "soda.row.delete-without-primary-key"
        )
    if identifier is not None and inserts:
        raise bad_request(
            f"{inserts} rows have no value for {identifier.field_name}, which identifies rows.",
            "soda.row.no-primary-key",
        )
    return 0


def _apply_turn(session: Session, view: View, turn: int, options: WriteOptions) -> Counters:
    moment = datetime.now(UTC).replace(tzinfo=None)
    table, values = view.table, {"turn": turn, "moment": moment}
    run = session.cursor.execute
    run(
        f"""UPDATE stage SET target = t.sid FROM {table} AS t
            WHERE stage.turn = $turn AND stage.given = t.sid""",
        {"turn": turn},
    )
    run(
        f"""UPDATE stage SET target = t.sid FROM {table} AS t
            WHERE stage.turn = $turn AND stage.given IS NULL AND stage.row_key = t.row_key""",
        {"turn": turn},
    )
    counted = run(
        """SELECT count_if(NOT removed AND given IS NULL AND target IS NULL),
                  count_if(NOT removed AND target IS NOT NULL),
                  count_if(removed AND target IS NOT NULL),
                  count_if(target IS NULL AND (removed OR given IS NOT NULL))
           FROM stage WHERE turn = $turn""",
        {"turn": turn},
    ).fetchone()
    done = Counters(*counted) if counted else Counters()
    if done.errors:
        _refuse_missing(session, turn, options)
    if done.deleted:
        run(
            f"""DELETE FROM {table} USING stage AS s
                WHERE s.turn = $turn AND s.removed AND s.target = {table}.sid""",
            {"turn": turn},
        )
    if done.updated:
        run(_update_sql(view, merge=options.merge), values)
    if done.created:
        run(_insert_sql(view), values)
    return done


def _refuse_missing(session: Session, turn: int, options: WriteOptions) -> None:
    """Refuse rows that are to go or to change and are not there, if that is not tolerated."""
    counted = session.cursor.execute(
        """SELECT count_if(removed), count_if(NOT removed) FROM stage
           WHERE turn = $turn AND target IS NULL AND (removed OR given IS NOT NULL)""",
        {"turn": turn},
    ).fetchone()
    removals, changes = (count or 0 for count in counted or (0, 0))
    if removals and "no_such_row_to_delete" not in options.tolerated:
        raise bad_request(f"{removals} rows to delete are not there.", "soda.row.no-such-id")
    if changes and "no_such_row_to_update" not in options.tolerated:
        raise bad_request(f"{changes} rows to change are not there.", "soda.row.no-such-id")


def _update_sql(view: View, *, merge: bool) -> str:
    sets = "".join(
        f", {c.physical} = CASE WHEN s.given_{c.physical} THEN s.{c.physical}"
        f" ELSE {f'{view.table}.{c.physical}' if merge else 'NULL'} END"
        for c in view.columns
    )
    return (
        f"UPDATE {view.table} SET updated = $moment,"
        f" row_key = coalesce(s.row_key, {view.table}.row_key){sets} FROM stage AS s"
        f" WHERE s.turn = $turn AND NOT s.removed AND s.target = {view.table}.sid"
    )


def _insert_sql(view: View) -> str:
    """Insert in the order of the stage: reads ask for theirs, and a sort would hold all rows."""
    held = "".join(f", {column.physical}" for column in view.columns)
    return (
        f"INSERT INTO {view.table} (number, sid, row_key, created, updated{held})"
        f" SELECT number, sid, row_key, $moment, $moment{held} FROM stage"
        " WHERE turn = $turn AND NOT removed AND given IS NULL AND target IS NULL"
    )
