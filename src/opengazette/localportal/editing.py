# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""Changes to what a dataset says of itself: its document, its columns, its stages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from opengazette.localportal.changes import remember_publication
from opengazette.localportal.problems import bad_request, view_missing, wrong_stage
from opengazette.localportal.staging import key_sql
from opengazette.localportal.store import Session, now
from opengazette.localportal.values import KIND_OF_TYPE_NAME, SQL_TYPE, UNORDERED
from opengazette.localportal.views import FIELD_NAME, Column, View, new_dataset_id

_TEXTS: Final = (
    *("name", "description", "category", "attribution", "attributionLink", "licenseId"),
    "externalId",
)
_FLAGS: Final = ("hideFromCatalog", "hideFromDataJson")
_OBJECTS: Final = ("metadata", "privateMetadata")
MOST_COLUMNS: Final = 1600


def create_view(session: Session, owner: str, sent: Mapping[str, JsonValue]) -> View:
    """Make a draft that only publishers see.

    Raises:
        Problem: the document or a column is not acceptable.
    """
    document = merged_document({}, sent)
    columns = _all_columns(sent.get("columns"))
    dataset = new_dataset_id()
    while session.find(dataset) is not None:
        dataset = new_dataset_id()
    view = View(
        id=dataset,
        owner=owner,
        document=document,
        columns=columns,
        table=session.new_table(columns),
        created_at=now(),
        modified_at=now(),
        rows_updated_at=now(),
    )
    return session.keep(with_identifier(session, view))


def update_view(session: Session, view: View, sent: Mapping[str, JsonValue]) -> View:
    """Merge the top-level keys; an object or a list replaces the one before as a whole."""
    changed = view.model_copy(
        update={"document": merged_document(view.document, sent), "modified_at": now()}
    )
    listed = sent.get("columns")
    if isinstance(listed, list):
        for entry in listed:
            changed = _merge_column(session, changed, entry)
    return session.keep(with_identifier(session, changed))


