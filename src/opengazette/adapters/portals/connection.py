"""sodapy's client behind a guard: it retries what is safe, believes nothing, and tells nothing.

sodapy 2.2.0 takes 202 for success, fails obscurely on maintenance pages, follows redirects with
a body lost, never retries, and deletes a whole dataset where a row was meant. All requests of
its methods go through one of its own, which is replaced here; that is why it is pinned.
"""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from sodapy import Socrata

from opengazette.adapters.portals.answers import (
    CODE,
    HIDDEN,
    asked_pause,
    content_of,
    is_promise,
    media_type_of,
    no_data,
    refuse,
    ticket,
)
from opengazette.adapters.portals.effects import may_be_seen
from opengazette.adapters.portals.transport import as_json, is_loopback, nobody, retrying
from opengazette.errors import Fault, PortalRejected, PortalUnavailable, SettingsInvalid

_FOUR_BY_FOUR = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")
_LONGEST_WAIT = 900.0
_PIECE_BYTES = 1 << 16
#: Nothing below this path is public or can become so: it may be asked for twice.
SOURCES = "/api/publishing/v1/source/"


@dataclass(frozen=True)
class Credentials:
    """Who writes to the portal: user and password, or the id and secret of an API key."""

    user: str
    password: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)


class Connection(Socrata):
    """One guarded connection; without credentials it sees what a stranger sees.

    Every method raises PortalUnavailable where the portal is busy, silent or answers with
    something other than data, and PortalRejected where it refuses. Their texts hold the
    status and the portal's machine code; what the portal writes in words may quote a cell.
    """

    def __init__(
        self,
        address: str,
        credentials: Credentials | None,
        *,
        seconds: tuple[float, float] = (10.0, 300.0),
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        place = urlsplit(address)
        loopback = is_loopback(place.hostname or "")
        if place.scheme != "https" and not loopback:
            raise SettingsInvalid(
                "The portal's address is plain http, which would show the password to others.",
                "Set OPENGAZETTE_PORTAL_URL to an address that begins with https://.",
            )
        super().__init__(  # type: ignore[no-untyped-call]
            place.netloc,
            "none",  # without one, sodapy writes to the root log
            username=credentials.user if credentials else None,
            password=credentials.password if credentials else None,
            session_adapter={"prefix": f"{place.scheme}://", "adapter": retrying(attempts)},
        )
        drafts = f"{place.scheme}://{place.netloc}{SOURCES}"
        self.session.mount(drafts, retrying(attempts, "POST"))
        self._seconds, self._sleep = seconds, sleep
        self._drafts: set[str] = set()
        #: Asked before each request by which the public could see something else.
        self.before_showing: Callable[[], None] = _nothing
        self.session.headers.pop("X-App-token", None)
        if credentials and credentials.app_token:
            self.session.headers["X-App-Token"] = credentials.app_token
        if loopback:
            self.session.trust_env = False
            self.session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        if credentials is None:
            self.session.auth = nobody

    def delete(self, *_arguments: object, **_named: object) -> None:
        """Refuse: sodapy deletes the whole dataset where a row's id is 0 or empty."""
        raise Fault("Nothing is ever deleted through sodapy.")

    def create_draft(self, document: dict[str, Any]) -> dict[str, Any]:
        """Create a private draft and return its view."""
        view = self.create(**document, new_backend=True)  # type: ignore[no-untyped-call]
        self.made(view.get("id") if isinstance(view, dict) else None)
        return dict(view)

    def made(self, uid: object) -> str:
        """Remember a draft that was just made over this connection, and return its id."""
        checked = checked_uid(uid if isinstance(uid, str) else "")
        self._drafts.add(checked)
        return checked

    def take_up(self, view: dict[str, Any]) -> None:
        """Treat a draft that an earlier run made as one that this connection made."""
        if view.get("publicationStage") != "unpublished":
            raise Fault("Only a dataset that was never published can be taken up.")
        self._drafts.add(checked_uid(str(view.get("id"))))

    def discard(self, uid: str) -> None:
        """Take back a draft that this connection made or took up; no other can be taken back."""
        if uid not in self._drafts:
            raise Fault("Only a dataset that was just created can be discarded.")
        self._perform_request("delete", f"/api/views/{checked_uid(uid)}.json")
        self._drafts.discard(uid)

    def visible_view(self, uid: str) -> dict[str, Any] | None:
        """Return a dataset's view, or None where this connection may not see one."""
        resource = f"/api/views/{checked_uid(uid)}.json"
        response = self._send("get", resource, {})
        if response.status_code in HIDDEN:
            return None
        found = content_of(self._finished("get", resource, {}, response))
        if not isinstance(found, dict):
            raise no_data()
        return found

    def withdraw(self, uid: str) -> None:
        """Delete a whole dataset: only where a person takes it off the portal for ever."""
        self._perform_request("delete", f"/api/views/{checked_uid(uid)}.json")

    def shows_anything(self, uid: str) -> bool:
        """Tell whether this connection may see the dataset's page or any of its rows."""
        if self.visible_view(uid) is not None:
            return True
        resource = f"/resource/{checked_uid(uid)}.json"
        response = self._send("get", resource, {"params": {"$limit": 1}})
        if response.status_code in HIDDEN:
            return False
        self._finished("get", resource, {"params": {"$limit": 1}}, response)
        return True

    def attach(self, uid: str, name: str, media_type: str, content: bytes) -> str:
        """Upload a file to a dataset and return the id to list it under."""
        place = f"/api/views/{checked_uid(uid)}/files.txt"
        return self._uploaded(place, "file", name, media_type, content)

    def attach_to_draft(self, place: str, name: str, media_type: str, content: bytes) -> str:
        """Upload a file to a draft revision and return the id to list it under."""
        return self._uploaded(f"{place}/attachment", "file_id", name, media_type, content)

    def _uploaded(
        self, place: str, answered: str, name: str, media_type: str, content: bytes
    ) -> str:
        headers = {"X-File-Name": name, "Content-Type": media_type}
        answer = self._perform_request("post", place, data=content, headers=headers)
        asset = answer.get(answered) if isinstance(answer, dict) else None
        if not isinstance(asset, str) or not CODE.fullmatch(asset):
            raise no_data()
        return asset

    def attached(self, uid: str, asset: str) -> bytes | None:
        """Return an attached file, or None where the portal does not give it."""
        if not CODE.fullmatch(asset):
            return None
        resource = f"/api/views/{checked_uid(uid)}/files/{asset}"
        response = self._send("get", resource, {})
        if response.status_code in HIDDEN:
            return None
        return self._finished("get", resource, {}, response).content

    def exchange(self, method: str, resource: str, arguments: dict[str, Any]) -> requests.Response:
        """Ask for something and return the answer, once it is one that holds data or nothing."""
        response = self._send(method, resource, arguments)
        finished = self._finished(method, resource, arguments, response)
        content_of(finished)
        return finished

    def pieces(
        self, resource: str, media_type: str, params: dict[str, Any], *, accept: str | None = None
    ) -> Iterator[bytes]:
        """Yield an answer that may be too large for memory piece by piece.

        Raises:
            PortalUnavailable: also where the answer breaks off or is of another media type.
        """
        headers = {"Accept": accept} if accept else {}
        arguments = {"params": params, "headers": headers, "stream": True}
        response = self._send("get", resource, arguments)
        with self._finished("get", resource, arguments, response) as finished:
            if media_type_of(finished) != media_type:
                raise no_data()
            try:
                yield from finished.iter_content(_PIECE_BYTES)
            except requests.RequestException as error:
                raise _silent(error) from None

    def describe_column(self, uid: str, name: str, document: dict[str, str]) -> None:
        """Change what a column says of itself."""
        self._perform_update("put", f"/api/views/{checked_uid(uid)}/columns/{name}", document)

    def _perform_update(self, method: str, resource: str, payload: Any) -> Any:  # noqa: ANN401 - sodapy's method
        if isinstance(payload, io.IOBase):
            return super()._perform_update(method, resource, payload)  # type: ignore[no-untyped-call]
        return self._perform_request(method, resource, data=as_json(payload))

    def _perform_request(self, request_type: str, resource: str, **kwargs: Any) -> Any:  # noqa: ANN401 - sodapy's method
        response = self._send(request_type, resource, kwargs)
        return content_of(self._finished(request_type, resource, kwargs, response))

    def _send(self, method: str, resource: str, arguments: dict[str, Any]) -> requests.Response:
        if may_be_seen(method, resource, arguments.get("params") or {}):
            self.before_showing()
        body: Any = arguments.get("data")
        if hasattr(body, "seek"):
            body.seek(0)
        if isinstance(body, str):
            arguments = {"headers": {"Content-Type": "application/json"}, **arguments}
        try:
            return self.session.request(
                method,
                f"{self.uri_prefix}{self.domain}{resource}",
                timeout=self._seconds,
                allow_redirects=False,
                **arguments,
            )
        except requests.RequestException as error:
            raise _silent(error) from None

    def _finished(
        self, method: str, resource: str, arguments: dict[str, Any], response: requests.Response
    ) -> requests.Response:
        """Wait until work that the portal only promised (202) is done."""
        waited = 0.0
        while is_promise(response):
            pause = asked_pause(response)
            waited += pause
            if waited > _LONGEST_WAIT:
                raise PortalUnavailable(
                    "The portal accepted the work and did not finish it in 15 minutes.",
                    "Look at the portal, then run again.",
                )
            self._sleep(pause)
            job, location = ticket(response), self._own_path(response)
            if job:
                response = self._send("get", resource, {"params": {"ticket": job}})
            elif location:
                response = self._send("get", location, {})
            else:
                response = self._send(method, resource, arguments)
        refuse(method, resource, response)
        return response

    def _own_path(self, response: requests.Response) -> str | None:
        """Return where to ask again; never another machine, which would see the password."""
        place = urlsplit(response.headers.get("Location", ""))
        if not place.path.startswith("/") or place.netloc not in ("", self.domain):
            return None
        return place.path + (f"?{place.query}" if place.query else "")


def checked_uid(uid: str) -> str:
    """Return a dataset's id on the portal. Raises PortalRejected where it has no such form."""
    if not _FOUR_BY_FOUR.fullmatch(uid):
        raise PortalRejected(
            "The id of a dataset on the portal is not of the form xxxx-xxxx.",
            "Look at the ledger's last entry of the dataset.",
        )
    return uid


def _silent(error: requests.RequestException) -> PortalUnavailable:
    return PortalUnavailable(
        f"The portal did not answer ({type(error).__name__}).",
        "See that it is up and reachable, then run again.",
    )


def _nothing() -> None:
    """Let everything pass."""
