"""The operations of the Publishing API: what each takes, and every status it answers with."""

from __future__ import annotations

from typing import Final

from opengazette.localportal.operation import (
    COUNT,
    INSIDE,
    OBJECT,
    TABLES,
    TEXT,
    WRITE,
    WRITE_WITHOUT_BODY,
    Operation,
    Schema,
)

_REVISION: Final[Schema] = {
    "type": "object",
    "properties": {
        "metadata": {"type": "object"},
        "action": {
            "type": "object",
            "properties": {
                "type": {"enum": ["update", "replace", "delete"]},
                "permission": {"enum": ["public", "private", None]},
            },
        },
        "notes": {"type": "string"},
        "attachments": {"type": "array"},
    },
}
_SOURCE: Final[Schema] = {
    "type": "object",
    "properties": {
        "source_type": {
            "type": "object",
            "properties": {
                "type": {"enum": ["upload", "view"]},
                "filename": {"type": "string"},
                "fourfour": {"type": "string"},
            },
        },
        "parse_options": {"type": "object"},
    },
}
_OUTPUT: Final[Schema] = {
    "type": "object",
    "properties": {
        "output_columns": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field_name": {"type": "string"},
                    "display_name": {"type": "string"},
                    "position": {"type": "integer"},
                    "is_primary_key": {"type": "boolean"},
                    "transform": {
                        "type": "object",
                        "properties": {"transform_expr": {"type": "string"}},
                    },
                },
            },
        },
        "sort_bys": {"type": "array"},
    },
}
_V1: Final = "/api/publishing/v1"
_ON_REVISION: Final = f"{_V1}/revision/{{dataset}}/{{seq}}"
_ON_SOURCE: Final = f"{_V1}/source/{{source_id}}"
_ON_INPUT: Final = f"{_ON_SOURCE}/schema/{{input_id}}"
_ON_OUTPUT: Final = f"{_ON_INPUT}/output/{{output_id}}"
_REVISIONS: Final = (
    Operation(
        "post",
        f"{_V1}/revision",
        success=201,
        refused=(400, 403, 404, 409, 413, 429),
        query={"deleted_at": TEXT},
        body=_REVISION,
    ),
    Operation(
        "post",
        f"{_V1}/revision/{{dataset}}",
        success=201,
        refused=WRITE,
        body=_REVISION,
        body_needed=False,
    ),
    Operation("get", f"{_V1}/revision/{{dataset}}", refused=INSIDE),
    Operation("get", _ON_REVISION, refused=INSIDE),
    Operation("put patch", _ON_REVISION, refused=WRITE, body=_REVISION),
    Operation("delete", _ON_REVISION, refused=WRITE_WITHOUT_BODY),
    Operation("get", f"{_ON_REVISION}/plan", refused=INSIDE),
    Operation(
        "put",
        f"{_ON_REVISION}/apply",
        success=201,
        refused=WRITE,
        body={"type": "object", "properties": {"output_schema_id": {"type": "integer"}}},
        body_needed=False,
    ),
    Operation("get", f"{_ON_REVISION}/apply/{{job_id}}", refused=INSIDE),
    Operation("post", f"{_ON_REVISION}/restore", success=201, refused=WRITE_WITHOUT_BODY),
    Operation(
        "post",
        f"{_ON_REVISION}/attachment",
        success=201,
        refused=WRITE,
        headers=("X-File-Name",),
        bytes_of=("application/octet-stream",),
    ),
    Operation("get", f"{_ON_REVISION}/source", refused=INSIDE),
    Operation("post", f"{_ON_REVISION}/source", success=201, refused=WRITE, body=_SOURCE),
)
_SOURCES: Final = (
    Operation("post", f"{_V1}/source", success=201, refused=WRITE, body=_SOURCE),
    Operation("get", _ON_SOURCE, refused=INSIDE),
    Operation("post", _ON_SOURCE, refused=WRITE, body=_SOURCE),
    Operation(
        "patch",
        _ON_SOURCE,
        refused=WRITE,
        body={
            "type": "object",
            "properties": {
                "revision": {
                    "type": "object",
                    "properties": {
                        "fourfour": {"type": "string"},
                        "revision_seq": {"type": "integer"},
                    },
                }
            },
        },
    ),
    Operation("put", f"{_ON_SOURCE}/load", refused=WRITE_WITHOUT_BODY),
    Operation(
        "post",
        f"{_ON_SOURCE}/initiate",
        refused=WRITE,
        body={"type": "object", "properties": {"content_type": {"type": "string"}}},
    ),
    Operation(
        "post",
        f"{_ON_SOURCE}/chunk/{{number}}/{{offset}}",
        success=201,
        refused=WRITE,
        bytes_of=("application/octet-stream",),
    ),
    Operation("post", f"{_ON_SOURCE}/chunk/{{number}}/{{size}}/commit", refused=WRITE_WITHOUT_BODY),
    Operation("post", f"{_ON_SOURCE}/bytes", refused=WRITE, bytes_of=("application/octet-stream",)),
    Operation("get", _ON_INPUT, refused=INSIDE),
    Operation("post", _ON_INPUT, success=201, refused=WRITE, body=_OUTPUT),
    Operation("get", f"{_ON_INPUT}/latest_output", refused=INSIDE),
    Operation("get", _ON_OUTPUT, refused=INSIDE),
    Operation("get", f"{_ON_OUTPUT}/validate_row_id/{{transform_id}}", refused=WRITE_WITHOUT_BODY),
    Operation(
        "post",
        f"{_ON_OUTPUT}/config",
        success=201,
        refused=WRITE,
        body={
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "data_action": {"enum": ["update", "replace", "delete"]},
            },
        },
    ),
    *(
        Operation(
            "get",
            f"{_ON_OUTPUT}/{what}",
            refused=WRITE_WITHOUT_BODY,
            query={"limit": COUNT, "offset": COUNT},
            media=TABLES[:2],
        )
        for what in ("rows", "errors")
    ),
)
_CONFIGS: Final = (
    Operation("post", f"{_V1}/config", success=201, refused=WRITE, body=OBJECT),
    Operation("get", f"{_V1}/config", refused=(403, 429)),
    Operation("get", f"{_V1}/config/{{name}}", refused=INSIDE),
    Operation("patch", f"{_V1}/config/{{name}}", refused=WRITE, body=OBJECT),
    Operation("delete", f"{_V1}/config/{{name}}", refused=WRITE_WITHOUT_BODY),
    Operation(
        "post",
        f"{_V1}/config/{{name}}/revision/{{dataset}}",
        success=201,
        refused=WRITE_WITHOUT_BODY,
    ),
)
PUBLISHING: Final = (*_REVISIONS, *_SOURCES, *_CONFIGS)
