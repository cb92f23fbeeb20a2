"""What became of a dataset's public rows, version by version, apart from revisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from opengazette.localportal.counters import Counters
from opengazette.localportal.store import Session
from opengazette.localportal.views import View

ChangeKind = Literal["published", "replaced", "changed", "copied"]


@dataclass(frozen=True)
class Change:
    """One version of the rows: how it came to be, what was counted, what was said of it."""

    version: int
    moment: int
    kind: ChangeKind
    counters: Counters
    note: str


def remember_change(session: Session, before: View, after: View, change: Counters) -> None:
    """Remember that rows were replaced or changed; drafts have no history.

    Changes row by row of one day are one entry. What was said of the version before stays with
    it: a publisher says what is new of the newest alone.
    """
    if after.stage != "published":
        return
    kind: ChangeKind = "replaced" if after.table != before.table else "changed"
    latest = next(iter(changes_of(session, after.id)), None)
    if latest is not None:
        _say(session, before, latest.version)
        if kind == latest.kind == "changed" and _day(latest.moment) == _day(after.rows_updated_at):
            change = latest.counters.plus(change)
            _forget(session, after.id, latest.version)
    _keep(session, after, kind, change)


def remember_publication(session: Session, before: View, after: View) -> None:
    """Remember that a draft became public, or took the place of the dataset that was."""
    for latest in changes_of(session, after.id)[:1]:
        _say(session, before, latest.version)
    kind: ChangeKind = "published" if before.stage == "unpublished" else "copied"
    _keep(session, after, kind, Counters(created=after.row_count))


def changes_of(session: Session, dataset: str) -> list[Change]:
    """Return the changes of a dataset's rows, newest first."""
    rows = session.cursor.execute(
        "SELECT version, moment, kind, created, updated, deleted, note FROM changes"
        " WHERE view_id = ? ORDER BY version DESC",
        [dataset],
    ).fetchall()
    return [
        Change(version, moment, kind, Counters(created, updated, deleted), note)
        for version, moment, kind, created, updated, deleted, note in rows
    ]


def said_of_change(view: View) -> str:
    """Return what a publisher says is new; empty where nobody says."""
    return view.fields("Publication").get("change_note", "")


def _say(session: Session, before: View, version: int) -> None:
    session.cursor.execute(
        "UPDATE changes SET note = ? WHERE view_id = ? AND version = ?",
        [said_of_change(before), before.id, version],
    )


def _forget(session: Session, dataset: str, version: int) -> None:
    session.cursor.execute(
        "DELETE FROM changes WHERE view_id = ? AND version = ?", [dataset, version]
    )


def _keep(session: Session, view: View, kind: ChangeKind, change: Counters) -> None:
    counted = [change.created, change.updated, change.deleted]
    session.cursor.execute(
        "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, '')",
        [view.id, view.data_version, view.rows_updated_at, kind, *counted],
    )


def _day(moment: int) -> object:
    return datetime.fromtimestamp(moment, UTC).date()
