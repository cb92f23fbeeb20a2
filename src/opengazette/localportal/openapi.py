"""The portal's OpenAPI document, of what `operations` says and the routes say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

from opengazette.localportal.operation import TEXT, Operation
from opengazette.localportal.operations import OPERATIONS

_NUMBERS: Final = frozenset(
    (
        *("seq", "job_id", "source_id", "input_id", "output_id", "transform_id"),
        *("approval_id", "number", "offset", "size"),
    )
)
_WORDS: Final = {
    400: "The request is malformed, or a value is not one of the column's type",
    403: "Nobody is logged in, or somebody who may not do this",
    404: "There is no such thing",
    409: "The state of things does not allow it, or another write is still running",
    413: "The document or a row is too large",
    415: "The content type is not one of those that are taken",
    429: "Too many wrong logins or writes: come again after Retry-After seconds",
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["code", "errorCode", "error", "message", "data"],
    "properties": {
        "code": {"type": "string"},
        "errorCode": {"type": "string"},
        "error": {"const": True},
        "message": {"type": "string"},
        "data": {"type": "object"},
    },
}
_SECURITY: Final = {
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "A user with the password, or a key id with its secret.",
    },
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`OAuth` and a token.",
    },
    "appToken": {"type": "apiKey", "in": "header", "name": "X-App-Token"},
}


def openapi_document(title: str, routers: Iterable[APIRouter]) -> dict[str, Any]:
    """Describe every operation with its parameters, bodies and statuses; words are the routes'."""
    said = _docstrings(routers)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        for method in operation.methods.split():
            summary = said.get((method, operation.path), "")
            paths.setdefault(operation.path, {})[method] = _described(operation, method, summary)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM}, "securitySchemes": _SECURITY},
        "security": [{}, *({name: []} for name in _SECURITY)],
    }


def _docstrings(routers: Iterable[APIRouter]) -> dict[tuple[str, str], str]:
    return {
        (method.lower(), route.path): route.description.partition("\n")[0]
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def _described(operation: Operation, method: str, summary: str) -> dict[str, Any]:
    named = re.sub(r"[^a-z0-9]+", "_", f"{method} {operation.path}".lower()).strip("_")
    described: dict[str, Any] = {
        "operationId": named,
        "summary": summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation, method),
    }
    content: dict[str, Any] = {kind: {"schema": {}} for kind in operation.bytes_of}
    if operation.body is not None:
        content = {"application/json": {"schema": operation.body}} | content
    if content:
        described["requestBody"] = {"required": operation.body_needed, "content": content}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        _parameter("path", name, {"type": "integer"} if name in _NUMBERS else {"type": "string"})
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    in_query = [_parameter("query", name, dict(one)) for name, one in operation.query.items()]
    in_header = [_parameter("header", name, dict(TEXT)) for name in operation.headers]
    return [*in_path, *in_query, *in_header]


def _parameter(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _responses(operation: Operation, method: str) -> dict[str, Any]:
    body = method != "head"
    media: dict[str, Any] = {kind: {"schema": {}} for kind in operation.media} if body else {}
    responses: dict[str, Any] = {
        str(operation.success): {
            "description": "Done, or what was asked for",
            **({"content": media} if media else {}),
        }
    }
    if operation.unchanged:
        responses["304"] = {"description": "Not changed since the client read it"}
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in operation.refused:
        responses[str(status)] = {
            "description": _WORDS[status],
            **({"content": problem} if body else {}),
        }
    return responses
