"""Who reads the pages: a cookie that signs in to pages and to nothing that writes.

The cookie holds the credentials, encrypted with a key of this process; each page checks them
anew, so a user who is removed is out at once. No API reads the cookie: no other site can
make a browser write with it.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from fastapi import Request, Response

from opengazette.localportal.portal import asker, insider, readable_view
from opengazette.localportal.problems import Problem, view_missing
from opengazette.localportal.store import Session
from opengazette.localportal.views import View

COOKIE: Final = "portal_reader"
_SECONDS: Final = 8 * 3600
_HEADER: Final = b"authorization"


@cache
def _cipher() -> Fernet:
    return Fernet(Fernet.generate_key())


def as_reader(request: Request) -> Request:
    """Return the request with the credentials of its cookie, where it has no others."""
    kept = request.cookies.get(COOKIE)
    if kept is None or "authorization" in request.headers:
        return request
    try:
        credentials = _cipher().decrypt(kept.encode(), ttl=_SECONDS)
    except (InvalidToken, UnicodeEncodeError):
        return request
    return _with_credentials(request, credentials)


def _with_credentials(request: Request, credentials: bytes) -> Request:
    others = [pair for pair in request.scope["headers"] if pair[0] != _HEADER]
    return Request({**request.scope, "headers": [*others, (_HEADER, credentials)]})


def reader_name(request: Request) -> str | None:
    """Return who reads, or None for a stranger and for credentials that no longer fit."""
    try:
        return asker(as_reader(request))
    except Problem:
        return None


def sees_drafts(request: Request) -> bool:
    """Say whether the reader writes or reviews, and so may see what is being prepared."""
    try:
        insider(as_reader(request))
    except Problem:
        return False
    return True


def page_view(request: Request, session: Session, dataset: str) -> View:
    """Return a dataset that the reader may see.

    Raises:
        Problem: 404 where there is none or it is not for strangers, who learn no difference.
    """
    try:
        return readable_view(as_reader(request), session, dataset)
    except Problem:
        raise view_missing(dataset[:40]) from None


def sign_in(request: Request, answer: Response, name: str, password: str) -> None:
    """Check credentials and leave them with the browser for the pages.

    Raises:
        Problem: they are nobody's (403), or too many were wrong (429).
    """
    credentials = b"Basic " + base64.b64encode(f"{name}:{password}".encode())
    asker(_with_credentials(request, credentials))
    answer.set_cookie(
        COOKIE,
        _cipher().encrypt(credentials).decode(),
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def sign_out(answer: Response) -> None:
    """Let the browser forget."""
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
