"""Releases that were never computed: rows and papers in an archive, let through by nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opengazette.model.stages import Approved, DocumentRef, Release, TableRef
from opengazette.ports import Papers

SHA = "ab" * 32


def portal_columns(types: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the columns as the portal's metadata says them; all that is no text is a number."""
    return [
        {
            "name": name.title(),
            "fieldName": name,
            "dataTypeName": "text" if kind == "text" else "number",
            "description": f"About {name}.",
        }
        for name, kind in types.items()
    ]


def filed_release(
    papers: Papers,
    dataset: str,
    table: bytes,
    metadata: Mapping[str, Any],
    others: Mapping[str, tuple[str, bytes]] | None = None,
) -> Approved:
    """File a table with its papers and return the release."""
    written: dict[str, tuple[str, bytes]] = {
        "table.csv": ("text/csv", table),
        "metadata.json": ("application/json", json.dumps(metadata).encode()),
        "dictionary.csv": ("text/csv", b"column\n"),
        "methodology.md": ("text/markdown", "How: é".encode()),
        "evidence.json": ("application/json", b"{}"),
        **(others or {}),
    }
    sheet = papers.file_sheet("dictionary.xlsx", "Data dictionary", [["Column"], ["column"]])
    documents = (
        *(papers.file(name, kind, body) for name, (kind, body) in written.items()),
        sheet,
    )
    named: dict[str, DocumentRef] = {document.name: document for document in documents}
    columns = tuple(column["fieldName"] for column in metadata["columns"])
    ref = TableRef(dataset, named["table.csv"].sha256, max(table.count(b"\n") - 1, 1), columns)
    evidence = named["evidence.json"]
    release = Release(dataset, SHA, SHA, ref, ref, ref, evidence, documents, None, 0, 0)
    return Approved(release, SHA, ())
