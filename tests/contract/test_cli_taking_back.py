"""The commands of a bad night, as an operator types them: a real dataset, a real portal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from typer.testing import CliRunner

from opengazette.adapters.archives.folder import FolderArchive
from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.adapters.settings import Settings
from opengazette.cli.main import app
from opengazette.demo.departments import load
from opengazette.errors import (
    DriftFound,
    LedgerConflict,
    NotPublished,
    PortalRejected,
    PortalUnavailable,
)
from opengazette.governance.ledger_state import CLAIM

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
DATASET = "restaurant_inspections"
PERSON = ["--by", "Dana Night", "--reason", "Counties are mixed up"]


class LocalPortal(Protocol):
    """The fixture of conftest.py."""

    host: str
    url: str
    user: str
    password: str


class Office:
    """An agency's folder with one approved dataset, and a portal."""

    def __init__(self, settings: Settings, portal: LocalPortal) -> None:
        self.settings, self.portal, self.shown = settings, portal, ""

    def run(self, *arguments: str) -> str:
        result = CliRunner().invoke(app, list(arguments))
        self.shown = result.output
        if result.exception is not None:
            raise result.exception
        return result.output

    def entries(self) -> list[dict[str, Any]]:
        told: dict[str, list[dict[str, Any]]] = json.loads(self.run("ledger", "--json"))
        return told.get(DATASET, [])

    def by_hand(self, path: str, **sent: Any) -> None:
        login = (self.portal.user, self.portal.password)
        requests.put(f"{self.portal.url}{path}", auth=login, timeout=9, **sent).raise_for_status()

    def is_public(self, uid: str) -> bool:
        return requests.get(f"{self.portal.url}/api/views/{uid}.json", timeout=9).ok


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, shared_portal: LocalPortal) -> Office:
    root = tmp_path_factory.mktemp("bad-night")
    for folder in ("config", "expectations"):
        shutil.copytree(ROOT / folder, root / folder)
    settings = Settings(root=root, var=root / "var")
    load(settings.var / "departments.duckdb", synthetic_rows=100)
    return Office(settings, shared_portal)


@pytest.fixture
def office(opened: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(opened.settings.root))
    monkeypatch.setenv("OPENGAZETTE_PORTAL_URL", opened.portal.url)
    monkeypatch.setenv("OPENGAZETTE_PORTAL_USER", opened.portal.user)
    monkeypatch.setenv("OPENGAZETTE_PORTAL_PASSWORD", opened.portal.password)
    monkeypatch.setenv("COLUMNS", "200")
    return opened


@pytest.fixture
def uid(office: Office) -> str:
    """Bring the dataset before the public as it is to be, whatever the last test did."""
    if not (office.settings.root / "approved").exists():
        person = ["--approver", "A. Tester", "--role", "Tester", "--reason", "public data alone"]
        office.run("approve", DATASET, *person, "--yes")
        (office.settings.root / "approved").touch()
    if office.entries() and "stopped" in office.run("ledger"):
        office.run("resume", DATASET, *PERSON)
    office.run("run", DATASET)
    return str(office.entries()[-1]["uid"])


def test_a_dry_run_and_a_plan_say_what_would_change(office: Office, uid: str) -> None:
    assert "Nothing changes" in office.run("plan", DATASET)
    assert "if it were published now:\n  Nothing changes" in office.run("run", DATASET, "--dry-run")
    office.by_hand(f"/api/views/{uid}.json", json={"description": "By hand"})
    assert "Metadata: description." in office.run("plan", DATASET)
    told = json.loads(office.run("plan", DATASET, "--json"))
    assert told["action"] == "papers alone"
    assert told["changes"]["fields"] == ["description"]


