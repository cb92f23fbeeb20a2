"""A publisher at the Publishing API of a portal of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from examples.places import Places, Served
from fastapi.testclient import TestClient

from opengazette.localportal import PortalSettings, create_app
from opengazette.localportal.server import server_config

Shown = dict[str, Any]
USERS = {"ann": "correct horse", "bob": "battery staple"}
CHUNK = {"Content-Type": "application/octet-stream"}


class Desk:
    """A publisher's requests, following the links of the answers."""

    def __init__(self, client: TestClient, name: str = "ann") -> None:
        self.client = client
        self.auth = (name, USERS[name])

    def ask(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        answer = self.client.request(method, path, auth=self.auth, **given)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    def new(self, **metadata: Any) -> Shown:
        body = {"metadata": {"name": "Visits", **metadata}, "action": {"type": "update"}}
        return self.ask("POST", "/api/publishing/v1/revision", 201, json=body)

    def revise(self, dataset: str, action: str = "replace", **more: Any) -> Shown:
        body = {"metadata": more.pop("metadata", {}), "action": {"type": action, **more}}
        return self.ask("POST", f"/api/publishing/v1/revision/{dataset}", 201, json=body)

    def show(self, shown: Shown) -> Shown:
        return self.ask("GET", shown["links"]["show"])

    def source(self, revision: Shown, filename: str = "visits.csv", **options: Any) -> Shown:
        body = {
            "source_type": {"type": "upload", "filename": filename},
            "parse_options": options,
        }
        return self.ask("POST", revision["links"]["create_source"], 201, json=body)

    def upload(
        self,
        revision: Shown,
        content: str | bytes,
        filename: str = "visits.csv",
        content_type: str = "text/csv",
        **options: Any,
    ) -> Shown:
        source = self.source(revision, filename, **options)
        return self.send(source, content, content_type)

    def send(self, source: Shown, content: str | bytes, content_type: str = "text/csv") -> Shown:
        data = content.encode() if isinstance(content, str) else content
        links = source["links"]
        self.ask("POST", links["initiate"], json={"content_type": content_type})
        chunk = links["chunk"].format(seq_num=0, byte_offset=0)
        self.ask("POST", chunk, 201, content=data, headers=CHUNK)
        self.ask("POST", links["commit"].format(seq_num=0, byte_offset=len(data)))
        return self.settled(source)

    def settled(self, source: Shown) -> Shown:
        def over() -> Shown | None:
            shown = self.show(source)
            resource = shown["resource"]
            return shown if resource["finished_at"] or resource["failed_at"] else None

        return waited(over)

    def input(self, source: Shown) -> Shown:
        schema = source["resource"]["schemas"][-1]
        path = source["links"]["show_input_schema"].format(input_schema_id=schema["id"])
        return self.ask("GET", path)

    def output(self, source: Shown) -> Shown:
        """Return the newest output schema of a source, computed."""
        links = self.input(source)["links"]

        def over() -> Shown | None:
            shown: Shown = self.ask("GET", links["latest_output"])
            return shown if shown["resource"]["completed_at"] else None

        return waited(over)

    def transform(self, source: Shown, columns: dict[str, str], **more: Any) -> Shown:
        """Make columns of expressions; `key` names the one that identifies rows."""
        key, status = more.pop("key", None), more.pop("status", 201)
        sent = [
            {
                "field_name": name,
                "display_name": name.title(),
                "position": at,
                "is_primary_key": name == key,
                "transform": {"transform_expr": expression},
            }
            for at, (name, expression) in enumerate(columns.items())
        ]
        path = self.input(source)["links"]["transform"]
        made = self.ask("POST", path, status, json={"output_columns": sent, **more})
        return made if status != 201 else self.output(source)

    def rows(self, output: Shown, link: str = "rows", **params: Any) -> list[list[Any]]:
        found = self.ask("GET", output["links"][link], params=params)
        return [row["row"] for row in found[1:]]

    def values(self, output: Shown) -> list[list[Any]]:
        return [[cell.get("ok", "an error") for cell in row] for row in self.rows(output)]

    def apply(self, revision: Shown, output: Shown | None = None) -> Shown:
        """Apply a revision and return its job, ended."""
        body = {"output_schema_id": output["resource"]["id"]} if output else {}
        job = self.ask("PUT", revision["links"]["apply"], 201, json=body)
        return self.ended(job)

    def ended(self, job: Shown) -> Shown:
        def over() -> Shown | None:
            shown = self.show(job)
            return shown if shown["resource"]["finished_at"] else None

        return waited(over)["resource"]

    def published(self, content: str, key: str | None = None, **more: Any) -> str:
        """Publish a file as a new dataset and return its id."""
        revision = self.new(**more)
        source = self.upload(revision, content)
        output = self.output(source)
        if key is not None:
            names = [column["field_name"] for column in output["resource"]["output_columns"]]
            output = self.transform(source, {name: f"`{name}`" for name in names}, key=key)
        job = self.apply(revision, output)
        assert job["status"] == "successful", job
        return str(revision["resource"]["fourfour"])

    def table(self, dataset: str) -> Any:
        return self.ask("GET", f"/resource/{dataset}.json")

    def view(self, dataset: str) -> Shown:
        return self.ask("GET", f"/api/views/{dataset}")


def waited(over: Any) -> Shown:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = over()
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it was not over in time")


@contextmanager
def serving(settings: PortalSettings) -> Iterator[str]:
    """Serve a portal on a free port until the block ends; yield its address."""
    server = uvicorn.Server(server_config(settings, create_app(settings)))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        scheme = "https" if settings.tls else "http"
        yield f"{scheme}://localhost:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def faulty_portal(tmp_path: Path) -> Iterator[str]:
    """The address of a portal that fails on demand."""
    settings = PortalSettings(folder=tmp_path / "portal", users=USERS, allow_faults=True)
    with serving(settings) as address:
        yield address


@pytest.fixture(scope="module")
def https_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a portal over TLS that takes credentials over nothing else, and its folder."""
    folder = tmp_path_factory.mktemp("https")
    settings = PortalSettings(folder=folder, users=USERS, refuse_plain_http=True, tls=True)
    with serving(settings) as address:
        yield address, folder


@pytest.fixture(scope="session")
def desk_at() -> Callable[[TestClient], Desk]:
    """Give a publisher, Ann, at the portal of a client."""
    return Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A publisher, Ann, at a portal of her own."""
    settings = PortalSettings(folder=tmp_path / "portal", users=USERS)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Desk(client)


@pytest.fixture
def desks_with_approval(tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """Ann and Bob at a portal where what becomes public waits for a second person."""
    settings = PortalSettings(folder=tmp_path / "portal", users=USERS, approve_public=True)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Desk(client, "ann"), Desk(client, "bob")


@pytest.fixture
def places(shared_portal: Served) -> Iterator[Places]:
    """A draft with a column of each type at a portal that tests share."""
    made = Places(shared_portal)
    yield made
    made.session.close()
