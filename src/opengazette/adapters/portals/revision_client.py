"""socrata-py behind the same guard as sodapy: retried, believed and quoted in the same way.

socrata-py 1.2.0 has no session: its functions call `requests` one by one, over https alone, take
202 for done, ask a failing portal again at once, and quote what it says in their errors. All of
them go through one name in one of its modules, which is replaced here; that is why it is pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeAlias

import requests
import socrata.http
from socrata import Socrata
from socrata.authorization import Authorization
from socrata.http import TimeoutException
from socrata.resource import ResourceFailedException
from socrata.revisions import Revisions

from opengazette.adapters.portals.answers import no_data
from opengazette.adapters.portals.connection import Connection, checked_uid
from opengazette.errors import PortalRejected, PortalUnavailable

#: A revision, source or schema of socrata-py, which has no types.
Resource: TypeAlias = Any
_METHODS = ("get", "post", "put", "patch", "delete")


class _Line:
    """What socrata-py hands on as credentials: the connection that carries its requests."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def carry(self, method: str, address: str, named: dict[str, Any]) -> requests.Response:
        resource = address.removeprefix(f"https://{self.connection.domain}")
        kept: tuple[str, ...] = ("params", "data", "headers")
        arguments = {name: named[name] for name in kept if name in named}
        return self.connection.exchange(method, resource, arguments)


class RevisionClient:
    """The revisions of a portal, over a guarded connection. Its errors are the connection's."""

    def __init__(self, connection: Connection) -> None:
        socrata.http.requests = SimpleNamespace(**{name: _carried(name) for name in _METHODS})
        self._auth = Authorization(connection.domain, username="none", password="none")  # noqa: S106
        self._auth.basic = _Line(connection)

    def on_new_dataset(self, name: str) -> Resource:
        """Make a private dataset and return its first revision."""
        with understood():
            return _known(Socrata(self._auth).new({"name": name}))

    def revisions_of(self, uid: str) -> list[Resource]:
        """Return every revision of a dataset."""
        with understood():
            return [_known(one) for one in Revisions(checked_uid(uid), self._auth).list()]

    def open(self, uid: str, *, rows: bool) -> Resource:
        """Open a revision that will replace the rows, or leave them."""
        with understood():
            revisions = Revisions(checked_uid(uid), self._auth)
            made = revisions.create_replace_revision if rows else revisions.create_update_revision
            return _known(made({}, "public"))


def line_of(resource: Resource) -> Connection:
    """Return the connection that a resource's requests go over."""
    connection: Connection = resource.auth.basic.connection
    return connection


@contextmanager
def understood() -> Iterator[None]:
    """Turn what socrata-py makes of unexpected answers into our errors, none of which quotes it.

    Raises:
        PortalUnavailable: an answer is not what the API's is, or work goes on for too long.
        PortalRejected: the portal could not do a piece of work.
    """
    try:
        yield
    except TimeoutException:
        raise PortalUnavailable(
            "The portal did not finish working on a draft in time.",
            "Look at the portal, then run again.",
        ) from None
    except ResourceFailedException:
        raise PortalRejected(
            "The portal failed to work on a draft; nothing of it is public.",
            "Look at the dataset's revisions on the portal, then run the dataset again.",
        ) from None
    except (LookupError, AttributeError, TypeError, ValueError):
        raise no_data() from None


def _known(revision: Resource) -> Resource:
    """Return what has a number; socrata-py takes an empty answer for a revision."""
    if not isinstance(revision.attributes["revision_seq"], int):
        raise no_data()
    return revision


def _carried(method: str) -> Callable[..., requests.Response]:
    plain = getattr(requests, method)

    def send(address: str, **named: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        line = named.get("auth")
        if isinstance(line, _Line):
            return line.carry(method, address, named)
        answer: requests.Response = plain(address, **named)
        return answer

    return send
