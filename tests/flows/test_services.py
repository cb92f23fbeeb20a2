"""Servers beside each other: two checkouts on one machine, taken ports, schedules that run."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opengazette.adapters.contracts import load_contracts
from opengazette.adapters.deployments import deployments_file
from opengazette.adapters.services import (
    apply_deployments,
    portal_is_up,
    prefect_is_up,
    prefect_service,
    start_portal,
    start_prefect,
    start_worker,
)
from opengazette.adapters.settings import Settings
from opengazette.errors import SettingsInvalid

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("office")]


def neighbour(office: Any, tmp_path: Path) -> Settings:
    """Return the settings of another checkout that was given the same ports."""
    (tmp_path / "config").mkdir()
    return Settings(
        root=tmp_path,
        portal_port=office.settings.portal_port,
        prefect_port=office.settings.prefect_port,
    )


def test_a_running_server_is_used_and_not_started_again(office: Any) -> None:
    pid = prefect_service(office.settings).pid()
    assert pid is not None
    assert not start_prefect(office.settings)
    assert not start_portal(office.settings)
    assert prefect_service(office.settings).pid() == pid


def test_the_servers_of_another_checkout_are_never_taken_for_our_own(
    office: Any, tmp_path: Path
) -> None:
    settings = neighbour(office, tmp_path)
    assert not portal_is_up(settings)
    assert not prefect_is_up(settings)
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_PORTAL_PORT"):
        start_portal(settings)
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_PREFECT_PORT"):
        start_prefect(settings)


def test_a_port_that_another_program_holds_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = Settings(root=tmp_path, portal_port=other.getsockname()[1])
        with pytest.raises(SettingsInvalid, match=r"taken by another program.*OPENGAZETTE_PORTAL"):
            start_portal(settings)


def test_a_schedule_really_gets_scheduled_runs_in_its_time_zone(office: Any) -> None:
    start_worker(office.settings)
    apply_deployments(office.settings, deployments_file(office.settings.root))
    contracts = load_contracts(office.settings.root).values()
    meant = {each.id: {int(each.schedule.cron.split()[1])} for each in contracts}
    meant["the watch"] = {6}
    deadline = time.monotonic() + 60
    hours: dict[str, set[int]] = {}
    while time.monotonic() < deadline and not meant.keys() <= hours.keys():
        time.sleep(1)
        runs = office.prefect("flow_runs", flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}})
        for run in runs:
            named = run["parameters"].get("dataset", "the watch")
            hours.setdefault(named, set()).add(local_hour(run["expected_start_time"]))
    assert hours == meant


def test_the_form_of_a_run_offers_the_datasets_as_a_choice(office: Any) -> None:
    deployments = {d["name"]: d for d in office.prefect("deployments")}
    form = deployments["publish-dataset"]["parameter_openapi_schema"]["properties"]
    contracts = sorted(p.stem for p in (office.settings.root / "config/datasets").glob("*.yaml"))
    assert form["dataset"]["enum"] == contracts
    assert form["dry_run"]["type"] == "boolean"
    assert form["dry_run"]["description"] == "do everything but publish"
    assert deployments["publish-dataset"]["concurrency_options"]["collision_strategy"] == "ENQUEUE"


def test_a_night_that_is_killed_says_so_and_how_to_go_on(office: Any) -> None:
    def kill() -> None:
        while not (nights := night_processes(office.settings)):
            time.sleep(0.2)
        os.kill(nights[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    done = office.command("nightly")
    assert done.returncode == 70, done.stdout + done.stderr
    assert "The night was ended by SIGKILL without a report." in done.stderr
    assert "run 'opengazette nightly' again" in done.stderr
    assert "Traceback" not in done.stderr


def night_processes(settings: Settings) -> list[int]:
    """Return the processes of nights of this folder."""
    note = str(settings.var / "run" / "night-").encode()
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and note in command_line(folder)
    ]


def command_line(folder: Path) -> bytes:
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""


def local_hour(moment: str) -> int:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("America/Los_Angeles")).hour
