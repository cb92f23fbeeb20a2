"""The answers that refuse: one exception, in the shapes Socrata's clients expect."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import JsonValue


class Problem(Exception):
    """A request that is refused, with its status and Socrata's code for it.

    The message names fields and counts; it never quotes a cell.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        detail: Mapping[str, JsonValue] | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = dict(detail or {})
        self.retry_after = retry_after

    def body(self) -> dict[str, JsonValue]:
        """Return the body; both names of the code, as clients read either."""
        return {
            "code": self.code,
            "errorCode": self.code,
            "error": True,
            "message": self.message,
            "data": self.detail,
        }

    def headers(self) -> dict[str, str]:
        """Return the headers that the views API adds, and when to come again."""
        ascii_message = self.message.encode("ascii", "replace").decode()
        waits = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return {"X-Error-Code": self.code, "X-Error-Message": ascii_message, **waits}


def dataset_missing(dataset: str) -> Problem:
    """Make the 404 of /resource."""
    return Problem(404, "dataset.missing", "Not found", {"id": dataset})


def view_missing(dataset: str) -> Problem:
    """Make the 404 of /api/views."""
    return Problem(404, "not_found", f"Cannot find view with id {dataset}", {"id": dataset})


def login_needed(message: str = "You must be logged in to access this resource") -> Problem:
    """Make the 403 for strangers."""
    return Problem(403, "authentication_required", message)


def not_permitted() -> Problem:
    """Make the 403 for those who are known and may not do this."""
    return Problem(403, "permission_denied", "You do not have permission to do this")


def too_many(seconds: float) -> Problem:
    """Make the 429 that says when to come again."""
    waits = max(1, math.ceil(seconds))
    return Problem(429, "too-many-requests", "Too many requests", retry_after=waits)


def bad_request(message: str, code: str = "invalid_request") -> Problem:
    """Make a 400 about the form of a request."""
    return Problem(400, code, message)


def column_missing(field: str) -> Problem:
    """Make the 400 for rows that name a column the dataset does not have."""
    return Problem(
        400,
        "soda.row.column-not-found",
        f"Illegal field name sent: {field}",
        {"column": field},
    )


def maltyped(field: str, expected: str, row: int) -> Problem:
    """Make the 400 for a value of the wrong type; the value itself is not repeated."""
    return Problem(
        400,
        "soda.column.maltyped",
        f"Row {row}: the value of {field} is not a {expected}",
        {"field": field, "expected": expected, "row": row},
    )


def version_mismatch(version: int) -> Problem:
    """Make the 409 of a write that expected another version of the rows."""
    return Problem(
        409,
        "soda.row.dataset-version-mismatch",
        f"The rows are at version {version}, not at the expected one.",
        {"version": version},
    )


def wrong_stage(message: str) -> Problem:
    """Make the 409 for a change that needs a working copy."""
    return Problem(409, "soda.dataset.incorrect-lifecycle-stage", message)
