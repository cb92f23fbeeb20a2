"""The Prefect server on a PostgreSQL database, as an agency runs it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from opengazette.adapters.services import prefect_service, start_prefect, stop_all
from opengazette.adapters.settings import Settings

AT_ONCE = 24
SECRET = "of-the-database"

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect-database")]


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, newest first; they are rarely on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    named = shutil.which("initdb")
    places = [*found, *([Path(named).resolve()] if named else [])]
    if not places:
        if os.environ.get("REQUIRE_POSTGRESQL"):
            pytest.fail("PostgreSQL is required and there is none: apt-get install postgresql")
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    return places[0].parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def own_folder() -> Iterator[Path]:
    """A folder of PostgreSQL's own: those of pytest are closed to any other account."""
    with tempfile.TemporaryDirectory(prefix="opengazette-postgresql-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def postgresql(own_folder: Path) -> Iterator[str]:
    """The address of an empty database; the server refuses to run as root, so it does not."""
    place, folder = programs(), own_folder
    cluster, key, port = folder / "cluster", folder / "key", free_port()
    key.write_text(SECRET)
    owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, owner)
        shutil.chown(key, owner)

    def run(program: str, *arguments: str) -> None:
        told = folder / "told"
        with told.open("w") as said:
            ended = subprocess.run(
                [str(place / program), "-D", str(cluster), *arguments],
                user=owner if os.geteuid() == 0 else None,
                cwd=folder,
                check=False,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        assert ended.returncode == 0, f"{program}: {told.read_text()}"

    run("initdb", "-U", "gazette", "-A", "scram-sha-256", f"--pwfile={key}")
    listening = f"-p {port} -c listen_addresses=127.0.0.1 -k '{folder}' -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", listening, "start")
    yield f"postgresql+asyncpg://gazette:{SECRET}@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def server(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    root = tmp_path_factory.mktemp("office-postgresql")
    (root / "config").mkdir()
    settings = Settings(root=root, prefect_port=free_port(), prefect_database=postgresql)
    start_prefect(settings)
    yield settings
    stop_all(settings)


def test_many_who_start_runs_at_the_same_moment_are_all_heard(server: Settings) -> None:
    with httpx.Client(base_url=f"{server.prefect_url}/api", timeout=120) as api:
        flow = api.post("/flows/", json={"name": "of-many"}).raise_for_status().json()["id"]
        deployment = (
            api.post("/deployments/", json={"name": "of-many", "flow_id": flow})
            .raise_for_status()
            .json()["id"]
        )

        def start(_: int) -> int:
            address = f"/deployments/{deployment}/create_flow_run"
            return api.post(address, json={"state": {"type": "SCHEDULED"}}).status_code

        with ThreadPoolExecutor(AT_ONCE) as people:
            answers = set(people.map(start, range(AT_ONCE)))
    assert answers == {201}


def test_the_state_lies_in_the_database_and_its_password_in_no_file_of_ours(
    server: Settings,
) -> None:
    assert not (server.var / "prefect" / "prefect.db").exists()
    log = prefect_service(server).log_file
    assert log.exists()
    for file in server.root.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file
    shown = httpx.get(f"{server.prefect_url}/api/admin/settings", timeout=30)
    assert SECRET not in shown.raise_for_status().text
