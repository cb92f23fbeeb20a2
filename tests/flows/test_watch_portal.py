"""The watch as a flow, against a real Prefect server and the real portal."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import pytest

from opengazette.adapters.services import process_environment
from opengazette.adapters.world import World

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("office")]

DATASET = "restaurant_inspections"
BY_HAND = "Somebody wrote this by hand"


def watch(office: Any, **terms: bool) -> list[str]:
    """Run the flow in a process of its own and return the name and the message of its state."""
    program = (
        "from opengazette.flows.watch_portal import watch_portal; "
        f"state = watch_portal(**{terms!r}, return_state=True); "
        "print(state.name); print(state.message)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=office.settings.root,
        env=process_environment(office.settings),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def uid(office: Any) -> str:
    office.command("run", DATASET)
    place = World(office.settings).ledger().entries(DATASET)[-1].uid
    assert place is not None
    return place


def test_a_hand_edit_fails_the_run_with_what_to_do_and_a_repair_ends_it(
    office: Any, uid: str
) -> None:
    settings = office.settings
    secret = settings.portal_secret_file.read_text("utf-8").strip()
    httpx.put(
        f"{settings.portal_address}/api/views/{uid}.json",
        json={"description": BY_HAND},
        auth=(settings.portal_user, secret),
    ).raise_for_status()
    name, *lines = watch(office)
    assert name == "Drift found"
    assert f"opengazette watch {DATASET} --repair" in lines[0]
    name, *lines = watch(office, repair=True)
    assert name == "Completed"
    assert "are as the ledger says" in lines[0]
    shown = httpx.get(f"{settings.portal_address}/api/views/{uid}.json").json()
    assert shown["description"] != BY_HAND
    artifacts = [a for a in office.prefect("artifacts") if a["key"] == "watch"]
    assert any("It was put right." in artifact["data"] for artifact in artifacts)
    told = "".join(str(run) for run in office.prefect("flow_runs"))
    assert BY_HAND not in told, "what somebody wrote is never quoted"
