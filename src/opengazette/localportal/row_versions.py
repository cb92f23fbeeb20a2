# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Rows that are to be changed only if nobody else changed them meanwhile."""

from __future__ import annotations

from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.soql.term import SYSTEM_COLUMNS
from opengazette.localportal.store import Session
from opengazette.localportal.views import View
from opengazette.localportal.write_options import WriteOptions


def take_out_other_versions(session: Session, view: View, which: str, options: WriteOptions) -> int:
    """Take rows whose `:version` is not that of the row out of the stage, and count them.

    A row without a `:version` is changed whatever the row's version is. `which` says in SQL which
    rows `s` of the stage have their turn; `matched` tells which rows they are.

    Raises:
        Problem: there are some, or some that are new, and the options do not tolerate them.
    """
    given = session.cursor.execute("SELECT count(version) FROM stage").fetchone()
    if not given or not given[0]:
        return 0
    session.cursor.execute(_conflicts_sql(view, which))
    found = session.cursor.execute(
        "SELECT count_if(target IS NULL), count_if(target IS NOT NULL) FROM conflicts"
    ).fetchone()
    new, changed = (count or 0 for count in found or (0, 0))
    if new and "version_on_new_row" not in options.tolerated:
        raise bad_request(
            f"{new} rows have a version and are not there.", "update.version-on-new-row"
        )
    if changed and "version_mismatch" not in options.tolerated:
        raise Problem(
            409, "update.row-version-mismatch", f"{changed} rows are not at the version they name."
        )
    session.cursor.execute("DELETE FROM stage WHERE number IN (SELECT number FROM conflicts)")
    session.cursor.execute("DROP TABLE conflicts")
    return int(new + changed)


def _conflicts_sql(view: View, which: str) -> str:
    version, _ = SYSTEM_COLUMNS[":version"]
    return (
        "CREATE TABLE conflicts AS SELECT s.number, m.target FROM stage AS s"
        " LEFT JOIN matched AS m USING (number)"
        f" LEFT JOIN (SELECT number AS target, {version} AS version FROM {view.table}) AS t"
        " ON t.target = m.target"
        f" WHERE s.version IS NOT NULL AND s.version IS DISTINCT FROM t.version AND {which}"
        " AND NOT (m.target IS NULL AND (s.given IS NOT NULL OR s.removed))"
    )
