"""What strikes an office: every fault of its portal, its archive, its ledger and its clock."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import requests
from examples.offices import Noon

from opengazette.errors import ArchiveUnavailable
from opengazette.model.ledger import LedgerEntry

Send = Callable[..., requests.Response]
Road = Literal["portal", "archive", "files written", "ledger written"]
"""Where a fault strikes: requests to the portal, all calls of the archive, or some of these."""


@dataclass
class Asked:
    """One request on its way to the portal; `earlier` is what was answered to it before."""

    send: Send
    method: str
    url: str
    named: dict[str, Any]
    authenticated: bool
    clock: Noon
    earlier: requests.Response | None

    def go(self) -> requests.Response:
        return self.send(self.method, self.url, **self.named)


@dataclass
class Reached:
    """One call of the archive on its way."""

    call: Callable[..., Any]
    given: tuple[Any, ...]
    named: dict[str, Any]

    def go(self) -> Any:
        return self.call(*self.given, **self.named)


def answer(status: int, body: bytes = b"", kind: str = "application/json") -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content, made._content_consumed = body, True
    made.headers["Content-Type"] = kind
    return made


def whole(response: requests.Response) -> requests.Response:
    """Return an answer that is read to its end, so that it can be given once more."""
    kept = answer(response.status_code, response.content)
    kept.headers = response.headers
    return kept


@dataclass
class Strikes:
    """What goes wrong, from which call of its road on, and whether it goes on."""

    fault: Fault
    at: int
    seen: int = field(default=0)

    def __call__(self, asked: Any) -> Any:
        self.seen += 1
        now = self.seen > self.at if self.fault.lasts else self.seen == self.at + 1
        return self.fault.strike(asked) if now else asked.go()


def reset_before(_asked: Asked) -> requests.Response:
    raise requests.ConnectionError


def reset_after(asked: Asked) -> requests.Response:
    asked.go()
    raise requests.ConnectionError


def error_after(asked: Asked) -> requests.Response:
    asked.go()
    return answer(500)


def ticket(asked: Asked) -> requests.Response:
    """Do the work behind a ticket: the next question is answered with the result."""
    result, resend = whole(asked.go()), asked.send

    def told(method: str, url: str, **named: Any) -> requests.Response:
        return result if "ticket" in (named.get("params") or {}) else resend(method, url, **named)

    TICKETS.append(told)
    return answer(202, json.dumps({"code": "accepted", "ticket": "t-1"}).encode())


TICKETS: list[Send] = []


def cut_off(asked: Asked) -> requests.Response:
    whole = asked.go()
    return answer(whole.status_code, whole.content[: len(whole.content) // 2] or b"{")


def revoked(asked: Asked) -> requests.Response:
    return answer(401) if asked.authenticated else asked.go()


def held(asked: Asked) -> requests.Response:
    """Take a change of permission for granted and leave it to somebody who never comes."""
    if asked.method == "put" and asked.url.endswith("/apply"):
        submitted = {"resource": {"key": "approval_submitted", "id": 1}, "links": {}}
        return answer(201, json.dumps(submitted).encode())
    opens = "public" in str((asked.named.get("params") or {}).get("value"))
    return answer(200) if opens else asked.go()


def elsewhere(asked: Asked) -> requests.Response:
    """Do the work and say where to ask for the result."""
    result = whole(asked.go())
    TICKETS.append(lambda *_asked, **_named: result)
    told = answer(202)
    told.headers["Location"] = JOB
    return told


JOB = "/jobs/7"


def broken_off(asked: Asked) -> requests.Response:
    asked.go()
    raise requests.exceptions.ChunkedEncodingError


def stale(asked: Asked) -> requests.Response:
    """Answer from a replica that has not heard of anything since the last time it was asked."""
    reads = asked.method == "get" and "/resource/" in asked.url
    return asked.earlier if reads and asked.earlier is not None else asked.go()


def ahead(asked: Asked) -> requests.Response:
    asked.clock.time += timedelta(hours=3)
    return asked.go()


def back(asked: Asked) -> requests.Response:
    asked.clock.time -= timedelta(hours=3)
    return asked.go()


def full(_reached: Reached) -> Any:
    raise ArchiveUnavailable("The disk is full.")


def unreachable(_reached: Reached) -> Any:
    raise ArchiveUnavailable("The archive does not answer.")


def lost_race(reached: Reached) -> Any:
    """Let another run write the same entry first."""
    archive, key, content = reached.given
    other = LedgerEntry.model_validate_json(content).model_copy(update={"program": "another run"})
    reached.call(archive, key, other.model_dump_json().encode())
    return reached.go()


@dataclass(frozen=True)
class Fault:
    """What goes wrong, where, and whether it goes on once it has begun."""

    strike: Callable[[Any], Any]
    lasts: bool = False
    road: Road = "portal"


FAULTS: dict[str, Fault] = {
    "connection reset before the request": Fault(reset_before),
    "connection reset after it was done": Fault(reset_after),
    "500 before anything was done": Fault(lambda _asked: answer(500)),
    "500 after it was done": Fault(error_after),
    "answer breaks off on its way": Fault(broken_off),
    "429 too many requests": Fault(lambda _asked: answer(429)),
    "409 write lock": Fault(lambda _asked: answer(409)),
    "202 with a ticket": Fault(ticket),
    "202 with a place to ask": Fault(elsewhere),
    "202 bare": Fault(lambda _asked: answer(202)),
    "HTML at 200": Fault(lambda _asked: answer(200, b"<html>", "text/html")),
    "answer cut off": Fault(cut_off),
    "replica behind at one request": Fault(stale),
    "replica behind from then on": Fault(stale, lasts=True),
    "portal down from then on": Fault(lambda _asked: answer(503), lasts=True),
    "credentials revoked from then on": Fault(revoked, lasts=True),
    "permission held for approval": Fault(held, lasts=True),
    "clock jumps three hours ahead": Fault(ahead),
    "clock jumps three hours back": Fault(back),
    "disk full at one file": Fault(full, road="files written"),
    "archive unreachable at one call": Fault(unreachable, road="archive"),
    "archive unreachable from then on": Fault(unreachable, lasts=True, road="archive"),
    "another run writes to the ledger first": Fault(lost_race, road="ledger written"),
}

#: Which calls of the archive lie on which roads beside that of all of them.
WRITING = ("put_new", "keep")
CALLS = (*WRITING, "fetch", "read_folder")


class Wire:
    """All connections to the portal and all calls of the archive, and what strikes them."""

    def __init__(self) -> None:
        self.strikes: Strikes | None = None
        self.clock = Noon()
        self.passed: Counter[Road] = Counter()
        self._answered: dict[str, requests.Response] = {}

    def sent(self, send: Send, authenticated: bool) -> Send:
        def request(method: str, url: str, **named: Any) -> requests.Response:
            self.passed["portal"] += 1
            waits = "ticket" in (named.get("params") or {}) or url.endswith(JOB)
            if TICKETS and waits:
                return TICKETS.pop()(method, url, **named)
            place = f"{method} {url} {named.get('params')}"
            earlier = self._answered.get(place)
            asked = Asked(send, method, url, named, authenticated, self.clock, earlier)
            if self.strikes is not None:
                return self._struck(asked, "portal")
            self._answered[place] = whole(asked.go())
            return self._answered[place]

        return request

    def reached(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def method(*given: Any, **named: Any) -> Any:
            on = ["archive"]
            if name in WRITING:
                on.append("files written")
            if name == "put_new" and given[1].startswith("ledger/"):
                on.append("ledger written")
            self.passed.update(on)  # type: ignore[arg-type]
            return self._struck(Reached(call, given, named), *on)

        return method

    def _struck(self, asked: Any, *roads: str) -> Any:
        struck = self.strikes is not None and self.strikes.fault.road in roads
        return self.strikes(asked) if struck and self.strikes else asked.go()
