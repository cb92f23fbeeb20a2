"""Every operation of the portal's APIs: what it takes, and every status it answers with."""

from __future__ import annotations

from typing import Final

from opengazette.localportal.operation import (
    COUNT,
    FLAG,
    INSIDE,
    OBJECT,
    TABLES,
    TEXT,
    WRITE,
    WRITE_WITHOUT_BODY,
    Operation,
    Schema,
)
from opengazette.localportal.publishing.operations import PUBLISHING

_READ: Final = "get head"
_SODA: Final = {
    f"${name}": TEXT for name in ("select", "where", "group", "having", "order", "q", "query")
} | {"$limit": COUNT, "$offset": COUNT, "$$exclude_system_fields": FLAG}
_ROWS: Final[Schema] = {"type": "array", "items": {"type": "object"}}
_ROW_OR_ROWS: Final[Schema] = {"anyOf": [_ROWS, {"type": "object"}]}
_WRITING_ROWS: Final = {
    "expectedDataVersion": COUNT,
    "truncate": FLAG,
    "mergeInsteadOfReplace": FLAG,
    "errorsAreFatal": FLAG,
    "nonFatalRowErrors[]": {"type": "array", "items": {"type": "string"}},
}
_PAGED: Final[Schema] = {
    "type": "object",
    "properties": {
        "query": {"type": "string"},
        "page": {
            "type": "object",
            "properties": {
                "pageNumber": {"type": "integer", "minimum": 1},
                "pageSize": {"type": "integer", "minimum": 1, "maximum": 50_000},
            },
        },
        "includeSystem": {"type": "boolean"},
        "includeSynthetic": {"type": "boolean"},
    },
}
_COLUMN: Final[Schema] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "fieldName": {"type": "string"},
        "dataTypeName": {"type": "string"},
        "description": {"type": "string"},
        "format": {"type": "object"},
    },
}
_VIEW: Final[Schema] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "category": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "columns": {"type": "array", "items": _COLUMN},
        "metadata": {"type": "object"},
        "privateMetadata": {"type": "object"},
        "licenseId": {"type": "string"},
        "attribution": {"type": "string"},
        "hideFromCatalog": {"type": "boolean"},
        "hideFromDataJson": {"type": "boolean"},
    },
}
_RESOURCE: Final = (
    *(
        Operation(_READ, path, query=_SODA, media=TABLES, unchanged=True)
        for path in ("/resource/{name}", "/id/{name}")
    ),
    *(
        Operation(
            method,
            path,
            refused=(400, 403, 404, 409, 413, 415, 429),
            query=_WRITING_ROWS,
            body=body,
            bytes_of=("text/csv",),
        )
        for path in ("/resource/{name}", "/id/{name}")
        for method, body in (("post", _ROW_OR_ROWS), ("put", _ROWS))
    ),
    Operation(_READ, "/resource/{name}/{row}"),
    Operation("post put", "/resource/{name}/{row}", refused=WRITE, body=OBJECT),
    Operation("delete", "/resource/{name}/{row}", refused=WRITE_WITHOUT_BODY),
    *(
        operation
        for path, media in (("query.json", TABLES[:1]), ("{export}", TABLES))
        for operation in (
            Operation(
                "get", f"/api/v3/views/{{dataset}}/{path}", query={"query": TEXT}, media=media
            ),
            Operation(
                "post",
                f"/api/v3/views/{{dataset}}/{path}",
                refused=(400, 403, 404, 413, 429),
                body=_PAGED,
                body_needed=False,
                media=media,
            ),
        )
    ),
)
_VIEWS: Final = (
    *(
        operation
        for path in ("/api/views", "/api/views.json")
        for operation in (
            Operation(_READ, path, refused=(403, 429)),
            Operation(
                "post",
                path,
                refused=(400, 403, 409, 413, 429),
                query={"validateOnly": FLAG},
                body=_VIEW,
            ),
        )
    ),
    Operation(_READ, "/api/views/{name}"),
    Operation(
        "put",
        "/api/views/{name}",
        refused=WRITE,
        query={
            "method": {"enum": ["setPermission", "validate"]},
            "value": TEXT,
            "validateOnly": FLAG,
        },
        body=_VIEW,
        body_needed=False,
    ),
    Operation(
        "patch",
        "/api/views/{name}",
        refused=WRITE_WITHOUT_BODY,
        query={"method": {"enum": ["prepareDraftForImport"]}},
    ),
    Operation("delete", "/api/views/{name}", refused=WRITE_WITHOUT_BODY, media=()),
    *(
        Operation(
            "post",
            path,
            refused=(400, 403, 404, 409, 429),
            query={"method": {"enum": methods}, "fileName": TEXT, "saveUnderViewUid": TEXT},
            headers=("X-File-Name",),
            bytes_of=("application/octet-stream", "multipart/form-data"),
        )
        for path, methods in (
            ("/api/imports2", ["blob", "setBlobForDraft"]),
            ("/api/imports2/", ["blob", "setBlobForDraft"]),
            ("/api/views/{name}", ["replaceBlob"]),
        )
    ),
    *(
        Operation(
            "post",
            f"/api/views/{{dataset}}/{path}",
            refused=WRITE_WITHOUT_BODY,
            query={"method": {"enum": ["copy", "copySchema"]}},
        )
        for path in ("publication", "publication.json")
    ),
    *(
        operation
        for path in ("/api/views/{dataset}/columns", "/api/views/{dataset}/columns.json")
        for operation in (
            Operation(_READ, path),
            Operation(
                "post",
                path,
                refused=WRITE,
                query={"method": {"enum": ["multiCreate"]}},
                body=OBJECT,
            ),
        )
    ),
    Operation("put", "/api/views/{dataset}/columns/{field}", refused=WRITE, body=_COLUMN),
    Operation(
        "delete", "/api/views/{dataset}/columns/{field}", refused=WRITE_WITHOUT_BODY, media=()
    ),
    Operation(
        "post",
        "/api/views/{dataset}/files.txt",
        refused=WRITE,
        headers=("X-File-Name",),
        bytes_of=("application/octet-stream",),
    ),
    Operation(_READ, "/api/views/{dataset}/files/{asset_id}", media=("*/*",)),
    Operation(_READ, "/api/views/{dataset}/rows.csv", media=("text/csv",)),
    Operation("get", "/api/views/{dataset}/permissions", refused=INSIDE),
    Operation(
        "put",
        "/api/views/{dataset}/permissions",
        refused=WRITE,
        body={
            "type": "object",
            "properties": {
                "scope": {"enum": ["public", "private"]},
                "users": {"type": "array", "items": {"type": "object"}},
            },
        },
    ),
    Operation("get", "/api/views/{dataset}/approvals", refused=INSIDE),
    Operation(
        "put",
        "/api/views/{dataset}/approvals/{approval_id}",
        refused=WRITE,
        body={"type": "object", "properties": {"state": {"enum": ["approved", "rejected"]}}},
    ),
    Operation(
        "post",
        "/api/archival",
        refused=WRITE_WITHOUT_BODY,
        query={"id": TEXT, "method": {"enum": ["enroll"]}},
    ),
    Operation("get", "/api/views/{dataset}/replication.json", refused=INSIDE),
)
_DISCOVERY: Final = (
    Operation(
        _READ,
        "/api/views/metadata/v1",
        refused=(400, 403, 429),
        query={"limit": COUNT, "page": COUNT},
    ),
    Operation(_READ, "/api/views/metadata/v1/{name}"),
    Operation(
        "patch",
        "/api/views/metadata/v1/{name}",
        refused=WRITE,
        query={"strict": FLAG, "validateOnly": FLAG},
        body=OBJECT,
    ),
    Operation(_READ, "/health", refused=(403,)),
    Operation("get", "/api/users/current.json", refused=(403, 429)),
    Operation(
        _READ,
        "/api/catalog/v1",
        refused=(400, 403, 429),
        query={"limit": COUNT, "offset": COUNT}
        | dict.fromkeys(("q", "domains", "ids", "only", "categories", "tags"), TEXT)
        | dict.fromkeys(("column_names", "attribution", "order", "scroll_id"), TEXT),
    ),
    Operation(_READ, "/data.json", refused=(403, 429)),
    Operation(_READ, "/dcat-us/3.0/catalog.json", refused=(403, 429)),
)
OPERATIONS: Final = (*_RESOURCE, *_VIEWS, *_DISCOVERY, *PUBLISHING)
