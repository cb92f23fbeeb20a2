"""One operation of the portal's APIs, and what many of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Schema = Mapping[str, object]
TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FLAG: Final[Schema] = {"type": "boolean"}
OBJECT: Final[Schema] = {"type": "object"}
TABLES: Final = (
    *("application/json", "text/csv", "text/tab-separated-values"),
    *("application/vnd.geo+json", "application/xml"),
)


@dataclass(frozen=True)
class Operation:
    """One or more methods of a path. `media` is what a success holds; `sent` what is taken."""

    methods: str
    path: str
    success: int = 200
    refused: tuple[int, ...] = (400, 403, 404, 429)
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    body: Schema | None = None
    bytes_of: tuple[str, ...] = ()
    body_needed: bool = True
    media: tuple[str, ...] = ("application/json",)
    unchanged: bool = False


WRITE: Final = (400, 403, 404, 409, 413, 429)
WRITE_WITHOUT_BODY: Final = (400, 403, 404, 409, 429)
INSIDE: Final = (400, 403, 404, 429)
