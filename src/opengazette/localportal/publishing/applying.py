# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""A revision becomes public: columns, rows, words, files and permission in one transaction."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from pydantic import JsonValue

from opengazette.localportal.counters import Counters
from opengazette.localportal.editing import update_view, with_identifier
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.drafts import (
    OutputColumn,
    OutputSchema,
    Revision,
    Snapshot,
    SortBy,
)
from opengazette.localportal.rows import emptied_view, write_staged
from opengazette.localportal.staging import make_stage, row_key_sql
from opengazette.localportal.store import Asset, Session, now
from opengazette.localportal.values import Kind
from opengazette.localportal.views import Blob, Column, View, row_name_sql


@dataclass(frozen=True)
class Applied:
    """What became of the dataset, and what was counted on the way."""

    view: View
    counters: Counters | None
    snapshot: Snapshot | None


def apply_changes(
    session: Session, revision: Revision, output: OutputSchema | None, blob: Asset | None = None
) -> Applied:
    """Make the changes of a revision to its dataset.

    Rows with an error in a cell stay out and count as errors. A file instead of rows becomes
    what the dataset is.

    Raises:
        Problem: the changes do not fit the dataset; nothing is to be kept.
    """
    view = _with_words(session, session.view(revision.view_id), revision)
    counters = None
    if output is not None:
        view, counters = _with_rows(session, view, revision, output)
    elif blob is not None:
        view = with_blob(session, view, blob)
    view = session.keep(_published(view, revision))
    for asset_id in _unlisted_assets(view, revision):
        session.cursor.execute("DELETE FROM assets WHERE id = ?", [asset_id])
    return Applied(view, counters, _snapshot(session, view) if view.archived else None)


def _with_words(session: Session, view: View, revision: Revision) -> View:
    sent: dict[str, JsonValue] = {k: v for k, v in revision.metadata.items() if k != "columns"}
    metadata = sent.get("metadata", view.section("metadata"))
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    identifier = view.identifier()
    if identifier is not None:
        metadata.setdefault("rowIdentifier", identifier.field_name)
    if "attachments" in view.section("metadata"):
        metadata.setdefault("attachments", view.section("metadata")["attachments"])
    if revision.attachments is not None:
        metadata["attachments"] = [
            {"filename": one.filename, "name": one.name, "assetId": one.asset_id}
            for one in revision.attachments
        ]
    return update_view(session, view, {**sent, **({"metadata": metadata} if metadata else {})})


def with_blob(session: Session, view: View, asset: Asset) -> View:
    """Let a file be what the dataset is.

    Raises:
        Problem: the dataset is a table.
    """
    if view.columns:
        raise bad_request("The dataset is a table; a file that is not parsed needs its own.")
    if view.blob is not None:
        session.cursor.execute("DELETE FROM assets WHERE id = ?", [view.blob.asset_id])
    session.keep_asset(asset)
    blob = Blob(
        asset_id=asset.id, file_name=asset.file_name, media_type=asset.media_type, size=asset.size
    )
    changes = {"blob": blob, "data_version": view.data_version + 1, "rows_updated_at": now()}
    return view.model_copy(update=changes)


def _published(view: View, revision: Revision) -> View:
    changes: dict[str, object] = {
        "stage": "published",
        "modified_at": now(),
        "published_at": now(),
    }
    if revision.permission is not None:
        changes["public"] = revision.permission == "public"
    return view.model_copy(update=changes)


def _unlisted_assets(view: View, revision: Revision) -> list[str]:
    listed = view.section("metadata").get("attachments")
    entries = listed if isinstance(listed, list) else []
    kept = {entry.get("assetId") for entry in entries if isinstance(entry, dict)}
    return [asset_id for asset_id in revision.uploaded_assets if asset_id not in kept]


def _with_rows(
    session: Session, view: View, revision: Revision, output: OutputSchema
) -> tuple[View, Counters]:
    if view.blob is not None:
        raise bad_request("The dataset is a file; a table needs a dataset of its own.")
    old_table = view.table
    if revision.action == "replace" or not view.columns:
        columns = _columns_after(view, output, keep_others=False)
        target = emptied_view(session, view, columns)
    elif revision.action == "update":
        target = _widened(session, view, _columns_after(view, output, keep_others=True))
    else:
        target = view
    target = _identified(session, target, revision, output)
    staged = _stage(session, target, output, removing=revision.action == "delete")
    written, counters = write_staged(session, target, staged)
    if written.table != old_table:
        session.cursor.execute(f"DROP TABLE {old_table}")
    errors = counters.errors + output.error_rows
    return written, Counters(counters.created, counters.updated, counters.deleted, errors)


