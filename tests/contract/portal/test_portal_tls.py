"""The portal over HTTPS with a certificate of its own."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import uvicorn

from opengazette.localportal import PortalSettings
from opengazette.localportal.server import server_config
from opengazette.localportal.tls import own_certificate

pytestmark = pytest.mark.servers


@contextmanager
def over_tls(folder: Path) -> Iterator[int]:
    settings = PortalSettings(
        folder=folder, users={"ann": "correct horse"}, refuse_plain_http=True, tls=True
    )
    server = uvicorn.Server(server_config(settings))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def test_a_client_that_is_given_the_authority_trusts_the_portal(tmp_path: Path) -> None:
    with over_tls(tmp_path) as port:
        authority = str(tmp_path / "tls" / "authority.pem")
        for host in ("localhost", "127.0.0.1"):
            url = f"https://{host}:{port}/api/users/current.json"
            answer = requests.get(url, auth=("ann", "correct horse"), verify=authority, timeout=10)
            assert answer.json()["id"] == "ann"
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"https://localhost:{port}/health", timeout=10)


def test_the_certificate_is_kept_while_it_fits_and_its_key_is_secret(tmp_path: Path) -> None:
    made = own_certificate(tmp_path, "data.example.gov")
    first = made.chain.read_bytes()
    assert own_certificate(tmp_path, "data.example.gov").chain.read_bytes() == first
    assert own_certificate(tmp_path, "localhost").chain.read_bytes() == first
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert own_certificate(tmp_path, "10.0.0.1").chain.read_bytes() != first
    ssl.create_default_context(cafile=str(made.authority)).load_cert_chain(made.chain, made.key)
