"""What a portal's answers mean: refusals, promises, and data that is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import requests

from opengazette.errors import PortalRejected, PortalUnavailable

#: What may be quoted of a portal: its machine codes. Its words may quote a cell.
CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
#: How a portal says that something is not for the asker.
HIDDEN: Final = frozenset({401, 403, 404})
LONGEST_RETRY_AFTER = 60
_BUSY: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_PAUSE = 4.0
_CHECK_USER = "Check OPENGAZETTE_PORTAL_USER and OPENGAZETTE_PORTAL_PASSWORD."


def refuse(method: str, resource: str, response: requests.Response) -> None:
    """Let nothing pass that is no success; quote the status and the portal's code alone.

    Raises:
        PortalUnavailable: the portal is busy.
        PortalRejected: it refused.
    """
    status = response.status_code
    if status < 300:
        return
    code = _code(response)
    what = f"{method.upper()} {resource.partition('?')[0]}: status {status}{code}"
    if status in _BUSY and "lifecycle" not in code:
        raise PortalUnavailable(f"The portal is busy ({what}).", "Run again later.")
    remedy = {
        401: _CHECK_USER,
        403: f"{_CHECK_USER} The user must be allowed to publish this dataset.",
        404: "Check that the dataset is still on the portal.",
    }.get(status, "Look at the portal's documentation of this code.")
    raise PortalRejected(f"The portal refused the request ({what}).", remedy)


def _code(response: requests.Response) -> str:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return ""
    code = (body.get("code") or body.get("errorCode")) if isinstance(body, dict) else None
    return f", {code}" if isinstance(code, str) and CODE.fullmatch(code) else ""


def content_of(response: requests.Response) -> Any:  # noqa: ANN401 - any JSON value
    """Return what an answer holds; None where it is empty. Raises PortalUnavailable."""
    if not response.content:
        return None
    if media_type_of(response) not in ("application/json", "text/plain"):
        raise no_data()
    try:
        return response.json()
    except requests.JSONDecodeError:
        raise no_data() from None


def media_type_of(response: requests.Response) -> str:
    """Return what an answer says that it is, without parameters."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def no_data() -> PortalUnavailable:
    """Return the error of an answer that is something other than data."""
    return PortalUnavailable(
        "The portal answered with something other than data; it may be under maintenance.",
        "Run again later.",
    )


def is_promise(response: requests.Response) -> bool:
    """Tell whether work is only promised; an answer that holds a resource is an answer."""
    if response.status_code != 202:
        return False
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return True
    return not (isinstance(body, dict) and "resource" in body)


def asked_pause(response: requests.Response) -> float:
    """Return how long the portal asks to be left alone, in seconds, within limits."""
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_RETRY_AFTER) if asked.isdecimal() else _PAUSE


def ticket(response: requests.Response) -> str | None:
    """Return the ticket of work that the portal has only promised."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return None
    given = body.get("ticket") if isinstance(body, dict) else None
    return given if isinstance(given, str) else None


def still_there(uid: str, *, of: str | None = None) -> PortalRejected:
    """Return the error of a dataset that is not gone, or of a view that was derived `of` it."""
    what = f"View {uid}, which somebody derived from dataset {of}," if of else f"Dataset {uid}"
    return PortalRejected(
        f"{what} is still public on the portal, or a stranger still sees it.",
        "Look at the portal now, take it off by hand, then do this again.",
    )


def differs(what_is_public: str) -> PortalRejected:
    """Return the error of a portal that shows something other than it was sent."""
    return PortalRejected(
        f"The portal showed something other than what was sent. {what_is_public}",
        "Compare the portal's activity log with the run, then run the dataset again.",
    )


def listed(place: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects that a document lists under a name."""
    found = place.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