def _columns_after(view: View, output: OutputSchema, *, keep_others: bool) -> tuple[Column, ...]:
    next_id = max((column.id for column in view.columns), default=0) + 1
    columns = list(view.columns) if keep_others else []
    for made in output.columns:
        known = view.column(made.field_name)
        if known is not None and known.kind != made.kind and keep_others:
            raise bad_request(
                f"The column {made.field_name} is {known.kind}, the change makes {made.kind} of"
                " it; a replace revision can change types."
            )
        fits = known is not None and known.kind == made.kind
        column = _described(made, known.id if known is not None and fits else next_id)
        next_id += not fits
        if keep_others and known is not None:
            columns[columns.index(known)] = _kept_measure(column, known)
        else:
            columns.append(column)
    return tuple(c.model_copy(update={"position": at}) for at, c in enumerate(columns, start=1))


def _described(made: OutputColumn, column_id: int) -> Column:
    return Column(
        id=column_id,
        name=made.display_name,
        field_name=made.field_name,
        kind=made.kind,
        position=0,
        description=made.description,
        format=made.format,
    )


def _kept_measure(column: Column, known: Column) -> Column:
    return column.model_copy(update={"digits": known.digits, "scale": known.scale})


def _widened(session: Session, view: View, columns: tuple[Column, ...]) -> View:
    """Give the dataset its new columns, on a copy of its rows where there are more of them."""
    if len(columns) == len(view.columns):
        return view.model_copy(update={"columns": columns})
    copied = emptied_view(session, view, columns)
    held = "".join(f", {column.physical}" for column in view.columns)
    session.cursor.execute(
        f"INSERT INTO {copied.table} (number, sid, row_key, created, updated{held})"
        f" SELECT number, sid, row_key, created, updated{held} FROM {view.table} ORDER BY number"
    )
    return copied.model_copy(update={"columns": columns})


def _identified(session: Session, view: View, revision: Revision, output: OutputSchema) -> View:
    """Let the column that the change flags identify rows."""
    flagged = next((one.field_name for one in output.columns if one.is_primary_key), None)
    if revision.action == "delete":
        named = view.identifier()
        if named is None or named.field_name not in {one.field_name for one in output.columns}:
            raise bad_request("A delete revision needs the column that identifies rows.")
        return view
    metadata = {k: v for k, v in view.section("metadata").items() if k != "rowIdentifier"}
    identifier = view.identifier()
    if flagged is not None:
        metadata["rowIdentifier"] = flagged
    elif revision.action == "update" and identifier is not None:
        metadata["rowIdentifier"] = identifier.field_name
    document = {**view.document, "metadata": metadata}
    return with_identifier(session, view.model_copy(update={"document": document}))


def _stage(session: Session, view: View, output: OutputSchema, *, removing: bool) -> int:
    """Put the rows without errors in the stage, in the order that the change asks for."""
    make_stage(session, view)
    pairs = [
        (column, number)
        for number, made in enumerate(output.columns, start=1)
        if (column := view.column(made.field_name)) is not None
    ]
    cells = "".join(f", c{number} AS {column.physical}" for column, number in pairs)
    held = "".join(f", {column.physical}" for column, _ in pairs)
    given = "".join(f", given_{column.physical}" for column, _ in pairs)
    errors = ", ".join(f"e{number}" for number in range(1, len(output.columns) + 1))
    keyed = view.identifier() in [column for column, _ in pairs]
    written = session.cursor.execute(
        f"INSERT INTO stage (number, sid, removed, row_key{held}{given})"
        f" SELECT place, {row_name_sql('place', zlib.crc32(view.id.encode()))}, {removing},"
        f" {row_key_sql(view) if keyed else 'NULL'}{held}{', TRUE' * len(pairs)} FROM"
        f" (SELECT {view.next_row} + row_number() OVER ({_order_of(output)}) - 1 AS place{cells}"
        f" FROM {output.table} WHERE coalesce({errors}) IS NULL)"
    ).fetchone()
    return int(written[0]) if written else 0


def _order_of(output: OutputSchema) -> str:
    """Order rows as the change asks for; else they stay as they lie, which needs no memory."""
    if not output.sort_bys:
        return ""
    sorts = [_order_sql(sort, output) for sort in output.sort_bys]
    return f"ORDER BY {', '.join(sorts)}, number"


def _order_sql(sort: SortBy, output: OutputSchema) -> str:
    names = [column.field_name for column in output.columns]
    number = names.index(sort.field_name) + 1
    kind: Kind = output.columns[number - 1].kind
    value = f"TRY_CAST(c{number} AS DOUBLE)" if kind == "number" else f"c{number}"
    return f"{value} {'ASC' if sort.ascending else 'DESC'} NULLS LAST"


def _snapshot(session: Session, view: View) -> Snapshot:
    """Copy the rows as they are now, so that they can be restored."""
    table = f"rows_{session.draw()}"
    session.cursor.execute(f"CREATE TABLE {table} AS SELECT * FROM {view.table}")
    return Snapshot(
        table=table,
        columns=view.columns,
        row_identifier=view.row_identifier,
        row_count=view.row_count,
    )


def problem_details(problem: Problem) -> dict[str, JsonValue]:
    """Return what a job's log says of a refusal."""
    return {"code": problem.code, "message": problem.message}
