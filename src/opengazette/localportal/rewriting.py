# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Changing rows: few where they lie, many by writing the table anew.

The database holds the old values of what is changed in place in memory until the transaction
ends, whatever bound is set. A table that is written anew goes to disk as it grows.
"""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Final

from opengazette.localportal.store import Session
from opengazette.localportal.views import View

FEW_ROWS: Final = 20_000
MANY_ROWS: Final = 200_000
#: How many rows of a table are written anew at a time.
SLICE_ROWS: Final = 100_000


def change_rows(
    session: Session, view: View, changed: int, moment: datetime, *, merge: bool
) -> None:
    """Give rows of the dataset what the stage says of them, as `matched` tells them together.

    A field that the stage does not give keeps its value if `merge`, and is cleared otherwise.
    """
    counted = session.cursor.execute(f"SELECT count(*) FROM {view.table}").fetchone()
    rows = int(counted[0]) if counted else 0
    if changed < max(FEW_ROWS, min(rows // 4, MANY_ROWS)):
        session.cursor.execute(_update_sql(view, merge=merge), {"moment": moment})
    else:
        _write_anew(session, view, moment, merge=merge)


def _update_sql(view: View, *, merge: bool) -> str:
    sets = "".join(
        f", {c.physical} = CASE WHEN s.given_{c.physical} THEN s.{c.physical}"
        f" ELSE {f'{view.table}.{c.physical}' if merge else 'NULL'} END"
        for c in view.columns
    )
    return (
        f"UPDATE {view.table} SET updated = $moment,"
        f" row_key = coalesce(s.row_key, {view.table}.row_key){sets}"
        " FROM (SELECT * FROM stage JOIN matched USING (number) WHERE NOT removed) AS s"
        f" WHERE s.target = {view.table}.number"
    )


def _write_anew(session: Session, view: View, moment: datetime, *, merge: bool) -> None:
    made = session.new_table(view.columns)
    write = _slice_sql(view, made, merge=merge)
    for after, upto in pairwise(_bounds(session, view)):
        session.cursor.execute(write, {"moment": moment, "after": after, "upto": upto})
    session.cursor.execute(f"DROP TABLE {view.table}")
    session.cursor.execute(f"ALTER TABLE {made} RENAME TO {view.table}")


def _bounds(session: Session, view: View) -> list[int]:
    """Return numbers of rows with a slice of the table between each two."""
    found = session.cursor.execute(
        f"""SELECT number FROM
                (SELECT number, row_number() OVER () AS place FROM {view.table})
            WHERE place % {SLICE_ROWS} = 0 ORDER BY number"""
    ).fetchall()
    return [-1, *(number for (number,) in found), 2**62]


def _slice_sql(view: View, made: str, *, merge: bool) -> str:
    untouched = "o" if merge else "CASE WHEN s.number IS NULL THEN o"
    end = "" if merge else " END"
    held = "".join(f", {c.physical}" for c in view.columns)
    cells = "".join(
        f", CASE WHEN s.given_{c.physical} THEN s.{c.physical} ELSE {untouched}.{c.physical}{end}"
        " END"
        for c in view.columns
    )
    part = "> $after AND {0} <= $upto"
    # The window is there to be computed: through it one thread writes rows as they come. Without
    # it each thread keeps what it writes until the transaction ends, in twice the memory.
    return (
        f"INSERT INTO {made} (number, sid, row_key, created, updated{held})"
        " SELECT o.number, o.sid, coalesce(s.row_key, o.row_key), o.created,"
        f" CASE WHEN s.number IS NULL THEN o.updated ELSE $moment END{cells}"
        f" FROM (SELECT * FROM {view.table} WHERE number {part.format('number')}) AS o"
        " LEFT JOIN (SELECT * FROM stage JOIN matched USING (number)"
        f" WHERE NOT removed AND target {part.format('target')}) AS s ON s.target = o.number"
        " QUALIFY row_number() OVER () > 0"
    )
