"""What strikes the requests to a portal: every fault, and the wire that it travels on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

Send = Callable[..., requests.Response]


@dataclass
class Asked:
    """One request on its way to the portal."""

    send: Send
    method: str
    url: str
    named: dict[str, Any]
    authenticated: bool

    def go(self) -> requests.Response:
        return self.send(self.method, self.url, **self.named)


def answer(status: int, body: bytes = b"", kind: str = "application/json") -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = body
    made.headers["Content-Type"] = kind
    return made


@dataclass
class Strikes:
    """What goes wrong, from which request on, and whether it goes on."""

    strike: Callable[[Asked], requests.Response]
    at: int
    lasts: bool = False
    seen: int = field(default=0)

    def __call__(self, asked: Asked) -> requests.Response:
        self.seen += 1
        now = self.seen > self.at if self.lasts else self.seen == self.at + 1
        return self.strike(asked) if now else asked.go()


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
    result, resend = asked.go(), asked.send

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


#: Each fault, and whether it goes on once it has begun.
FAULTS: dict[str, tuple[Callable[[Asked], requests.Response], bool]] = {
    "connection reset before the request": (reset_before, False),
    "connection reset after it was done": (reset_after, False),
    "500 before anything was done": (lambda _asked: answer(500), False),
    "500 after it was done": (error_after, False),
    "429 too many requests": (lambda _asked: answer(429), False),
    "409 write lock": (lambda _asked: answer(409), False),
    "202 with a ticket": (ticket, False),
    "202 bare": (lambda _asked: answer(202), False),
    "HTML at 200": (lambda _asked: answer(200, b"<html>", "text/html"), False),
    "answer cut off": (cut_off, False),
    "portal down from then on": (lambda _asked: answer(503), True),
    "credentials revoked from then on": (revoked, True),
    "permission held for approval": (held, True),
}


class Wire:
    """All connections to the portal, and what strikes them."""

    def __init__(self) -> None:
        self.strikes: Strikes | None = None
        self.passed = 0

    def sent(self, send: Send, authenticated: bool) -> Send:
        def request(method: str, url: str, **named: Any) -> requests.Response:
            self.passed += 1
            if TICKETS and "ticket" in (named.get("params") or {}):
                return TICKETS.pop()(method, url, **named)
            asked = Asked(send, method, url, named, authenticated)
            return self.strikes(asked) if self.strikes is not None else asked.go()

        return request
