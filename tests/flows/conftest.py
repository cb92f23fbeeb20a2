"""An office for the flow tests: a real department database, portal and Prefect server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from opengazette.adapters.run_reports import read_reports
from opengazette.adapters.services import (
    process_environment,
    start_portal,
    start_prefect,
    stop_all,
)
from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.cli.papers import write_approval
from opengazette.demo.departments import load
from opengazette.governance.approvals import policy_fingerprint
from opengazette.model.approval import Approval, RiskEnvelope
from opengazette.model.receipts import RunReport

ROOT = Path(__file__).parents[2]
#: The dataset that nobody has approved.
WAITING = "youth_risk_survey"


@dataclass(frozen=True)
class Office:
    """An agency's folder with its servers, and what a person there can do."""

    settings: Settings

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "opengazette.cli.main", *arguments],
            cwd=self.settings.root,
            env=process_environment(self.settings) | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )

    def last_reports(self) -> dict[str, RunReport]:
        runs = sorted((self.settings.var / "runs").glob("*.json"), key=os.path.getmtime)
        return {r.dataset: r for r in read_reports(self.settings, runs[-1].stem)}

    def execute(self, statement: str) -> None:
        with duckdb.connect(str(self.settings.root / "var/departments.duckdb")) as database:
            database.execute(statement)

    def prefect(self, kind: str, **filters: Any) -> list[dict[str, Any]]:
        """Return everything of a kind that the Prefect server knows."""
        found: list[dict[str, Any]] = []
        while True:
            answer = httpx.post(
                f"{self.settings.prefect_url}/api/{kind}/filter",
                json={"limit": 200, "offset": len(found), **filters},
                timeout=60,
            ).raise_for_status()
            page = answer.json()
            found += page
            if len(page) < 200:
                return found

    def catalogue(self) -> list[dict[str, Any]]:
        """Return the public datasets of the portal, as a stranger sees them."""
        answer = httpx.get(
            f"{self.settings.portal_address}/api/catalog/v1", params={"limit": 100}, timeout=60
        ).raise_for_status()
        results: list[dict[str, Any]] = answer.json()["results"]
        return results


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def approve_all_but_one(settings: Settings) -> None:
    """Let every dataset out but the one whose run must stop at the gate."""
    shutil.rmtree(settings.root / "config/approvals", ignore_errors=True)
    world = World(settings)
    for contract in world.contracts().values():
        if contract.id == WAITING:
            continue
        write_approval(
            settings,
            Approval(
                dataset=contract.id,
                contract=contract.fingerprint(),
                rule_pack=policy_fingerprint(
                    contract,
                    world.rule_pack(contract.disclosure.rule_pack),
                    world.populations(),
                ),
                envelope=RiskEnvelope(
                    highest_score=100, largest_withheld_percent=100, fewest_rows=1
                ),
                approver="A. Tester",
                role="Approver of the tests",
                approved_on=date(2026, 1, 1),
                reason="the demonstration holds public and generated data alone",
            ),
        )


def refuse_second(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Fail where another worker has an office: two nights at once hinder each other."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        opened = tmp_path_factory.getbasetemp().parent / "an-office-is-open"
        assert not opened.exists(), "pytest-xdist does not keep its groups together"
        opened.touch()


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    refuse_second(tmp_path_factory)
    root = tmp_path_factory.mktemp("office")
    for folder in ("config", "expectations", "deployments"):
        shutil.copytree(ROOT / folder, root / folder)
    settings = Settings(
        root=root, var=root / "var", portal_port=free_port(), prefect_port=free_port()
    )
    load(root / "var/departments.duckdb")
    approve_all_but_one(settings)
    try:
        start_portal(settings)
        start_prefect(settings)
        yield Office(settings)
    finally:
        stop_all(settings)
