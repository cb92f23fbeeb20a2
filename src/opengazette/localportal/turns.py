# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Applying staged rows: those that name a row again wait for their turn.

The stage is read and never changed: what a transaction changes, it holds in memory.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from opengazette.localportal.counters import Counters
from opengazette.localportal.problems import bad_request
from opengazette.localportal.rewriting import change_rows
from opengazette.localportal.row_versions import take_out_other_versions
from opengazette.localportal.store import Session
from opengazette.localportal.views import View
from opengazette.localportal.write_options import WriteOptions

_NAMED: Final = "CASE WHEN given IS NOT NULL THEN 'i' || given ELSE 'k' || row_key END"


def apply_staged(session: Session, view: View, options: WriteOptions) -> Counters:
    """Insert, update and delete the rows of the stage in the order they came.

    Raises:
        Problem: a row does not say which it is, or is not there, and that is not tolerated.
    """
    total = Counters(errors=_rows_without_key(session, view, options))
    turns = _order_turns(session)
    for turn in range(1, turns + 1):
        total = total.plus(_apply_turn(session, view, _which(turn, turns), options))
    session.cursor.execute("DROP TABLE turns")
    return total


def _rows_without_key(session: Session, view: View, options: WriteOptions) -> int:
    """Take rows that do not say which they are out of the stage, and count them.

    Raises:
        Problem: there are some, and the options do not tolerate them.
    """
    identifier = view.identifier()
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


def _order_turns(session: Session) -> int:
    """Give the second word on a row the second turn, the third the third; return how many.

    Names are counted by their hashes, which take less memory: two names of one hash are told
    apart afterwards.
    """
    session.cursor.execute(
        f"""CREATE TEMP TABLE turns AS SELECT number,
                row_number() OVER (PARTITION BY {_NAMED} ORDER BY number) AS turn
            FROM stage WHERE {_NAMED} IS NOT NULL AND hash({_NAMED}) IN (
                SELECT hash({_NAMED}) AS named FROM stage WHERE {_NAMED} IS NOT NULL
                GROUP BY named HAVING count(*) > 1)"""
    )
    last = session.cursor.execute("SELECT coalesce(max(turn), 1) FROM turns").fetchone()
    return int(last[0]) if last else 1


def _which(turn: int, turns: int) -> str:
    """Say in SQL which rows `s` of the stage have this turn; few have another than the first."""
    if turns == 1:
        return "TRUE"
    if turn == 1:
        return "s.number NOT IN (SELECT number FROM turns WHERE turn > 1)"
    return f"s.number IN (SELECT number FROM turns WHERE turn = {turn})"


def _apply_turn(session: Session, view: View, which: str, options: WriteOptions) -> Counters:
    moment = datetime.now(UTC).replace(tzinfo=None)
    run = session.cursor.execute
    run(_match_sql(view, which))
    other = take_out_other_versions(session, view, which, options)
    counted = run(
        f"""SELECT count_if(NOT removed AND given IS NULL AND target IS NULL),
                   count_if(NOT removed AND target IS NOT NULL),
                   count_if(removed AND target IS NOT NULL),
                   count_if(target IS NULL AND (removed OR given IS NOT NULL))
            FROM stage AS s LEFT JOIN matched USING (number) WHERE {which}"""
    ).fetchone()
    done = Counters(*(count or 0 for count in counted or ()))
    if done.errors:
        _refuse_missing(session, which, options)
    if done.deleted:
        run(
            f"""DELETE FROM {view.table} WHERE number IN
                (SELECT target FROM stage JOIN matched USING (number) WHERE removed)"""
        )
    if done.updated:
        change_rows(session, view, done.updated, moment, merge=options.merge)
    if done.created:
        run(_insert_sql(view, which, found=done.updated + done.deleted > 0), {"moment": moment})
    run("DROP TABLE matched")
    return done.plus(Counters(errors=other))


def _match_sql(view: View, which: str) -> str:
    """Find the rows of the dataset that rows of the stage name, by their id or their key."""
    matched = f"SELECT s.number, t.number AS target FROM stage AS s JOIN {view.table} AS t ON"
    return (
        f"CREATE TABLE matched AS {matched} s.given = t.sid WHERE {which}"
        f" UNION ALL {matched} s.row_key = t.row_key WHERE s.given IS NULL AND {which}"
    )


def _refuse_missing(session: Session, which: str, options: WriteOptions) -> None:
    """Refuse rows that are to go or to change and are not there, if that is not tolerated."""
    counted = session.cursor.execute(
        f"""SELECT count_if(removed), count_if(NOT removed)
            FROM stage AS s LEFT JOIN matched USING (number)
            WHERE {which} AND target IS NULL AND (removed OR given IS NOT NULL)"""
    ).fetchone()
    removals, changes = (count or 0 for count in counted or (0, 0))
    if removals and "no_such_row_to_delete" not in options.tolerated:
        raise bad_request(f"{removals} rows to delete are not there.", "soda.row.no-such-id")
    if changes and "no_such_row_to_update" not in options.tolerated:
        raise bad_request(f"{changes} rows to change are not there.", "soda.row.no-such-id")


def _insert_sql(view: View, which: str, *, found: bool) -> str:
    """Insert in the order of the stage: reads ask for theirs, and a sort would hold all rows.

    Where no row was found already, none is looked up, which would hold their numbers in memory.
    """
    new = "AND s.number NOT IN (SELECT number FROM matched)" if found else ""
    held = "".join(f", {column.physical}" for column in view.columns)
    return (
        f"INSERT INTO {view.table} (number, sid, row_key, created, updated{held})"
        f" SELECT number, sid, row_key, $moment, $moment{held} FROM stage AS s"
        f" WHERE {which} AND NOT removed AND given IS NULL {new}"
    )
