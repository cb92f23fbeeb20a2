"""Drafts in the store: found, kept and forgotten within a session."""

from __future__ import annotations

from pathlib import Path

from opengazette.localportal.problems import Problem
from opengazette.localportal.publishing.drafts import (
    Config,
    InputSchema,
    OutputSchema,
    Revision,
    RevisionKey,
    Source,
)
from opengazette.localportal.store import Session, Store


def missing(what: str) -> Problem:
    """Make the 404 of the Publishing API."""
    return Problem(404, "not_found", f"There is no such {what}.")


def find_revision(session: Session, view_id: str, seq: int) -> Revision:
    """Return a revision.

    Raises:
        Problem: there is none of this number (404).
    """
    row = session.cursor.execute(
        "SELECT kept FROM revisions WHERE view_id = ? AND seq = ?", [view_id, seq]
    ).fetchone()
    if row is None:
        raise missing("revision")
    return Revision.model_validate_json(row[0])


def revisions_of(session: Session, view_id: str) -> list[Revision]:
    """Return the revisions of a dataset in their order."""
    rows = session.cursor.execute(
        "SELECT kept FROM revisions WHERE view_id = ? ORDER BY seq", [view_id]
    ).fetchall()
    return [Revision.model_validate_json(row[0]) for row in rows]


def all_revisions(session: Session) -> list[Revision]:
    """Return every revision."""
    rows = session.cursor.execute("SELECT kept FROM revisions").fetchall()
    return [Revision.model_validate_json(row[0]) for row in rows]


def keep_revision(session: Session, revision: Revision) -> Revision:
    """Write a revision."""
    session.cursor.execute(
        "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?)",
        [revision.view_id, revision.seq, revision.model_dump_json()],
    )
    return revision


def find_source(session: Session, source_id: int) -> Source:
    """Return a source.

    Raises:
        Problem: there is none of this number (404).
    """
    row = session.cursor.execute("SELECT kept FROM sources WHERE id = ?", [source_id]).fetchone()
    if row is None:
        raise missing("source")
    return Source.model_validate_json(row[0])


def all_sources(session: Session) -> list[Source]:
    """Return every source, oldest first."""
    rows = session.cursor.execute("SELECT kept FROM sources ORDER BY id").fetchall()
    return [Source.model_validate_json(row[0]) for row in rows]


def sources_of(session: Session, key: RevisionKey) -> list[Source]:
    """Return the sources of a revision, oldest first."""
    rows = session.cursor.execute(
        "SELECT kept FROM sources WHERE view_id = ? AND seq = ? ORDER BY id",
        [key.view_id, key.seq],
    ).fetchall()
    return [Source.model_validate_json(row[0]) for row in rows]


def keep_source(session: Session, source: Source) -> Source:
    """Write a source."""
    key = source.revision
    session.cursor.execute(
        "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?)",
        [
            source.id,
            key.view_id if key else None,
            key.seq if key else None,
            source.model_dump_json(),
        ],
    )
    return source


def keep_schema(session: Session, source: Source, schema: InputSchema) -> Source:
    """Write an input schema into its source, new or changed."""
    others = tuple(one for one in source.schemas if one.id != schema.id)
    schemas = tuple(sorted((*others, schema), key=lambda one: one.id))
    return keep_source(session, source.model_copy(update={"schemas": schemas}))


def keep_output(session: Session, source: Source, output: OutputSchema) -> Source:
    """Write an output schema into its input schema, new or changed."""
    schema = input_schema(source, output.input_schema_id)
    others = tuple(one for one in schema.outputs if one.id != output.id)
    outputs = tuple(sorted((*others, output), key=lambda one: one.id))
    return keep_schema(session, source, schema.model_copy(update={"outputs": outputs}))


def input_schema(source: Source, input_id: int) -> InputSchema:
    """Return an input schema of a source.

    Raises:
        Problem: there is none of this number (404).
    """
    found = source.schema_of(input_id)
    if found is None:
        raise missing("input schema")
    return found


def output_schema(source: Source, input_id: int, output_id: int) -> OutputSchema:
    """Return an output schema of a source.

    Raises:
        Problem: there is none of this number (404).
    """
    found = input_schema(source, input_id).output(output_id)
    if found is None:
        raise missing("output schema")
    return found


def output_of_revision(
    session: Session, key: RevisionKey, output_id: int
) -> tuple[Source, OutputSchema]:
    """Find an output schema among the sources of a revision.

    Raises:
        Problem: none of its sources has it (404).
    """
    for source in sources_of(session, key):
        for schema in source.schemas:
            found = schema.output(output_id)
            if found is not None:
                return source, found
    raise missing("output schema in this revision")


def find_config(session: Session, name: str) -> Config:
    """Return a recipe.

    Raises:
        Problem: there is none of this name (404).
    """
    row = session.cursor.execute("SELECT kept FROM configs WHERE name = ?", [name]).fetchone()
    if row is None:
        raise missing("config")
    return Config.model_validate_json(row[0])


def all_configs(session: Session) -> list[Config]:
    """Return every recipe by name."""
    rows = session.cursor.execute("SELECT kept FROM configs ORDER BY name").fetchall()
    return [Config.model_validate_json(row[0]) for row in rows]


def keep_config(session: Session, config: Config) -> Config:
    """Write a recipe."""
    session.cursor.execute(
        "INSERT OR REPLACE INTO configs VALUES (?, ?)", [config.name, config.model_dump_json()]
    )
    return config


def tables_of(source: Source) -> list[str]:
    """Name the tables that hold a source's rows."""
    tables = [schema.table for schema in source.schemas]
    outputs = [output.table for schema in source.schemas for output in schema.outputs]
    return tables + [table for table in outputs if table is not None]


def forget_source(session: Session, source: Source) -> None:
    """Drop a source with its rows; its bytes go when the folder is swept."""
    for table in tables_of(source):
        session.cursor.execute(f"DROP TABLE IF EXISTS {table}")
    session.cursor.execute("DELETE FROM sources WHERE id = ?", [source.id])


def forget_revisions(session: Session, view_id: str) -> list[int]:
    """Drop the revisions of a dataset that goes, with their sources and snapshots.

    Returns:
        The sources whose bytes are to go too.
    """
    gone: list[int] = []
    for revision in revisions_of(session, view_id):
        for source in sources_of(session, revision.key):
            forget_source(session, source)
            gone.append(source.id)
        if revision.snapshot is not None:
            session.cursor.execute(f"DROP TABLE IF EXISTS {revision.snapshot.table}")
    session.cursor.execute("DELETE FROM revisions WHERE view_id = ?", [view_id])
    return gone


def upload_folder(store: Store, source_id: int) -> Path:
    """Return where the bytes of a source are."""
    return store.uploads / str(source_id)