def merged_document(
    before: Mapping[str, JsonValue], sent: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Take what a publisher may set; what the portal itself knows is passed over."""
    document = dict(before)
    for key in (*_TEXTS, *_OBJECTS, *_FLAGS, "tags"):
        if key in sent:
            value = sent[key]
            _refuse_wrong_form(key, value)
            document[key] = value
    document = {key: value for key, value in document.items() if value is not None}
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        raise bad_request("A dataset needs a name.")
    return document


def _refuse_wrong_form(key: str, value: JsonValue) -> None:
    if value is None:
        return
    fits = {
        "tags": isinstance(value, list) and all(isinstance(tag, str) for tag in value),
        **dict.fromkeys(_TEXTS, isinstance(value, str)),
        **dict.fromkeys(_OBJECTS, isinstance(value, dict)),
        **dict.fromkeys(_FLAGS, isinstance(value, bool)),
    }
    if not fits[key]:
        raise bad_request(f"{key} does not have the form of a {key}.")


def _all_columns(sent: JsonValue) -> tuple[Column, ...]:
    columns: tuple[Column, ...] = ()
    for entry in sent if isinstance(sent, list) else []:
        columns = (*columns, new_column(columns, entry))
    return columns


def new_column(before: tuple[Column, ...], sent: JsonValue) -> Column:
    """Read a new column.

    Raises:
        Problem: its name, field name or type is missing, taken or unknown.
    """
    if not isinstance(sent, dict) or not isinstance(sent.get("name"), str):
        raise bad_request("A column needs a name.")
    name = str(sent["name"])
    field = sent.get("fieldName") or re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not isinstance(field, str) or not FIELD_NAME.fullmatch(field):
        raise bad_request(f"The column {name!r} needs a fieldName of a-z, 0-9 and underscores.")
    if any(column.field_name == field for column in before) or len(before) >= MOST_COLUMNS:
        raise bad_request(f"There is a column {field} already, or there are too many.")
    kind = KIND_OF_TYPE_NAME.get(str(sent.get("dataTypeName")))
    if kind is None:
        raise bad_request(
            f"The column {field} has a type that this portal does not hold:"
            f" choose one of {', '.join(KIND_OF_TYPE_NAME)}."
        )
    number = max((column.id for column in before), default=0) + 1
    plain = Column(id=number, name=name, field_name=field, kind=kind, position=number)
    return _described(plain, sent)


def _described(column: Column, sent: Mapping[str, JsonValue]) -> Column:
    changes: dict[str, object] = {}
    if isinstance(sent.get("name"), str):
        changes["name"] = sent["name"]
    if isinstance(sent.get("description"), str):
        changes["description"] = sent["description"]
    if isinstance(sent.get("format"), dict):
        changes["format"] = sent["format"]
    return column.model_copy(update=changes)


def _merge_column(session: Session, view: View, entry: JsonValue) -> View:
    field = entry.get("fieldName") if isinstance(entry, dict) else None
    if isinstance(field, str) and view.column(field) is not None:
        return change_column(session, view, field, entry)
    return add_column(session, view, entry)


def add_column(session: Session, view: View, sent: JsonValue) -> View:
    """Add a column to a draft; its cells are null."""
    refuse_published(view)
    column = new_column(view.columns, sent)
    session.cursor.execute(
        f"ALTER TABLE {view.table} ADD COLUMN {column.physical} {SQL_TYPE[column.kind]}"
    )
    return _reshaped(session, view, (*view.columns, column))


def change_column(session: Session, view: View, field: str, sent: JsonValue) -> View:
    """Change what a column says of itself; its type and field name only in a draft."""
    column = view.column(field)
    if column is None or not isinstance(sent, dict):
        raise view_missing(f"{view.id}/{field}"[:80])
    kind = KIND_OF_TYPE_NAME.get(str(sent.get("dataTypeName", column.kind)))
    if kind is None:
        raise bad_request(f"The column {field} has a type that this portal does not hold.")
    renamed = sent.get("fieldName", field)
    changed = _described(column, sent)
    if kind != column.kind or renamed != field:
        refuse_published(view)
        changed = _recast(session, view, changed, kind, renamed)
    return _reshaped(session, view, tuple(changed if c is column else c for c in view.columns))


def _recast(session: Session, view: View, column: Column, kind: str, renamed: JsonValue) -> Column:
    if not isinstance(renamed, str) or not FIELD_NAME.fullmatch(renamed):
        raise bad_request("A fieldName holds a-z, 0-9 and underscores.")
    if renamed != column.field_name and view.column(renamed) is not None:
        raise bad_request(f"There is a column {renamed} already.")
    if kind == column.kind:
        return column.model_copy(update={"field_name": renamed})
    if view.row_count:
        raise bad_request(f"The column {column.field_name} holds rows; its type stays.")
    session.cursor.execute(f"ALTER TABLE {view.table} DROP COLUMN {column.physical}")
    number = max(c.id for c in view.columns) + 1
    recast = column.model_copy(update={"id": number, "kind": kind, "field_name": renamed})
    session.cursor.execute(
        f"ALTER TABLE {view.table} ADD COLUMN {recast.physical} {SQL_TYPE[recast.kind]}"
    )
    return recast


def drop_column(session: Session, view: View, field: str) -> View:
    """Take a column with its cells out of a draft."""
    refuse_published(view)
    column = view.column(field)
    if column is None:
        raise view_missing(f"{view.id}/{field}"[:80])
    if column.id == view.row_identifier:
        raise bad_request(f"{field} identifies the rows of this dataset.")
    session.cursor.execute(f"ALTER TABLE {view.table} DROP COLUMN {column.physical}")
    return _reshaped(session, view, tuple(c for c in view.columns if c is not column))


def _reshaped(session: Session, view: View, columns: tuple[Column, ...]) -> View:
    placed = tuple(c.model_copy(update={"position": at}) for at, c in enumerate(columns, start=1))
    return session.keep(view.model_copy(update={"columns": placed, "modified_at": now()}))


def refuse_published(view: View) -> None:
    """Refuse a change of form to what the public reads; a working copy is the way.

    Raises:
        Problem: the dataset is published (409).
    """
    if view.stage == "published":
        raise wrong_stage("A published dataset keeps its columns; change a working copy.")


def with_identifier(session: Session, view: View) -> View:
    """Let the column that the dataset's metadata names identify its rows.

    Raises:
        Problem: there is no such column, or its values do not identify rows.
    """
    named = view.section("metadata").get("rowIdentifier")
    if named in (None, "", 0):
        return view.model_copy(update={"row_identifier": None})
    column = next((c for c in view.columns if named in (c.field_name, c.id, str(c.id))), None)
    if column is None:
        raise bad_request("The row identifier is not a column of the dataset.")
    if column.id == view.row_identifier:
        return view
    if column.kind in {"boolean", *UNORDERED}:
        raise bad_request(f"The column {column.field_name} cannot identify rows.")
    _refuse_bad_keys(session, view, column)
    session.cursor.execute(f"UPDATE {view.table} SET row_key = {key_sql(column)}")
    return view.model_copy(update={"row_identifier": column.id})


def _refuse_bad_keys(session: Session, view: View, column: Column) -> None:
    found = session.cursor.execute(
        f"SELECT count(*), count(DISTINCT {key_sql(column)}) FROM {view.table}"
    ).fetchone()
    if found and found[0] != found[1]:
        raise bad_request(f"{column.field_name} is missing in a row, or not unique.")


def publish_view(session: Session, view: View) -> View:
    """Publish a draft; a working copy takes the place of its original, under its id."""
    if view.stage == "published":
        return view
    original = session.find(view.working_copy_of) if view.working_copy_of else None
    changes: dict[str, object]
    if original is None:
        changes = {"stage": "published", "published_at": now(), "working_copy_of": None}
        published = session.keep(view.model_copy(update=changes))
        remember_publication(session, view, published)
        return published
    session.cursor.execute("DELETE FROM views WHERE id = ?", [view.id])
    session.cursor.execute(f"DROP TABLE {original.table}")
    session.hand_over(view.id, original.id)
    changes = {
        "id": original.id,
        "stage": "published",
        "working_copy_of": None,
        "public": original.public,
        "created_at": original.created_at,
        "modified_at": now(),
        "published_at": now(),
        "data_version": original.data_version + 1,
        "rows_updated_at": max(now(), original.rows_updated_at + 1),
    }
    published = session.keep(view.model_copy(update=changes))
    remember_publication(session, original, published)
    return published


def copy_view(session: Session, view: View, *, with_rows: bool) -> View:
    """Make a working copy of a published dataset, with a 4x4 of its own."""
    if view.stage != "published":
        raise wrong_stage("Only a published dataset has working copies.")
    table = session.new_table(view.columns)
    if with_rows:
        held = "".join(f", {c.physical}" for c in view.columns)
        session.cursor.execute(
            f"INSERT INTO {table} (number, sid, row_key, created, updated{held})"
            f" SELECT number, sid, row_key, created, updated{held} FROM {view.table}"
            " ORDER BY number"
        )
    changes: dict[str, object] = {
        "id": new_dataset_id(),
        "stage": "unpublished",
        "working_copy_of": view.id,
        "table": table,
        "row_count": view.row_count if with_rows else 0,
        "public": False,
        "published_at": None,
    }
    return session.keep(view.model_copy(update=changes))
