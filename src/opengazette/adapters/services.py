"""The servers of one machine: the local portal, the Prefect server and its worker.

Everything that they write lies under `var`, whatever the user's home holds.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from opengazette.adapters.child_processes import Service
from opengazette.adapters.settings import Settings
from opengazette.errors import Fault, SettingsInvalid

WORK_POOL = "opengazette"
START_SECONDS = 120.0
_ANSWER_SECONDS = 2.0


def process_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a process of ours: this one's, and what ours are told."""
    return {**os.environ, **environment(settings)}


def environment(settings: Settings) -> dict[str, str]:
    """Return what every process of ours is told: where it belongs, and to be silent outside."""
    home = settings.var / "prefect"
    return {
        "OPENGAZETTE_ROOT": str(settings.root),
        "OPENGAZETTE_VAR": str(settings.var),
        "OPENGAZETTE_PORTAL_HOST": settings.portal_host,
        "OPENGAZETTE_PORTAL_PORT": str(settings.portal_port),
        "OPENGAZETTE_PREFECT_PORT": str(settings.prefect_port),
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": f"{settings.prefect_url}/api",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(settings.prefect_port),
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "pages"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(home / "storage"),
        "PREFECT_LOGGING_LOG_PRINTS": "false",
        "PREFECT_LOGGING_COLORS": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "3",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
        "GX_ANALYTICS_ENABLED": "false",
    }


def portal_service(settings: Settings) -> Service:
    """Return the local portal."""
    return _service(
        settings, "portal", [sys.executable, "-m", "opengazette.cli.main", "portal", "serve"]
    )


def prefect_service(settings: Settings) -> Service:
    """Return the Prefect server, with its scheduler and pages."""
    command = [sys.executable, "-m", "prefect", "server", "start"]
    return _service(settings, "Prefect server", command, _database(settings))


def worker_service(settings: Settings) -> Service:
    """Return the worker that runs what the Prefect server hands out."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--type", "process"]
    return _service(settings, "worker", [*command, "--pool", WORK_POOL, "--name", "opengazette"])


def start_portal(settings: Settings) -> bool:
    """Bring the local portal up unless it is up; tell whether it had to be started.

    Raises:
        SettingsInvalid: another program, or the portal of another folder, holds the port.
    """
    if portal_is_up(settings):
        return False
    refuse_taken(settings.portal_port, "OPENGAZETTE_PORTAL_PORT", "the local portal")
    service = portal_service(settings)
    service.start()
    service.await_health(lambda: portal_is_up(settings), START_SECONDS)
    return True


def start_prefect(settings: Settings) -> bool:
    """Bring the Prefect server up unless it is up; tell whether it had to be started.

    Raises:
        SettingsInvalid: another program, or the server of another folder, holds the port.
    """
    if prefect_is_up(settings):
        return False
    refuse_taken(settings.prefect_port, "OPENGAZETTE_PREFECT_PORT", "the Prefect server")
    service = prefect_service(settings)
    service.start()
    service.await_health(lambda: prefect_is_up(settings), START_SECONDS)
    return True


def start_worker(settings: Settings) -> None:
    """Make the work pool where there is none, and start the worker."""
    made = httpx.post(
        f"{settings.prefect_url}/api/work_pools/",
        json={"name": WORK_POOL, "type": "process"},
        timeout=START_SECONDS,
    )
    if made.status_code not in (httpx.codes.CREATED, httpx.codes.CONFLICT):
        raise Fault("The Prefect server made no work pool.", "Read var/log/prefect-server.log.")
    worker_service(settings).start()


def apply_deployments(settings: Settings, file: Path) -> None:
    """Tell the Prefect server of the deployments and their schedules."""
    run_prefect(settings, "--no-prompt", "deploy", "--all", "--prefect-file", str(file))


def refuse_ended(settings: Settings) -> None:
    """Look whether portal, Prefect server and worker still run.

    Raises:
        Fault: one of them has ended by itself; names its log.
    """
    for service in (portal_service(settings), prefect_service(settings), worker_service(settings)):
        if service.pid() is None:
            raise Fault(f"The {service.name} has ended by itself.", f"Read {service.log_file}.")


def stop_all(settings: Settings) -> tuple[str, ...]:
    """Stop whatever of ours runs, last started first; return the names of what ran."""
    services = (worker_service(settings), prefect_service(settings), portal_service(settings))
    return tuple(service.name for service in services if service.stop())


def portal_is_up(settings: Settings) -> bool:
    """Tell whether the portal that answers at the port is the one of our folder."""
    noted = portal_identity(settings)
    if not noted.exists():
        return False
    answer = _answer(f"http://{settings.portal_host}:{settings.portal_port}/health")
    known = answer.get("service") == "opengazette-portal"
    return known and answer.get("folder_id") == noted.read_text()


def prefect_is_up(settings: Settings) -> bool:
    """Tell whether the Prefect server that answers at the port keeps its state in our folder."""
    home = _answer(f"{settings.prefect_url}/api/admin/settings").get("home")
    return home == str(settings.var / "prefect")


def portal_identity(settings: Settings) -> Path:
    """Return the file in which the portal of this folder notes its id when it starts."""
    return settings.var / "run" / "portal.id"


def run_prefect(settings: Settings, *arguments: str) -> None:
    """Run a command of Prefect to its end. Raises Fault where it fails; names its log."""
    log = settings.var / "log" / "prefect-commands.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=settings.root,
            env=process_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise Fault(f"'prefect {' '.join(arguments[:2])}' failed.", f"Read {log}.")


def _database(settings: Settings) -> dict[str, str]:
    file = f"sqlite+aiosqlite:///{settings.var / 'prefect' / 'prefect.db'}"
    named = settings.prefect_database
    return {"PREFECT_SERVER_DATABASE_CONNECTION_URL": named.get_secret_value() if named else file}


def _service(
    settings: Settings, name: str, command: list[str], own: Mapping[str, str] | None = None
) -> Service:
    """Return a process of ours; `own` is what it alone is told."""
    file = name.lower().replace(" ", "-")
    return Service(
        name=name,
        command=command,
        environment={**process_environment(settings), **(own or {})},
        folder=settings.root,
        pid_file=settings.var / "run" / f"{file}.pid",
        log_file=settings.var / "log" / f"{file}.log",
    )


def _answer(url: str) -> dict[str, Any]:
    try:
        answer = httpx.get(url, timeout=_ANSWER_SECONDS).raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return {}
    return answer if isinstance(answer, dict) else {}


def refuse_taken(port: int, setting: str, what: str) -> None:
    """Look whether something listens at a port of this machine.

    Raises:
        SettingsInvalid: something does; names the setting to change.
    """
    with socket.socket() as probe:
        probe.settimeout(_ANSWER_SECONDS)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return
    raise SettingsInvalid(
        f"Port {port}, where {what} should listen, is taken by another program.",
        f"Choose a free port: set {setting}, in the environment or in .env.",
    )
