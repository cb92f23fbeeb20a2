"""The nightly flow against a real Prefect server, the real portal and a real database."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

CANARY = "987-65-4320"
WAITING = "youth_risk_survey"
KNOWN = "substance_use_transfers"
BROKEN = "births_by_state"

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("office")]


@pytest.fixture(scope="session")
def first_night(office: Any) -> Any:
    """A night with a canary in two departments: one can publish, one must be refused."""
    office.execute(
        f"UPDATE covid_tests SET last_name = '{CANARY}', first_name = '{CANARY}' "
        "WHERE subject_id IN (SELECT subject_id FROM covid_tests LIMIT 25)"
    )
    office.execute("CREATE TABLE spared AS SELECT * FROM births_by_day")
    office.execute(f"UPDATE births_by_day SET state_code = '{CANARY}' WHERE state_code = 'AK'")
    return office.command("nightly")


@pytest.fixture(scope="session")
def reports_of_first_night(office: Any, first_night: Any) -> dict[str, Any]:
    assert first_night.stderr == ""
    reports: dict[str, Any] = office.last_reports()
    return reports


@pytest.fixture(scope="session")
def second_night(office: Any, reports_of_first_night: dict[str, Any]) -> Any:
    """The next night, after the department has mended its table."""
    assert reports_of_first_night[BROKEN].outcome == "refused"
    before = {d["resource"]["id"]: d["resource"] for d in office.catalogue()}
    office.execute("DROP TABLE births_by_day")
    office.execute("ALTER TABLE spared RENAME TO births_by_day")
    done = office.command("nightly")
    after = {d["resource"]["id"]: d["resource"] for d in office.catalogue()}
    return done, before, after


def test_one_refused_dataset_stops_no_other(reports_of_first_night: dict[str, Any]) -> None:
    outcomes = {dataset: report.outcome for dataset, report in reports_of_first_night.items()}
    assert outcomes == dict.fromkeys(outcomes, "published") | {
        BROKEN: "refused",
        WAITING: "waiting",
        KNOWN: "refused",
    }
    assert len(outcomes) == 8


def test_a_night_with_a_refused_dataset_fails_and_says_what_to_do(first_night: Any) -> None:
    assert first_night.returncode == 1
    assert "opengazette approve youth_risk_survey" in first_night.stdout
    assert re.search(rf"{BROKEN}: \d+ of \d+ expectations failed", first_night.stdout)


def test_the_summary_has_a_line_for_each_dataset(
    first_night: Any, reports_of_first_night: dict[str, Any]
) -> None:
    lines = first_night.stdout.splitlines()
    for report in reports_of_first_night.values():
        if report.outcome == "published":
            line = next(n for n in lines if report.address and report.address in n)
            assert line.startswith(report.dataset)
            assert f"{report.primary:,} + {report.complementary:,}" in line


def test_the_public_sees_every_published_row(
    office: Any, reports_of_first_night: dict[str, Any]
) -> None:
    for report in reports_of_first_night.values():
        if report.outcome == "published":
            uid = report.address.rsplit("/", 1)[1]
            answer = httpx.get(
                f"{office.settings.portal_address}/resource/{uid}.json",
                params={"$select": "count(*) as n"},
                timeout=60,
            )
            assert int(answer.json()[0]["n"]) == report.rows


def test_nothing_of_a_waiting_or_refused_dataset_is_public(
    office: Any, reports_of_first_night: dict[str, Any]
) -> None:
    published = [r for r in reports_of_first_night.values() if r.outcome == "published"]
    assert len(published) == 5
    assert len(office.command("datasets").stdout.splitlines()) >= 9


def test_prefect_calls_waiting_completed_and_refused_failed(
    office: Any, reports_of_first_night: dict[str, Any]
) -> None:
    assert reports_of_first_night
    states = {
        run["parameters"]["dataset"]: (run["state_type"], run["state_name"])
        for run in office.prefect("flow_runs")
        if "dataset" in run["parameters"]
    }
    assert states[WAITING] == ("COMPLETED", "Waiting for approval")
    assert states[BROKEN] == states[KNOWN] == ("FAILED", "Refused")


def test_a_refusal_that_people_know_of_says_what_would_pass(
    first_night: Any, reports_of_first_night: dict[str, Any]
) -> None:
    assert reports_of_first_night[KNOWN].known_since
    line = [n for n in first_night.stdout.splitlines() if n.startswith(f"{KNOWN}: ")][-1]
    assert "No pattern protects the small counts" in line
    assert f"'opengazette propose {KNOWN}'" in line


def test_a_social_security_number_in_the_source_is_nowhere_but_in_the_restricted_zone(
    office: Any, reports_of_first_night: dict[str, Any]
) -> None:
    assert reports_of_first_night
    assert _restricted_rows(office.settings.var) > 0, "the canary never entered the archive"
    spoken = _all_that_prefect_says(office) + _all_that_the_portal_says(office)
    assert len(spoken) > 10_000
    assert _traces(spoken.encode()) == 0
    leaks = [
        str(file.relative_to(office.settings.var))
        for file in office.settings.var.rglob("*")
        if file.is_file() and not _restricted(file, office.settings.var)
        if _traces(file.read_bytes())
    ]
    assert leaks == []


def test_the_terminal_quotes_nothing(first_night: Any) -> None:
    assert _traces((first_night.stdout + first_night.stderr).encode()) == 0


def test_the_next_night_publishes_what_was_mended_and_touches_nothing_else(
    office: Any, second_night: Any
) -> None:
    done, before, after = second_night
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = {dataset: report.outcome for dataset, report in office.last_reports().items()}
    assert outcomes.pop(BROKEN) == "published"
    assert outcomes.pop(WAITING) == "waiting"
    assert outcomes.pop(KNOWN) == "refused"
    assert outcomes == dict.fromkeys(outcomes, "unchanged")
    assert {uid: after[uid] for uid in before} == before
    assert len(after) == len(before) + 1


def _restricted(file: Path, var: Path) -> bool:
    return (var / "archive") in file.parents or file.name.startswith("departments.duckdb")


def _traces(content: bytes) -> int:
    digits = CANARY.replace("-", "")
    spellings = [CANARY, digits, CANARY.replace("-", " ")]
    encodings = ["utf-8", "utf-16-le"]
    return sum(content.count(s.encode(e)) for s in spellings for e in encodings)


def _restricted_rows(var: Path) -> int:
    found = 0
    for file in (var / "archive").rglob("*"):
        if file.is_file() and file.read_bytes()[:4] == b"PAR1":
            table = duckdb.sql(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet('{file}')")
            found += sum(CANARY in row for row in table.fetchall())
    return found


def _all_that_prefect_says(office: Any) -> str:
    kinds = (
        "flow_runs",
        "task_runs",
        "logs",
        "artifacts",
        "artifacts/latest",
        "variables",
        "block_documents",
    )
    said = [json.dumps(office.prefect(kind)) for kind in kinds]
    for run in office.prefect("flow_runs"):
        states = httpx.get(
            f"{office.settings.prefect_url}/api/flow_run_states/",
            params={"flow_run_id": run["id"]},
            timeout=60,
        )
        said.append(states.raise_for_status().text)
    return "".join(said)


def _all_that_the_portal_says(office: Any) -> str:
    portal = office.settings.portal_address
    said = [httpx.get(f"{portal}{page}", timeout=60).text for page in ("/", "/data.json")]
    for dataset in office.catalogue():
        uid = dataset["resource"]["id"]
        pages = (f"/resource/{uid}.csv?$limit=100000", f"/api/views/{uid}.json", f"/d/{uid}")
        said += [
            httpx.get(f"{portal}{page}", timeout=60, follow_redirects=True).text for page in pages
        ]
    return "".join(said)
