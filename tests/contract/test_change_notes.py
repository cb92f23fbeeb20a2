"""What is new of a release is told where the public reads, night after night, and made again."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest
import requests
from examples.offices import LocalPortal, Noon, portal_of
from typer.testing import CliRunner

from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.cli.main import app
from opengazette.cli.way import prepare
from opengazette.demo.departments import load
from opengazette.governance.approvals import standing_approval
from opengazette.model.stages import Published
from opengazette.steps.approve import approve
from opengazette.steps.publish import publish

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
DATASET = "restaurant_inspections"


class Nightly:
    """A dataset that goes the whole way to a real portal, night after night."""

    def __init__(self, root: Path, server: LocalPortal, protocol: str) -> None:
        for folder in ("config", "expectations"):
            shutil.copytree(ROOT / folder, root / folder)
        self.settings = Settings(root=root, var=root / "var")
        self.world, self.server = World(self.settings), server
        self.portal = portal_of(server, self.world.papers(), protocol)
        load(self.source, synthetic_rows=100)

    @property
    def source(self) -> Path:
        return self.settings.var / "departments.duckdb"

    def department_writes(self, statement: str) -> None:
        with duckdb.connect(str(self.source)) as connection:
            connection.execute(statement)

    def run(self) -> Published:
        contract, clock = self.world.contract(DATASET), Noon()
        documented = prepare(self.world, DATASET, lambda _step: None)
        approval = standing_approval(
            documented.release,
            10_000,
            approver="A. Tester",
            role="Approver of the tests",
            approved_on=clock.now().date(),
            reason="public data alone",
        )
        approved = approve(documented, contract, approval)
        return publish(approved, contract, self.portal, self.world.ledger(), clock)

    def history(self, uid: str) -> list[str]:
        page = requests.get(f"{self.server.url}/d/{uid}", timeout=30).text
        listed = re.findall(r"<li><time[^>]*>[^<]*</time><div>(.*?)</div></li>", page, re.DOTALL)
        return [" ".join(re.sub(r"<[^>]+>", " ", entry).split()) for entry in listed]


@pytest.fixture(params=["soda", "revisions"])
def nightly(request: pytest.FixtureRequest, tmp_path: Path, local_portal: LocalPortal) -> Nightly:
    return Nightly(tmp_path / "office", local_portal, request.param)


def test_each_release_says_what_is_new_and_a_night_without_news_is_unchanged(
    nightly: Nightly, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again = nightly.run(), nightly.run()
    assert (first.changed, again.changed) == (True, False)
    nightly.department_writes(
        "INSERT INTO food_inspections SELECT * REPLACE ('Zest of Anchorage' AS business_name)"
        " FROM food_inspections LIMIT 1"
    )
    second, again = nightly.run(), nightly.run()
    assert (second.changed, again.changed) == (True, False)
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(nightly.settings.root))
    for release in (first.release, second.release):
        replayed = CliRunner().invoke(app, ["replay", release.fingerprint[:12]])
        assert "were rebuilt byte for byte" in replayed.output, replayed.exception
    newest, *_, oldest = [entry for entry in nightly.history(first.uid) if "ows: " in entry]
    rows = first.release.public.rows
    assert f"Rows: 1 added; {rows + 1:,} rows in all." in newest
    assert f"First release: {rows:,} rows." in oldest
