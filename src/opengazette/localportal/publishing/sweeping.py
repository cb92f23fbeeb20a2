"""What is swept from the store: drafts that are done with, and what a stop left half-built."""

from __future__ import annotations

import shutil
from typing import Final

from pydantic import JsonValue

from opengazette.localportal.publishing.drafts import JobStatus, LogEntry, Revision, RevisionKey
from opengazette.localportal.publishing.kept import (
    all_revisions,
    all_sources,
    forget_source,
    keep_revision,
    revisions_of,
    sources_of,
    tables_of,
    upload_folder,
)
from opengazette.localportal.store import Session, Store, now

STOPPED: Final = "The portal was stopped before the revision was applied; apply it again."


def with_job(
    revision: Revision,
    job_id: int,
    status: JobStatus,
    details: dict[str, JsonValue] | None = None,
    *,
    stage: str | None = None,
) -> Revision:
    """Return the revision with a job in another state, which its log tells; there the stage
    may have a name of its own.
    """
    ended = now() if status in ("successful", "failure") else None
    jobs = tuple(
        job.model_copy(
            update={
                "status": status,
                "log": (*job.log, LogEntry(stage=stage or status, time=now(), details=details)),
                "finished_at": ended,
            }
        )
        if job.id == job_id
        else job
        for job in revision.jobs
    )
    return revision.model_copy(update={"jobs": jobs})


def sweep_drafts(store: Store, key: RevisionKey) -> None:
    """Drop the drafts of earlier revisions, and the bytes of this one's."""
    gone: list[int] = []
    with store.writing() as session:
        for revision in revisions_of(session, key.view_id):
            if revision.closed_at is not None and revision.seq != key.seq:
                for source in sources_of(session, revision.key):
                    forget_source(session, source)
                    gone.append(source.id)
        gone += [source.id for source in sources_of(session, key)]
    for source_id in gone:
        shutil.rmtree(upload_folder(store, source_id), ignore_errors=True)


def fail_interrupted_jobs(session: Session) -> None:
    """Say of each job that a stop interrupted that it failed."""
    for revision in all_revisions(session):
        failed: Revision = revision
        for job in revision.jobs:
            if job.finished_at is None:
                failed = with_job(failed, job.id, "failure", {"message": STOPPED})
        if failed is not revision:
            keep_revision(session, failed)


def sweep_tables(session: Session) -> None:
    """Drop the tables that nothing refers to: what a stop left half-built."""
    used = {view.table for view in session.views()}
    for source in all_sources(session):
        used.update(tables_of(source))
    used.update(one.snapshot.table for one in all_revisions(session) if one.snapshot)
    rows = session.cursor.execute(
        "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'rows_')"
    ).fetchall()
    for (table,) in rows:
        if table not in used:
            session.cursor.execute(f"DROP TABLE {table}")


def sweep_files(session: Session, store: Store) -> None:
    """Drop the files that no dataset has, at the start when nothing is being placed."""
    known = {row[0] for row in session.cursor.execute("SELECT id FROM assets").fetchall()}
    for file in store.files.iterdir():
        if file.name not in known:
            file.unlink(missing_ok=True)


def sweep_uploads(store: Store, kept: set[int]) -> None:
    """Drop the bytes of sources that are not there, at the start when nothing is uploaded."""
    for folder in store.uploads.iterdir():
        if not (folder.name.isdigit() and int(folder.name) in kept):
            shutil.rmtree(folder, ignore_errors=True)
