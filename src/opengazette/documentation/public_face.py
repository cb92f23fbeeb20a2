"""The face of a release as the public is to see it, and how two faces differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unicodedata import normalize

from opengazette.documentation.canonical import table_lines, table_rows
from opengazette.documentation.row_marks import row_changes, row_marks
from opengazette.model.frozen import canonical_sha256
from opengazette.model.public_face import Differences, PublicFace
from opengazette.model.stages import DocumentRef, Release

#: What is said of the whole dataset, in the portal's names.
TEXTS = ("name", "description", "category", "tags", "attribution", "attributionLink", "licenseId")

#: The documents of a release that the public finds beside the rows.
ATTACHED = ("dictionary.csv", "dictionary.xlsx", "methodology.md")


def attached_to(release: Release) -> tuple[DocumentRef, ...]:
    """Return the documents that the public finds beside the rows; earlier releases had fewer."""
    return tuple(document for document in release.documents if document.name in ATTACHED)


def face_of_files(
    table: bytes, metadata: Mapping[str, Any], attachments: Mapping[str, str], key: Sequence[str]
) -> PublicFace:
    """Return the face of a release from its files.

    `attachments` maps each attached file to its SHA-256; `key` names the dimensions.
    """
    header, rows = table_rows(table_lines(table))
    types = {c["fieldName"]: c["dataTypeName"] for c in metadata["columns"]}
    return PublicFace(
        columns=types,
        rows=row_marks(types, key, (dict(zip(header, row, strict=True)) for row in rows)),
        fields=said_fields(metadata),
        attachments=dict(attachments),
    )


def said_fields(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return a digest of each thing that is said of a dataset or a column; the empty is left out.

    Shape of `metadata`: that of `metadata.json`. The order and the case of tags do not count, nor
    do spaces around a text: portals change them.
    """
    said: dict[str, Any] = {name: metadata.get(name) for name in (*TEXTS, "rowLabel")}
    said["tags"] = sorted(str(tag).casefold() for tag in metadata.get("tags") or ())
    for group, values in (metadata.get("custom_fields") or {}).items():
        for name, value in (values or {}).items() if isinstance(values, Mapping) else ():
            said[f"{group}: {name}"] = value
    for column in metadata.get("columns", ()):
        said[f"column {column.get('fieldName')}: name"] = column.get("name")
        said[f"column {column.get('fieldName')}: description"] = column.get("description")
    plain = {name: _plain(value) for name, value in said.items()}
    return {name: canonical_sha256(value) for name, value in plain.items() if value}


def papers_digest(fields: Mapping[str, str], attachments: Mapping[str, str]) -> str:
    """Return one digest of everything that is said of a dataset and attached to it."""
    return canonical_sha256({"fields": dict(fields), "attachments": dict(attachments)})


def differences(now: PublicFace, then: PublicFace) -> Differences:
    """Return what changes where `then` takes the place of `now`."""
    rows = row_changes(now.rows, then.rows)
    both = now.columns.keys() & then.columns.keys()
    return Differences(
        rows_added=rows.added,
        rows_changed=rows.changed,
        rows_removed=rows.removed,
        columns_added=tuple(name for name in then.columns if name not in both),
        columns_removed=tuple(name for name in now.columns if name not in both),
        columns_retyped=tuple(sorted(c for c in both if now.columns[c] != then.columns[c])),
        columns_moved=[c for c in now.columns if c in both]
        != [c for c in then.columns if c in both],
        fields=differing(now.fields, then.fields),
        attachments=differing(now.attachments, then.attachments),
    )


def in_words_of(
    changes: Differences, ours: PublicFace, earlier: Collection[str] = ()
) -> Differences:
    """Return differences that name what is ours alone; what others have named is counted.

    `earlier` are columns that were ours before. Somebody may have put a person's name into the
    name of a file, a field or a column.
    """
    columns = {*ours.columns, *earlier}
    about = {f"column {name}: {what}" for name in columns for what in ("name", "description")}
    return replace(
        changes,
        columns_added=known(changes.columns_added, columns),
        columns_removed=known(changes.columns_removed, columns),
        fields=known(changes.fields, {*ours.fields, *about, *TEXTS, "rowLabel"}),
        attachments=known(changes.attachments, ours.attachments.keys()),
    )


def known(names: Iterable[str], ours: Collection[str]) -> tuple[str, ...]:
    """Return the names that are ours, and how many are not."""
    listed = tuple(names)
    mine = tuple(name for name in listed if name in ours)
    others = len(listed) - len(mine)
    return (*mine, f"{others} not of the release") if others else mine


def differing(now: Mapping[str, str], then: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names under which two maps of digests differ, sorted."""
    names = now.keys() | then.keys()
    return tuple(sorted(name for name in names if now.get(name) != then.get(name)))


def _plain(value: object) -> object:
    return normalize("NFC", value).strip() if isinstance(value, str) else value
