"""The ways in which portals fail, on demand: for tests of what publishes to one.

Off unless the settings allow them. Each fault is armed for some requests and then gone.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping
from typing import Final, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opengazette.localportal.problems import Problem, login_needed

FaultKind = Literal[
    "throttled",
    "accepted_with_ticket",
    "accepted_with_location",
    "accepted_bare",
    "failing",
    "maintenance",
    "cut",
    "reset_after_commit",
    "slow",
    "revoked",
    "stale",
]
RESULTS: Final = "/api/faults/results/"
_MAINTENANCE: Final = b"<!doctype html><title>Maintenance</title><h1>We will be right back</h1>"
_MOST_ANSWERS: Final = 100
_LARGEST_ANSWER: Final = 2_000_000


class Fault(BaseModel):
    """One fault: what fails, how often, and on which requests."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: FaultKind
    path: str = "/"
    method: str | None = None
    times: int = Field(default=1, ge=1, le=10_000)
    retry_after: int | None = Field(default=None, ge=0, le=3600)
    seconds: float = Field(default=1.0, ge=0, le=600)

    def meets(self, method: str, path: str) -> bool:
        """Say whether a request is one of those that fail."""
        return path.startswith(self.path) and self.method in (None, method)


class Answered(BaseModel):
    """An answer that is held back."""

    model_config = ConfigDict(frozen=True)

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Armed:
    """The faults that wait for their requests, and the answers that are held back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._answers: OrderedDict[str, Answered] = OrderedDict()

    def arm(self, faults: list[Fault]) -> None:
        """Let these faults take the place of all others."""
        with self._lock:
            self._faults = list(faults)

    def waiting(self) -> list[Fault]:
        """Return the faults that still wait."""
        with self._lock:
            return list(self._faults)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that meets a request, which uses it up by one."""
        with self._lock:
            for at, fault in enumerate(self._faults):
                if fault.meets(method, path):
                    left = fault.model_copy(update={"times": fault.times - 1})
                    self._faults[at : at + 1] = [left] if left.times else []
                    return fault
        return None

    def hold(self, name: str, answer: Answered) -> None:
        """Hold an answer back under a name; the oldest make room."""
        if len(answer.body) > _LARGEST_ANSWER:
            return
        with self._lock:
            self._answers[name] = answer
            while len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)

    def held(self, name: str) -> Answered | None:
        """Return an answer that is held back."""
        with self._lock:
            return self._answers.get(name)


class Cut(Exception):
    """The connection ends in the middle of an answer, as was asked for."""


class Faulty:
    """Wrap the application: armed faults befall the requests they meet."""

    def __init__(self, app: ASGIApp, armed: Armed) -> None:
        self._app = app
        self._armed = armed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or fail it."""
        if scope["type"] != "http" or scope["path"] == "/api/faults":
            await self._app(scope, receive, send)
            return
        later = self._later(scope)
        if later is not None:
            await _send(send, later)
            return
        fault = self._armed.take(scope["method"], scope["path"])
        if fault is None:
            await self._remember(scope, receive, send)
        else:
            await self._befall(fault, scope, receive, send)

    def _later(self, scope: Scope) -> Answered | None:
        """Return an answer that was accepted earlier and is asked for now."""
        path: str = scope["path"]
        if path.startswith(RESULTS):
            return self._armed.held(path.removeprefix(RESULTS))
        tickets = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [])
        return self._armed.held(tickets[0]) if tickets else None

    async def _remember(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and keep what was read, so that it can be read again when it is stale."""
        if scope["method"] != "GET" or not scope["path"].startswith("/resource/"):
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope, receive)
        self._armed.hold(_question(scope), answer)
        await _send(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> Answered:
        status, headers, parts = 500, (), []

        async def collect(message: MutableMapping[str, object]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = int(str(message["status"]))
                sent = message.get("headers", [])
                headers = tuple(sent) if isinstance(sent, list) else ()
            body = message.get("body", b"")
            if isinstance(body, bytes):
                parts.append(body)

        await self._app(scope, receive, collect)
        return Answered(status=status, headers=headers, body=b"".join(parts))

    async def _befall(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.kind in ("cut", "reset_after_commit"):
            await self._break_off(fault, scope, receive, send)
        elif fault.kind in ("accepted_with_ticket", "accepted_with_location"):
            await self._accept(fault, scope, receive, send)
        elif fault.kind == "stale":
            await self._stale(scope, receive, send)
        elif fault.kind == "revoked" and b"authorization" not in dict(scope["headers"]):
            await self._app(scope, receive, send)
        else:
            await receive()
            await _send(send, _refusal(fault))

    async def _break_off(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Do what was asked, then send half of the answer, or none of it."""
        answer = await self._answer(scope, receive)
        half = answer.body[: len(answer.body) // 2] if fault.kind == "cut" else b""
        await send(_start(answer, length=max(len(answer.body), len(half) + 1)))
        await send({"type": "http.response.body", "body": half, "more_body": True})
        raise Cut

    async def _accept(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Do what was asked and hold the answer back."""
        name = secrets.token_hex(16)
        self._armed.hold(name, await self._answer(scope, receive))
        if fault.kind == "accepted_with_ticket":
            said = {"code": "accepted", "error": False, "ticket": name}
            await _send(send, _json(202, said))
            return
        headers = {"Location": RESULTS + name, "Retry-After": str(fault.retry_after or 1)}
        await _send(send, _json(202, {"code": "accepted", "error": False}, headers))

    async def _stale(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the last time the same was asked, and say that it is out of date."""
        answer = self._armed.held(_question(scope)) or await self._answer(scope, receive)
        name = b"x-soda2-data-out-of-date"
        others = tuple(header for header in answer.headers if header[0].lower() != name)
        await _send(send, answer.model_copy(update={"headers": (*others, (name, b"true"))}))


def _question(scope: Scope) -> str:
    accepted = dict(scope["headers"]).get(b"accept", b"")
    parts = [scope["path"], scope["query_string"].decode("latin-1"), accepted.decode("latin-1")]
    return "\n".join(parts)


def _refusal(fault: Fault) -> Answered:
    if fault.kind == "maintenance":
        return Answered(status=200, headers=((b"content-type", b"text/html"),), body=_MAINTENANCE)
    if fault.kind == "accepted_bare":
        return _json(202, {})
    problems = {
        "throttled": Problem(429, "too-many-requests", "Too many requests"),
        "failing": Problem(500, "internal_error", "The portal failed."),
        "revoked": login_needed("The credentials were revoked"),
    }
    problem = problems[fault.kind]
    waits = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
    return _json(problem.status, problem.body(), waits)


def _json(
    status: int, said: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> Answered:
    named = {"content-type": "application/json", **(headers or {})}
    encoded = tuple((name.encode(), text.encode()) for name, text in named.items())
    return Answered(status=status, headers=encoded, body=json.dumps(said).encode())


def _start(answer: Answered, length: int) -> Message:
    others = [header for header in answer.headers if header[0].lower() != b"content-length"]
    headers = [*others, (b"content-length", str(length).encode())]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _send(send: Send, answer: Answered) -> None:
    await send(_start(answer, len(answer.body)))
    await send({"type": "http.response.body", "body": answer.body})