def test_a_dry_run_without_a_portal_says_that_nobody_knows(
    office: Office, uid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENGAZETTE_PORTAL_URL", "http://127.0.0.1:1")
    assert "What the public sees now is not known" in office.run("run", DATASET, "--dry-run")
    with pytest.raises(PortalUnavailable):
        office.run("plan", DATASET)


def test_a_withdrawn_dataset_waits_until_a_person_lets_it_go_on(office: Office, uid: str) -> None:
    assert "a stranger finds nothing of it" in office.run("withdraw", DATASET, *PERSON)
    assert not office.is_public(uid)
    assert "nothing; stopped" in office.run("ledger")
    waiting = office.run("run", DATASET)
    assert "waiting" in waiting
    assert "stopped by Dana Night" in waiting
    assert "opengazette resume" in waiting
    assert "goes on" in office.run("resume", DATASET, *PERSON)
    assert "published" in office.run("run", DATASET)
    assert office.is_public(uid)


def test_a_dataset_is_deleted_only_after_a_yes(office: Office, uid: str) -> None:
    result = CliRunner().invoke(app, ["withdraw", DATASET, *PERSON, "--delete"], input="n\n")
    assert result.exit_code == 1
    assert office.is_public(uid)
    assert "deleted" in office.run("withdraw", DATASET, *PERSON, "--delete", "--yes")
    assert not office.is_public(uid)


def test_what_another_machine_may_show_again_is_not_said_to_be_gone(
    office: Office, uid: str
) -> None:
    other = ArchiveLedger(FolderArchive(office.settings.var / "archive"), lambda: "elsewhere")
    newest, now = other.entries(DATASET)[-1], datetime.now(UTC)
    other.append(DATASET, "intent", now, newest.release, uid=uid)
    try:
        with pytest.raises(LedgerConflict, match=r"another machine \(elsewhere\)") as told:
            office.run("withdraw", DATASET, *PERSON)
    finally:
        other.append(DATASET, "rolled_back", now, newest.release, uid=uid)
    assert "a stranger finds nothing" not in office.shown
    assert f"once more after {now + CLAIM:%Y-%m-%d %H:%M} UTC" in told.value.remedy
    assert not office.is_public(uid), "it is made private all the same"


def test_an_earlier_release_is_shown_again_and_stays(office: Office, uid: str) -> None:
    named = office.entries()[-1]["release"]["release"][:12]
    shown = office.run("rollback", DATASET, named, *PERSON)
    assert f"the public sees release {named}" in shown
    assert "waiting" in office.run("run", DATASET)
    assert office.entries()[-1]["by"] == "Dana Night"


@pytest.mark.parametrize("command", ["withdraw", "resume"])
def test_an_act_without_a_name_or_a_reason_is_refused_before_anything_is_done(
    office: Office, uid: str, command: str
) -> None:
    before = office.entries()
    for by, reason in (("", "because"), ("Dana", "")):
        result = CliRunner().invoke(app, [command, DATASET, "--by", by, "--reason", reason])
        assert result.exit_code == 2
    assert office.entries() == before


def test_the_watch_looks_mends_on_demand_and_by_the_contract(office: Office, uid: str) -> None:
    assert f"{DATASET}: as the ledger says" in office.run("watch")
    office.by_hand(f"/api/views/{uid}.json", json={"description": "By hand"})
    with pytest.raises(DriftFound, match=f"1 of 1 datasets .*: {DATASET}"):
        office.run("watch", DATASET)
    assert "changed by hand: description" in office.shown
    assert "It was put right." in office.run("watch", "--repair")
    contract = office.settings.root / "config/datasets" / f"{DATASET}.yaml"
    told = contract.read_text("utf-8")
    contract.write_text(f"{told}\nwatch: {{repair: true}}\n", "utf-8")
    try:
        office.by_hand(f"/api/views/{uid}.json", json={"description": "By hand"})
        with pytest.raises(DriftFound):
            office.run("watch", "--look")
        assert "It was put right." in office.run("watch")
        found = json.loads(office.run("watch", "--json"))
    finally:
        contract.write_text(told, "utf-8")
    assert [(each["dataset"], each["found"]) for each in found] == [(DATASET, [])]


def test_one_dataset_that_cannot_be_watched_is_told_and_stops_no_other(
    office: Office, uid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENGAZETTE_PORTAL_URL", "http://127.0.0.1:1")
    with pytest.raises(DriftFound):
        office.run("watch")
    assert "The portal did not answer" in office.shown


def test_other_columns_are_refused_until_a_person_approves_that_they_change(
    office: Office, uid: str
) -> None:
    login = (office.portal.user, office.portal.password)
    place = f"{office.portal.url}/api/views"

    def ask(method: str, path: str, **sent: Any) -> Any:
        answer = requests.request(method, f"{place}{path}", auth=login, timeout=9, **sent)
        answer.raise_for_status()
        return answer.json()

    copy = ask("POST", f"/{uid}/publication.json?method=copy")["id"]
    by_hand = {"name": "By hand", "fieldName": "by_hand", "dataTypeName": "text"}
    ask("POST", f"/{copy}/columns", json=by_hand)
    ask("POST", f"/{copy}/publication.json")
    assert "a person must approve that" in office.run("plan", DATASET)
    with pytest.raises(PortalRejected, match="1 that it has not"):
        office.run("run", DATASET)
    who = ["--approver", "C. Data", "--role", "Open Data Officer", "--reason", "Put them back."]
    assert "by_hand (text)" in office.run("approve-columns", DATASET, *who, "--yes")
    file = office.settings.root / "config/column-changes" / f"{DATASET}.yaml"
    assert "C. Data" in file.read_text("utf-8")
    assert "change with its rows, in one step, as approved" in office.run("plan", DATASET)
    office.run("check")
    office.run("run", DATASET)
    names = [column["fieldName"] for column in ask("GET", f"/{uid}.json")["columns"]]
    assert "by_hand" not in names
    with pytest.raises(NotPublished, match="already"):
        office.run("approve-columns", DATASET, *who, "--yes")
    file.unlink()
