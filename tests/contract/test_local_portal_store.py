"""What the portal keeps: through restarts, through a kill, and against a second owner."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opengazette.errors import SettingsInvalid
from opengazette.localportal import PortalSettings, create_app, serve

pytestmark = pytest.mark.servers

AUTH = ("ann", "correct horse")
COLUMNS = [
    {"name": "Word", "fieldName": "word", "dataTypeName": "text"},
    {"name": "Amount", "fieldName": "amount", "dataTypeName": "number"},
]
SERVE = """
import socket, sys, uvicorn
from pathlib import Path
from opengazette.localportal import PortalSettings, create_app
app = create_app(PortalSettings(folder=Path(sys.argv[1]), users={"ann": "correct horse"}))
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
"""


def opened(folder: Path, **more: object) -> TestClient:
    made = create_app(PortalSettings(folder=folder, users=dict([AUTH]), **more))  # type: ignore[arg-type]
    return TestClient(made, raise_server_exceptions=False)


def made_dataset(client: TestClient) -> str:
    body = {"name": "Words", "columns": COLUMNS}
    made = client.post("/api/views.json", json=body, auth=AUTH)
    assert made.status_code == 200
    return str(made.json()["id"])


def test_a_restart_shows_the_same_rows_and_names(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        dataset = made_dataset(client)
        client.put(f"/resource/{dataset}.json", json=[{"word": "a", "amount": 1}], auth=AUTH)
        asked = f"/resource/{dataset}.json?$select=:*,*"
        before = client.get(asked, auth=AUTH)
        health = client.get("/health").json()
    assert health["service"] == "opengazette-portal"
    with opened(tmp_path) as client:
        after = client.get(asked, auth=AUTH)
        assert (after.text, after.headers["ETag"]) == (before.text, before.headers["ETag"])
        assert client.get("/health").json() == health
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_second_portal_on_the_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with started(tmp_path), pytest.raises(SettingsInvalid, match="folder of its own"):
        create_app(PortalSettings(folder=tmp_path))


def test_a_taken_port_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsInvalid, match=f"port {port}.*another port"):
            serve(PortalSettings(folder=tmp_path, port=port))


class started:  # noqa: N801 - reads as a sentence
    """A portal in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> started:
        command = [sys.executable, "-c", SERVE, str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                requests.get(f"{self.url}/health", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        return self

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()


def test_credentials_over_plain_http_are_refused_where_that_is_set(tmp_path: Path) -> None:
    with opened(tmp_path, refuse_plain_http=True) as client:
        refused = client.post("/api/views.json", json={"name": "x"}, auth=AUTH)
        assert refused.status_code == 403
        assert "HTTPS" in refused.json()["message"]
        assert client.get("/api/catalog/v1").json()["resultSetSize"] == 0


CELLS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(CELLS, st.decimals(-(10**15), 10**15, places=3)), max_size=8))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_value_comes_back_from_json_and_csv(
    round_trip: tuple[TestClient, str], rows: list[tuple[str, object]]
) -> None:
    from unicodedata import normalize

    client, dataset = round_trip
    sent = [{"word": word, "amount": str(amount)} for word, amount in rows]
    kept = [{**row, "word": normalize("NFC", row["word"])} for row in sent]
    assert client.put(f"/resource/{dataset}.json", json=sent, auth=AUTH).status_code == 200
    assert [as_sent(row) for row in client.get(f"/resource/{dataset}.json", auth=AUTH).json()] == [
        as_sent(row) for row in kept
    ]
    csv = client.get(f"/resource/{dataset}.csv", auth=AUTH).content
    headers = {"Content-Type": "text/csv"}
    again = client.put(f"/resource/{dataset}.csv", content=csv, headers=headers, auth=AUTH)
    assert again.json()["Rows Created"] == len(rows)
    assert client.get(f"/resource/{dataset}.csv", auth=AUTH).content == csv


def as_sent(row: dict[str, str]) -> tuple[str, str]:
    return row["word"], re.sub(r"^-(0\.0+)$", r"\1", row["amount"])


@pytest.fixture
def round_trip(tmp_path: Path) -> tuple[TestClient, str]:
    client = opened(tmp_path)
    return client, made_dataset(client)


def test_an_unforeseen_error_says_nothing_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("078-05-1120")

    with opened(tmp_path) as client:
        dataset = made_dataset(client)
        monkeypatch.setattr("opengazette.localportal.routes.resource.ask", fail)
        answered = client.get(f"/resource/{dataset}.json", auth=AUTH)
        assert (answered.status_code, answered.json()["code"]) == (500, "internal_error")
        assert "078-05-1120" not in answered.text + caplog.text
        assert "RuntimeError" in caplog.text
