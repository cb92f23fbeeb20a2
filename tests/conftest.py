"""Fixtures that several kinds of test share."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from opengazette.localportal import PortalSettings, create_app
from opengazette.localportal.server import server_config


@dataclass(frozen=True)
class LocalPortal:
    """A real portal that listens on this machine."""

    host: str
    url: str
    user: str
    password: str
    folder: Path


@contextmanager
def running_portal(
    folder: Path,
    *,
    title: str = "Open data of Example County",
    reviewed: bool = False,
    tls: bool = False,
) -> Iterator[LocalPortal]:
    """Serve a portal on a free port until the block ends."""
    user, password = "publisher", "a-password-of-the-tests"
    users = {user: password, "reviewer": "another-password"}
    settings = PortalSettings(
        folder=folder,
        title=title,
        users=users,
        approve_public=reviewed,
        tls=tls,
        refuse_plain_http=tls,
    )
    config = server_config(settings, create_app(settings))
    config.timeout_graceful_shutdown = 3
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started, "the portal did not start"
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        try:
            scheme = "https" if tls else "http"
            yield LocalPortal(host, f"{scheme}://{host}", user, password, folder)
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@pytest.fixture(scope="session")
def shared_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPortal]:
    """A real portal that tests share; each makes datasets of its own."""
    with running_portal(tmp_path_factory.mktemp("shared") / "portal") as portal:
        yield portal


@pytest.fixture
def local_portal(tmp_path: Path) -> Iterator[LocalPortal]:
    """A real portal of its own for one test, on a fresh folder."""
    with running_portal(tmp_path / "portal") as portal:
        yield portal


@pytest.fixture
def reviewed_portal(tmp_path: Path) -> Iterator[LocalPortal]:
    """A real portal of its own on which a second person must agree to what becomes public."""
    with running_portal(tmp_path / "portal", reviewed=True) as portal:
        yield portal


@pytest.fixture
def tls_portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalPortal]:
    """A real portal of its own that takes passwords over TLS alone, and is vouched for."""
    with running_portal(tmp_path / "portal", tls=True) as portal:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "portal/tls/authority.pem"))
        yield portal
