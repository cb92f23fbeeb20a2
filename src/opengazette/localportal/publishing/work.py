"""The work that goes on after an answer: reading uploads, computing transforms, applying.

What a stop of the portal interrupts is taken up again at the next start, except the applying of
a revision: that failed, and nothing of it is public.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from traceback import extract_tb
from typing import Final

from pydantic import JsonValue

from opengazette.localportal.problems import Problem
from opengazette.localportal.publishing.applying import Applied, apply_changes, problem_details
from opengazette.localportal.publishing.drafts import (
    InputSchema,
    JobStatus,
    OutputSchema,
    Revision,
    RevisionKey,
    Source,
)
from opengazette.localportal.publishing.kept import (
    all_sources,
    find_config,
    find_revision,
    find_source,
    input_schema,
    keep_output,
    keep_revision,
    keep_schema,
    keep_source,
    output_of_revision,
    output_schema,
    upload_folder,
)
from opengazette.localportal.publishing.outputs import (
    columns_of_config,
    compute,
    computed_before,
    guessed_columns,
    new_output,
)
from opengazette.localportal.publishing.parsing import Unreadable
from opengazette.localportal.publishing.sources import copy_rows, read_upload
from opengazette.localportal.publishing.sweeping import (
    fail_interrupted_jobs,
    sweep_drafts,
    sweep_files,
    sweep_tables,
    sweep_uploads,
    with_job,
)
from opengazette.localportal.publishing.uploads import whole_file
from opengazette.localportal.store import Asset, Session, Store, now

log = logging.getLogger(__name__)
#: Small work is done before the answer goes out, so that clients need not ask again.
PATIENCE_SECONDS: Final = 0.4


class Workshop:
    """The workers of a portal. One thing is computed at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="portal-work")
        self._computing = threading.Lock()

    def close(self) -> None:
        """Finish what runs and drop what waits; it is resumed at the next start."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, work: Callable[[], None]) -> None:
        """Begin some work, and wait a moment for it."""
        wait([self._submitted(work)], timeout=PATIENCE_SECONDS)

    def begin(self, work: Callable[[], None]) -> None:
        """Begin some work."""
        self._submitted(work)

    def _submitted(self, work: Callable[[], None]) -> Future[None]:
        return self._pool.submit(_quietly, work)

    def resume(self) -> None:
        """Take up what a stop interrupted, and sweep what it left behind."""
        with self.store.writing() as session:
            fail_interrupted_jobs(session)
            sweep_tables(session)
            sources = all_sources(session)
            sweep_files(session, self.store)
        sweep_uploads(self.store, {source.id for source in sources})
        for source in sources:
            if not (source.finished_at or source.failed_at):
                self._resume_source(source)
            for schema in source.schemas:
                for output in schema.outputs:
                    if not (output.completed_at or output.failed_at):
                        self._resume_output(source.id, schema.id, output.id)

    def _resume_source(self, source: Source) -> None:
        if source.type == "view":
            self._submitted(partial(self.copy_of_rows, source.id))
        elif source.uploaded_at is not None:
            self._submitted(partial(self.read, source.id))

    def _resume_output(self, source_id: int, input_id: int, output_id: int) -> None:
        self._submitted(partial(self.compute, source_id, input_id, output_id))

    def read(self, source_id: int) -> None:
        """Read an upload's rows, guess what is wanted of them and compute it."""
        with self.store.reading() as session:
            source = find_source(session, source_id)
        self._fill(source_id, partial(read_upload, self.store, source))

    def copy_of_rows(self, source_id: int) -> None:
        """Fill a source with the rows of its dataset, or of the snapshot it restores."""
        with self.store.reading() as session:
            source = find_source(session, source_id)
        self._fill(source_id, partial(copy_rows, self.store, source))

    def _fill(self, source_id: int, rows: Callable[[], InputSchema]) -> None:
        try:
            self.take_schema(source_id, rows())
        except Unreadable as unreadable:
            self._fail_source(source_id, str(unreadable))
        except Problem as problem:
            self._fail_source(source_id, problem.message)
        except Exception:
            self._fail_source(source_id, "The rows cannot be read.")
            raise

    def take_schema(self, source_id: int, schema: InputSchema) -> None:
        """Give a source its rows, with an output schema that is computed."""
        with self.store.writing() as session:
            source = keep_schema(session, find_source(session, source_id), schema)
            output = _first_output(session, source, schema)
            source = keep_output(session, source, output)
            keep_source(session, source.model_copy(update={"finished_at": now()}))
            if source.revision is not None:
                revision = find_revision(session, source.revision.view_id, source.revision.seq)
                keep_revision(session, _pointed_at(revision, output))
        self.computed(source_id, schema.id, output.id)

    def _fail_source(self, source_id: int, reason: str) -> None:
        with self.store.writing() as session:
            source = find_source(session, source_id)
            failed = {"failed_at": now(), "failure": reason}
            keep_source(session, source.model_copy(update=failed))

    def computed(self, source_id: int, input_id: int, output_id: int) -> OutputSchema:
        """Return an output schema, computed now unless it already is."""
        with self._computing:
            with self.store.reading() as session:
                source = find_source(session, source_id)
            output = output_schema(source, input_id, output_id)
            if output.completed_at or output.failed_at:
                return output
            try:
                schema = input_schema(source, input_id)
                done = computed_before(schema, output) or compute(self.store, schema, output)
            except Exception:
                self._keep_output(source_id, output.model_copy(update={"failed_at": now()}))
                raise
            return self._keep_output(source_id, done)

    def compute(self, source_id: int, input_id: int, output_id: int) -> None:
        """Compute an output schema."""
        self.computed(source_id, input_id, output_id)

    def _keep_output(self, source_id: int, output: OutputSchema) -> OutputSchema:
        with self.store.writing() as session:
            keep_output(session, find_source(session, source_id), output)
        return output

    def apply(self, key: RevisionKey, job_id: int) -> None:
        """Apply a revision; the job says what came of it."""
        try:
            self._advance(key, job_id, "creating_columns")
            output = self._wanted_output(key, job_id)
            blob = None if output is not None else self._blob(key)
            self._advance(key, job_id, "upserting")
            with self.store.writing() as session:
                _apply_in(session, key, job_id, output, blob)
        except Problem as problem:
            self._fail_job(key, job_id, problem_details(problem))
        except Exception:
            self._fail_job(key, job_id, {"message": "The portal failed."})
            raise
        else:
            sweep_drafts(self.store, key)

    def _wanted_output(self, key: RevisionKey, job_id: int) -> OutputSchema | None:
        with self.store.reading() as session:
            job = find_revision(session, key.view_id, key.seq).job(job_id)
            if job is None or job.output_schema_id is None:
                return None
            source, output = output_of_revision(session, key, job.output_schema_id)
        done = self.computed(source.id, output.input_schema_id, output.id)
        if done.failed_at:
            raise Problem(400, "output_schema.failed", "A transform failed.")
        return done

    def _blob(self, key: RevisionKey) -> Asset | None:
        """Copy the file of a revision that is no table among the files of the portal."""
        with self.store.reading() as session:
            revision = find_revision(session, key.view_id, key.seq)
            if revision.blob_id is None:
                return None
            source = find_source(session, revision.blob_id)
        file = whole_file(upload_folder(self.store, source.id))
        if file is None:
            raise Problem(409, "upload.unfinished", "The bytes of the upload are not there.")
        staged = self.store.staging_file()
        shutil.copyfile(file, staged)
        asset_id = self.store.place_file(staged)
        kind = source.content_type or "application/octet-stream"
        place = self.store.files / asset_id
        return Asset(asset_id, key.view_id, source.filename, kind, place.stat().st_size, place)

    def _advance(self, key: RevisionKey, job_id: int, status: JobStatus) -> None:
        with self.store.writing() as session:
            revision = find_revision(session, key.view_id, key.seq)
            keep_revision(session, with_job(revision, job_id, status))

    def _fail_job(self, key: RevisionKey, job_id: int, details: dict[str, JsonValue]) -> None:
        with self.store.writing() as session:
            revision = find_revision(session, key.view_id, key.seq)
            keep_revision(session, with_job(revision, job_id, "failure", details))


