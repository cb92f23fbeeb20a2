"""What every route needs: the settings, the open store, and who is asking."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from fastapi import Request

from opengazette.localportal.problems import login_needed, view_missing
from opengazette.localportal.publishing.work import Workshop
from opengazette.localportal.settings import PortalSettings, password_fits
from opengazette.localportal.store import Session, Store
from opengazette.localportal.views import FOUR_BY_FOUR, View


@dataclass(frozen=True)
class Portal:
    """A portal at work."""

    settings: PortalSettings
    store: Store
    workshop: Workshop


def portal_of(request: Request) -> Portal:
    """Return the portal that serves the request."""
    portal = request.app.state.portal
    if not isinstance(portal, Portal):
        raise TypeError
    return portal


def asker(request: Request) -> str | None:
    """Return the publisher who asks, or None for a stranger.

    Raises:
        Problem: the credentials are wrong, or came over plain HTTP where that is refused.
    """
    sent = request.headers.get("authorization", "")
    if not sent:
        return None
    settings = portal_of(request).settings
    if settings.refuse_plain_http and request.url.scheme != "https":
        raise login_needed("Credentials are accepted over HTTPS only.")
    name, password = _credentials(sent)
    kept = settings.publishers().get(name)
    if kept is None or not password_fits(password, kept):
        raise login_needed("Invalid username or password")
    return name


def publisher(request: Request) -> str:
    """Return the publisher who asks.

    Raises:
        Problem: nobody is logged in (403).
    """
    name = asker(request)
    if name is None:
        raise login_needed()
    return name


def readable_view(request: Request, session: Session, dataset: str) -> View:
    """Return a dataset that the asker may see.

    Raises:
        Problem: 404 where there is none, 403 where it is not for strangers.
    """
    if not FOUR_BY_FOUR.fullmatch(dataset):
        raise view_missing(dataset[:40])
    view = session.view(dataset)
    if not view.visible and asker(request) is None:
        raise login_needed()
    return view


def split_suffix(name: str, suffixes: tuple[str, ...] = ("json", "csv")) -> tuple[str, str]:
    """Split `abcd-1234.json` into the name and its suffix, empty where there is none."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, suffix) if dot and suffix in suffixes else (name, "")


def _credentials(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    name, colon, password = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise login_needed("Invalid username or password")
    return name, password
