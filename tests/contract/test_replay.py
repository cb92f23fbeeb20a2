"""A past release is made once more from the archive, to the byte; what cannot be is named."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.cli.main import app
from opengazette.cli.way import prepare
from opengazette.demo.departments import load
from opengazette.errors import ArchiveUnavailable, ReplayDiffers
from opengazette.governance.approvals import standing_approval
from opengazette.model.stages import Approved, Release
from opengazette.ports import Claim, PublicState
from opengazette.steps.approve import approve
from opengazette.steps.publish import publish

ROOT = Path(__file__).parents[2]
DATASET = "restaurant_inspections"
SHA = "ab" * 32


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


class Shown:
    """A portal that shows whatever it is sent."""

    def state(self, uid: str, columns: Mapping[str, str]) -> PublicState | None:
        return None

    def publish(
        self,
        release: Approved,
        *,
        uid: str | None,
        before: Release | None,
        created: Callable[[str], None] | None = None,
        claim: Claim | None = None,
    ) -> PublicState:
        return PublicState("abcd-1234", "https://data.example.gov/d/abcd-1234", 1, SHA, True)


class Office:
    """A folder from which one dataset was published."""

    def __init__(self, settings: Settings, release: str) -> None:
        self.settings, self.release, self.shown = settings, release, ""

    @property
    def archive(self) -> Path:
        return self.settings.var / "archive"

    def replay(self, *options: str) -> str:
        result = CliRunner().invoke(app, ["replay", self.release[:10], *options])
        self.shown = result.output
        if result.exception is not None:
            raise result.exception
        return result.output

    def file_of(self, name: str) -> Path:
        entry = World(self.settings).ledger().entries(DATASET)[-1].release
        sha256 = entry.extract if name == "extract" else entry.documents[name][1]
        return self.archive / "objects" / sha256[:2] / sha256

    def archived(self) -> set[Path]:
        return {path for path in self.archive.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Office:
    root = tmp_path_factory.mktemp("replay")
    for folder in ("config", "expectations"):
        shutil.copytree(ROOT / folder, root / folder)
    settings = Settings(root=root, var=root / "var")
    load(settings.var / "departments.duckdb", synthetic_rows=100)
    world, clock = World(settings), Noon()
    documented = prepare(world, DATASET, lambda _step: None)
    contract, release = world.contract(DATASET), documented.release
    approval = standing_approval(
        release,
        10_000,
        approver="A. Tester",
        role="Approver of the tests",
        approved_on=clock.now().date(),
        reason="public data alone",
    )
    publish(approve(documented, contract, approval), contract, Shown(), world.ledger(), clock)
    return Office(settings, release.fingerprint)


@pytest.fixture
def office(published: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(published.settings.root))
    monkeypatch.setenv("COLUMNS", "200")
    kept = {path: path.read_bytes() for path in published.archived()}
    yield published
    for path, content in kept.items():
        path.write_bytes(content)


def test_every_file_is_made_again_to_the_byte_and_nothing_is_written_to_the_archive(
    office: Office, tmp_path: Path
) -> None:
    before = office.archived()
    assert "all 10 files of the release were rebuilt byte for byte" in office.replay(
        "--out", str(tmp_path / "files")
    )
    assert office.archived() == before
    assert len(list((tmp_path / "files").iterdir())) == 10
    assert (tmp_path / "files/table.csv").read_bytes() == office.file_of("table.csv").read_bytes()


def test_a_file_that_the_archive_lost_is_named_made_again_and_put_back_on_demand(
    office: Office,
) -> None:
    lost = office.file_of("table.csv")
    content = lost.read_bytes()
    lost.unlink()
    with pytest.raises(ReplayDiffers, match=r"1 of 10 files .*: table\.csv") as told:
        office.replay("--stored")
    assert "missing or damaged" in office.shown
    assert "without --stored" in told.value.remedy
    assert "were rebuilt byte for byte" in office.replay()
    assert not lost.exists()
    assert "Put back into the archive: table.csv" in office.replay("--restore")
    assert lost.read_bytes() == content


def test_a_damaged_file_is_found_by_its_digest(office: Office) -> None:
    office.file_of("evidence.json").write_bytes(b"{}")
    with pytest.raises(ReplayDiffers, match=r"evidence\.json"):
        office.replay("--stored")


def test_without_the_extract_nothing_is_rebuilt_and_what_is_stored_is_still_proved(
    office: Office,
) -> None:
    office.file_of("extract").unlink()
    with pytest.raises(ArchiveUnavailable, match="has no file"):
        office.replay()
    assert "all 10 files of the release are what the ledger says" in office.replay("--stored")


def test_another_department_file_makes_other_papers_and_they_are_named(office: Office) -> None:
    department = World(office.settings).contract(DATASET).department
    file = office.settings.root / "config/departments" / f"{department}.yaml"
    told = file.read_text("utf-8")
    name = World(office.settings).department(department).publisher
    file.write_text(told.replace(name, "Another Publisher"), "utf-8")
    try:
        with pytest.raises(ReplayDiffers, match=r"metadata\.json") as differs:
            office.replay()
    finally:
        file.write_text(told, "utf-8")
    assert "table.csv" not in differs.value.problem
    assert "department" in differs.value.remedy


def test_the_rules_of_that_day_are_used_and_not_todays(office: Office) -> None:
    contract = office.settings.root / "config/datasets" / f"{DATASET}.yaml"
    told = contract.read_text("utf-8")
    contract.write_text("nothing: at all\n", "utf-8")
    try:
        assert "were rebuilt byte for byte" in office.replay()
    finally:
        contract.write_text(told, "utf-8")


def test_a_replay_that_was_killed_leaves_no_copy_of_the_extract_behind(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = office.file_of("extract").read_bytes()

    def copies() -> int:
        files = [path for path in office.settings.var.rglob("*") if path.is_file()]
        return sum(path.read_bytes() == extract for path in files)

    def killed(world: World, _dataset: str, _tell: Callable[[str], None]) -> None:
        with world.archive().staging() as folder:
            copy = folder / "extract"
            copy.write_bytes(extract)
            world.archive().keep(copy)
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr("opengazette.cli.way.prepare", killed)
        office.replay()
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert copies() == 2, "the archive's own, and what the killed replay had made"
    with World(office.settings).archive().staging():
        assert copies() == 1