def _quietly(work: Callable[[], None]) -> None:
    """Do some work; the text of an unforeseen error, which may quote a cell, stays in."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the text may quote a cell
        at = extract_tb(error.__traceback__)[-1]
        log.error("work failed: %s in %s, line %d", type(error).__name__, at.name, at.lineno)  # noqa: TRY400


def _first_output(session: Session, source: Source, schema: InputSchema) -> OutputSchema:
    view = config = None
    if source.revision is not None:
        view = session.find(source.revision.view_id)
        named = find_revision(session, source.revision.view_id, source.revision.seq).config
        config = find_config(session, named) if named is not None else None
    wanted = columns_of_config(config) if config is not None else []
    wanted = wanted or guessed_columns(session, schema, view)
    return new_output(session, schema, wanted, (), source.created_by)


def _pointed_at(revision: Revision, output: OutputSchema) -> Revision:
    if revision.closed_at is not None:
        return revision
    return revision.model_copy(update={"output_schema_id": output.id})


def _apply_in(
    session: Session,
    key: RevisionKey,
    job_id: int,
    output: OutputSchema | None,
    blob: Asset | None,
) -> Applied:
    revision = find_revision(session, key.view_id, key.seq)
    if revision.closed_at is not None:
        raise Problem(409, "revision.closed", "The revision is closed.")
    applied = apply_changes(session, revision, output, blob)
    details: dict[str, JsonValue] = dict(applied.counters.body()) if applied.counters else {}
    stage = "upsert_complete" if applied.counters else "finished"
    done = with_job(revision, job_id, "successful", details, stage=stage)
    changes: dict[str, object] = {
        "closed_at": now(),
        "snapshot": applied.snapshot,
        "output_schema_id": output.id if output is not None else revision.output_schema_id,
    }
    keep_revision(session, done.model_copy(update=changes))
    return applied
