"""The outermost layer: safe headers on every answer, and faults that quote nothing."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import MutableMapping
from traceback import extract_tb
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opengazette.localportal.problems import Problem

_REQUEST_ID: Final = re.compile("[0-9a-f]{32}")
log = logging.getLogger(__name__)
SAFE_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
}


class BrokenOff(Exception):
    """An answer ended in its middle; the reason is in the log, without its text."""


class Guard:
    """Wrap the application: the text of an unforeseen error, which may quote a cell, stays in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_safely(message: MutableMapping[str, object]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Socrata-RequestId"] = _request_id(scope)
            await send(message)

        try:
            await self._app(scope, receive, send_safely)
        except Exception as error:  # noqa: BLE001 - the text may quote a cell
            at = extract_tb(error.__traceback__)[-1]
            log.error("answer failed: %s in %s, line %d", type(error).__name__, at.name, at.lineno)  # noqa: TRY400
            if started:
                raise BrokenOff from None
            await _send_fault(send_safely)


def _request_id(scope: Scope) -> str:
    """Return the name that the request came with, where it has the form of one, or a new one."""
    sent = Headers(scope=scope).get("x-socrata-requestid", "")
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)


async def _send_fault(send: Send) -> None:
    body = json.dumps(Problem(500, "internal_error", "The portal failed.").body()).encode()
    start: Message = {
        "type": "http.response.start",
        "status": 500,
        "headers": [(b"content-type", b"application/json")],
    }
    await send(start)
    await send({"type": "http.response.body", "body": body})
