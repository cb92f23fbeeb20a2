"""What every route needs: the settings, the open store, and who is asking."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from opengazette.localportal.accounts import RIGHTS, Account, Right
from opengazette.localportal.doorkeeper import Doorkeeper
from opengazette.localportal.problems import Problem, login_needed, not_permitted, view_missing
from opengazette.localportal.publishing.work import Workshop
from opengazette.localportal.ready import ReadyAnswers
from opengazette.localportal.settings import PortalSettings
from opengazette.localportal.store import Session, Store
from opengazette.localportal.views import FOUR_BY_FOUR, View


@dataclass(frozen=True)
class Portal:
    """A portal at work."""

    settings: PortalSettings
    store: Store
    workshop: Workshop
    doorkeeper: Doorkeeper
    ready: ReadyAnswers


def portal_of(request: Request) -> Portal:
    """Return the portal that serves the request."""
    portal = request.app.state.portal
    if not isinstance(portal, Portal):
        raise TypeError
    return portal


def account_asking(request: Request) -> Account | None:
    """Return the account that asks, or None for a stranger.

    Raises:
        Problem: the credentials are wrong (403), too many were (429), or they came over plain
            HTTP where that is refused.
    """
    sent = request.headers.get("authorization", "")
    if not sent:
        return None
    portal = portal_of(request)
    if portal.settings.refuse_plain_http and request.url.scheme != "https":
        raise login_needed("Credentials are accepted over HTTPS only.")
    address = request.client.host if request.client else ""
    return portal.doorkeeper.account(sent, address)


def asker(request: Request) -> str | None:
    """Return the name of the account that asks, or None for a stranger.

    Raises:
        Problem: as `account_asking`.
    """
    account = account_asking(request)
    return account.name if account else None


def may(request: Request, right: Right) -> bool:
    """Say whether the asker has a right.

    Raises:
        Problem: as `account_asking`.
    """
    account = account_asking(request)
    return account is not None and right in RIGHTS[account.role]


def holder(request: Request, *rights: Right) -> str:
    """Return the name of the account that asks and has one of these rights.

    Raises:
        Problem: nobody is logged in, or somebody who may not do this (403), or who did it too
            often (429).
    """
    account = account_asking(request)
    if account is None:
        raise login_needed()
    if not RIGHTS[account.role] & set(rights):
        raise not_permitted()
    if request.method not in ("GET", "HEAD"):
        portal_of(request).doorkeeper.count_write(account.name)
    return account.name


def publisher(request: Request) -> str:
    """Return who asks and may write.

    Raises:
        Problem: as `holder`.
    """
    return holder(request, "write")


def insider(request: Request) -> str:
    """Return who asks and may see what is being prepared: who writes and who reviews.

    Raises:
        Problem: as `holder`.
    """
    return holder(request, "write", "review")


async def known_app_token(request: Request) -> None:
    """Refuse an app token that the portal did not give out.

    Raises:
        Problem: 403, in Socrata's words.
    """
    sent = request.headers.get("x-app-token") or request.query_params.get("$$app_token")
    if sent and not portal_of(request).doorkeeper.known_app_token(sent):
        raise Problem(403, "permission_denied", "Invalid app_token specified")


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
