# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""What is public, and what a draft would make of it, each as rows and words to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from opengazette.localportal.editing import merged_document
from opengazette.localportal.publishing.drafts import OutputColumn, OutputSchema, Revision
from opengazette.localportal.publishing.kept import output_of_revision, sources_of
from opengazette.localportal.staging import key_sql
from opengazette.localportal.store import Session
from opengazette.localportal.views import Column, View


@dataclass(frozen=True)
class Side:
    """One side of a comparison. `sql` selects every column under its physical name."""

    document: Mapping[str, JsonValue]
    columns: tuple[Column, ...]
    sql: str
    public: bool
    files: tuple[str, ...] = ()

    def column(self, field: str) -> Column | None:
        """Find a column by its field name."""
        return next((one for one in self.columns if one.field_name == field), None)


def side_of_view(view: View) -> Side:
    """Return a dataset as it is."""
    names = ", ".join(column.physical for column in view.columns) or "NULL AS nothing"
    sql = f"SELECT {names} FROM {view.table}"
    return Side(view.document, view.columns, sql, view.public, _files(view))


def _files(view: View) -> tuple[str, ...]:
    listed = view.section("metadata").get("attachments")
    entries = listed if isinstance(listed, list) else []
    return tuple(str(entry.get("name")) for entry in entries if isinstance(entry, dict))


def output_of(session: Session, revision: Revision) -> OutputSchema | None:
    """Return the rows that applying a revision takes: those it names, else its newest."""
    if revision.output_schema_id is not None:
        return output_of_revision(session, revision.key, revision.output_schema_id)[1]
    found = [
        output
        for source in sources_of(session, revision.key)
        for schema in source.schemas
        for output in schema.outputs
        if output.completed_at is not None
    ]
    return max(found, key=lambda output: output.id, default=None)


def rows_are_coming(session: Session, revision: Revision) -> bool:
    """Say whether rows of a revision are still being read or computed."""
    return any(
        (source.uploaded_at and not (source.finished_at or source.failed_at))
        or any(
            output.completed_at is None and output.failed_at is None
            for schema in source.schemas
            for output in schema.outputs
        )
        for source in sources_of(session, revision.key)
    )


def side_of_revision(view: View, revision: Revision, output: OutputSchema | None) -> Side:
    """Return what a revision would make of a dataset; nothing is changed by asking."""
    sent = {key: value for key, value in revision.metadata.items() if key != "columns"}
    document = merged_document(view.document, sent)
    now = side_of_view(view)
    public = view.public if revision.permission is None else revision.permission == "public"
    files = now.files
    if revision.attachments is not None:
        files = tuple(one.name for one in revision.attachments)
    if output is None or output.table is None:
        return Side(document, view.columns, now.sql, public, files)
    if revision.action == "delete":
        return Side(document, view.columns, _without(view, output), public, files)
    if revision.action == "replace" or not view.columns:
        columns = tuple(_column(made, at) for at, made in enumerate(output.columns, start=1))
        return Side(document, columns, _sound_rows(output), public, files)
    return _updated(view, output, Side(document, (), "", public, files))


def _column(made: OutputColumn, number: int) -> Column:
    return Column(
        id=number,
        name=made.display_name,
        field_name=made.field_name,
        kind=made.kind,
        position=number,
        description=made.description,
        format=made.format,
    )


def _sound_rows(output: OutputSchema) -> str:
    """Select the rows of an output that have no error; the others stay out when it is applied."""
    numbers = range(1, len(output.columns) + 1)
    cells = ", ".join(f"c{number}" for number in numbers)
    errors = ", ".join(f"e{number}" for number in numbers)
    return f"SELECT {cells} FROM {output.table} WHERE coalesce({errors}) IS NULL"


def _key(view: View, output: OutputSchema) -> tuple[str, str]:
    """Return the SQL of what identifies a row, here and in the output; null where nothing does."""
    flagged = next((one.field_name for one in output.columns if one.is_primary_key), None)
    known = view.identifier()
    column = view.column(flagged) if flagged else known
    names = [one.field_name for one in output.columns]
    if column is None or column.field_name not in names:
        return "NULL", "NULL"
    there = column.model_copy(update={"id": names.index(column.field_name) + 1})
    return key_sql(column), key_sql(there)


def _without(view: View, output: OutputSchema) -> str:
    here, there = _key(view, output)
    gone = f"SELECT {there} AS k FROM ({_sound_rows(output)}) WHERE k IS NOT NULL"
    return f"{side_of_view(view).sql} WHERE coalesce({here} NOT IN ({gone}), TRUE)"


def _updated(view: View, output: OutputSchema, words: Side) -> Side:
    """Change the rows that the key finds, add the others, keep what the output does not name."""
    numbers = {made.field_name: at for at, made in enumerate(output.columns, start=1)}
    next_id = max(column.id for column in view.columns) + 1
    added = [made for made in output.columns if view.column(made.field_name) is None]
    columns = view.columns + tuple(_column(made, next_id + at) for at, made in enumerate(added))
    here, there = _key(view, output)
    held = {column.field_name for column in view.columns}
    selected = []
    for column in columns:
        before = f"p.{column.physical}" if column.field_name in held else "NULL"
        number = numbers.get(column.field_name)
        after = before if number is None else f"CASE WHEN d.here THEN d.c{number} ELSE {before} END"
        selected.append(f"{after} AS {column.physical}")
    sql = (
        f"SELECT {', '.join(selected)} FROM (SELECT *, {here} AS k FROM {view.table}) AS p"
        f" FULL OUTER JOIN (SELECT *, TRUE AS here, {there} AS k FROM ({_sound_rows(output)})) AS d"
        " ON p.k = d.k"
    )
    return Side(words.document, columns, sql, words.public, words.files)
