"""A run started by hand in Prefect's own pages, with everything that `opengazette up` starts."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from opengazette.adapters.services import process_environment
from opengazette.adapters.settings import Settings

ROOT = Path(__file__).parents[2]
DATASET = "restaurant_inspections"
START_SECONDS = 240
RUN_SECONDS = 180
PRESSED_AT_MOST = 5

pytestmark = [pytest.mark.browser, pytest.mark.servers, pytest.mark.xdist_group("up")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def everything_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An office in which somebody typed `opengazette up`, and ends it with Ctrl-C."""
    root = tmp_path_factory.mktemp("office-up")
    for folder in ("config", "expectations", "deployments"):
        shutil.copytree(ROOT / folder, root / folder)
    settings = Settings(root=root, portal_port=free_port(), prefect_port=free_port())
    said = root / "up.txt"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "opengazette.cli.main", "up"],
            cwd=root,
            env=process_environment(settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while "Schedules are on" not in said.read_text():
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.5)
        yield settings
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert not listens(settings.prefect_port), "the Prefect server outlived Ctrl-C"
    assert not listens(settings.portal_port), "the portal outlived Ctrl-C"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def deployment(settings: Settings) -> str:
    answer = httpx.get(
        f"{settings.prefect_url}/api/deployments/name/publish-dataset/publish-dataset", timeout=30
    )
    return str(answer.raise_for_status().json()["id"])


def ended_run(settings: Settings) -> dict[str, Any]:
    """Return the one run that was started by hand, once it has ended."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        answer = httpx.post(
            f"{settings.prefect_url}/api/flow_runs/filter",
            json={"flow_runs": {"end_time": {"is_null_": False}}},
            timeout=30,
        )
        found: list[dict[str, Any]] = answer.raise_for_status().json()
        if found:
            return found[0]
        time.sleep(1)
    pytest.fail("the run has not ended")


def submit_until_started(page: Page) -> int:
    """Press Submit, and again where the server was writing something else, as nightly.md says.

    Return how often it was pressed.
    """
    for pressed in range(1, PRESSED_AT_MOST + 1):
        with page.expect_response("**/create_flow_run") as answer:
            page.get_by_role("button", name="Submit").click()
        if answer.value.ok:
            expect(page.get_by_text("scheduled to start now").first).to_be_visible(timeout=30_000)
            return pressed
        expect(page.get_by_text("Oops. Something went wrong").first).to_be_visible()
    pytest.fail(f"Prefect started nothing, though Submit was pressed {PRESSED_AT_MOST} times")


def test_a_rehearsal_is_started_from_the_form_of_prefect(
    everything_up: Settings, page: Page, tmp_path: Path
) -> None:
    pages = everything_up.prefect_url
    page.goto(f"{pages}/deployments/deployment/{deployment(everything_up)}/run")
    page.get_by_text("which dataset").wait_for()
    page.locator(".p-select button").first.focus()
    page.keyboard.press("Space")
    choices = page.locator(".p-pop-over-content")
    contracts = sorted(f.stem for f in (everything_up.root / "config/datasets").glob("*.yaml"))
    for contract in contracts:
        expect(choices).to_contain_text(contract)
    assert choices.inner_text().split() == contracts
    page.screenshot(path=tmp_path / "prefect-run.png")
    choices.get_by_text(DATASET).click()
    page.get_by_role("switch").first.click()
    page.locator("textarea").first.fill("Reading the release before the public does")
    page.route("**/create_flow_run", lambda asked: asked.fulfill(status=503), times=1)
    assert submit_until_started(page) > 1

    run = ended_run(everything_up)
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Rehearsed")
    assert run["parameters"]["dataset"] == DATASET
    page.goto(f"{pages}/runs/flow-run/{run['id']}")
    expect(page.get_by_text("Rehearsed").first).to_be_visible()
    expect(page.get_by_text("document").first).to_be_visible()
    page.screenshot(path=tmp_path / "prefect-run-ended.png")
