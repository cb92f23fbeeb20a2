"""Portals that answer what a test says, and one that stands before a real portal."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from opengazette.adapters.portals.connection import Connection, Credentials
from opengazette.adapters.portals.shipment import Shipment
from opengazette.localportal.tls import Certificate

#: What no error may quote.
CANARY = "078-05-1120"
UID = "abcd-1234"
USER = Credentials("publisher", "hunter2")


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None


def said(value: object, status: int = 200, **headers: str) -> Answer:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), headers=names)


Behaviour = Callable[[Asked, int], Answer]


@dataclass
class Server:
    host: str
    url: str
    asked: list[Asked]


@contextmanager
def serving(behave: Behaviour, certificate: Certificate | None = None) -> Iterator[Server]:
    """Serve on a free port, over TLS where there is a certificate.

    `behave` is told what is asked and how many requests came before.
    """
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_all(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            names = {name.title(): text for name, text in self.headers.items()}
            request = Asked(self.command, self.path, body, names)
            asked.append(request)
            answer = behave(request, len(asked) - 1)
            self.send_response(answer.status)
            if answer.kind:
                self.send_header("Content-Type", answer.kind)
            for name, text in answer.headers.items():
                self.send_header(name, text)
            size = len(answer.body) if answer.announced is None else answer.announced
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = answer.announced is not None

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_all  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_arguments: object) -> None:
            """Say nothing of clients that hung up: that is what is tested."""

    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield Server(host, f"{'https' if certificate else 'http'}://{host}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def guarded(server: Server, attempts: int = 0) -> Connection:
    return Connection(
        server.url, USER, seconds=(2.0, 3.0), attempts=attempts, sleep=lambda _seconds: None
    )


@cache
def _tables() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


def shipment(content: bytes, rows: int = 1) -> Shipment:
    table = Path(_tables().name, hashlib.sha256(content).hexdigest())
    table.write_bytes(content)
    return Shipment(table, {"name": "text"}, lambda: (rows, ""), {}, ())


NAMES = "name\r\n" + "José Muñoz\r\n" * 100
TAKEN: Behaviour = lambda _asked, _number: said({"Rows Created": 1})  # noqa: E731


@dataclass
class Between:
    """Stands between the publisher and a real portal, and changes what it likes."""

    upstream: str
    change: Callable[[Asked, Answer], Answer]
    before: Callable[[Asked], Answer | None] = lambda _asked: None

    def __call__(self, asked: Asked, _number: int) -> Answer:
        instead = self.before(asked)
        if instead is not None:
            return instead
        kept = ("Accept", "Authorization", "Content-Type", "X-File-Name")
        with requests.Session() as session:
            session.trust_env = False
            real = session.request(
                asked.method,
                f"{self.upstream}{asked.path}",
                data=asked.body,
                headers={name: asked.headers[name] for name in kept if name in asked.headers},
                timeout=20,
            )
        kind = real.headers.get("Content-Type", "")
        return self.change(asked, Answer(real.status_code, real.content, kind))


def is_rows(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path.startswith("/resource/") and "order" in asked.path


def promise(number: int, first: Answer) -> Answer:
    return first if number == 0 else said({"Rows Created": 1, "Errors": 0})
