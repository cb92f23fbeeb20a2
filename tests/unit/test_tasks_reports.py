from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from opengazette.adapters.run_locks import holding
from opengazette.adapters.run_reports import (
    keep_reports,
    read_reports,
    report_error,
    report_published,
    report_waiting,
    reports_file,
)
from opengazette.adapters.settings import Settings
from opengazette.errors import (
    ApprovalMissing,
    CannotProtect,
    Fault,
    LedgerConflict,
    OpenGazetteError,
    PortalUnavailable,
    SchemaDrift,
)
from opengazette.model.known_refusal import KnownRefusal
from opengazette.model.stages import DocumentRef, Published, Release, TableRef

RELEASE = Release(
    dataset="births",
    contract="c" * 64,
    rule_pack="r" * 64,
    extract=TableRef("births", "e" * 64, 500, ()),
    public=TableRef("births", "p" * 64, 40, ("county", "people")),
    private=TableRef("births", "p" * 64, 40, ("county", "people")),
    evidence=DocumentRef("evidence.json", "application/json", "d" * 64),
    documents=(),
    score=9,
    primary=3,
    complementary=2,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config").mkdir()
    return Settings(root=tmp_path)


def published(*, changed: bool) -> Published:
    return Published(RELEASE, "abcd-1234", "http://portal/d/abcd-1234", "f" * 64, changed, ())


def test_a_release_that_the_public_already_sees_is_unchanged() -> None:
    assert report_published("Births", published(changed=True), 1.0).outcome == "published"
    assert report_published("Births", published(changed=False), 1.0).outcome == "unchanged"


def test_a_report_counts_and_never_quotes() -> None:
    report = report_published("Births", published(changed=True), 1.5)
    assert (report.rows, report.primary, report.complementary, report.score) == (40, 3, 2, 9)
    assert report.address == "http://portal/d/abcd-1234"


def test_waiting_for_approval_is_no_failure() -> None:
    report = report_waiting("Births", RELEASE, ApprovalMissing("Waits.", "Approve it."), 1.0)
    assert report.outcome == "waiting"
    assert not report.is_failure
    assert (report.problem, report.remedy) == ("Waits.", "Approve it.")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (SchemaDrift("a column is missing"), "refused"),
        (PortalUnavailable("the portal is busy"), "failed"),
        (Fault("a defect"), "failed"),
    ],
)
def test_an_error_is_refused_where_a_person_must_act_and_failed_otherwise(
    error: OpenGazetteError, outcome: str
) -> None:
    report = report_error("births", "Births", error, 1.0)
    assert report.outcome == outcome
    assert report.is_failure


KNOWN = KnownRefusal(
    dataset="births",
    error="CannotProtect",
    says="No pattern protects",
    reason="The totals are asked for by law.",
    decided_by="The registrar",
    since=date(2026, 11, 20),
)


@pytest.mark.parametrize(
    ("error", "known", "failure"),
    [
        (CannotProtect("No pattern protects 3 counts."), KNOWN, False),
        (CannotProtect("No pattern protects 4 counts."), KNOWN, False),
        (CannotProtect("No pattern protects 3 counts."), None, True),
        (CannotProtect("7 cells must be published but are too small."), KNOWN, True),
        (SchemaDrift("No pattern protects a missing column."), KNOWN, True),
        (Fault("No pattern protects."), KNOWN.model_copy(update={"error": "Fault"}), True),
    ],
    ids=[
        "known",
        "the same with another number",
        "not known",
        "the same error for another reason",
        "another refusal",
        "never a fault",
    ],
)
def test_a_refusal_that_people_know_of_is_no_failure_and_anything_else_is(
    error: OpenGazetteError, known: KnownRefusal | None, *, failure: bool
) -> None:
    report = report_error("births", "Births", error, 1.0, known)
    assert report.is_failure == failure
    assert report.known_since == ("" if failure else "2026-11-20")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("DisclosureRisk", "somebody reads it each time"),
        ("AuditFailed", "somebody reads it each time"),
        ("Fault", "no refusal of that name"),
        ("PortalUnavailable", "no refusal of that name"),
        ("CannotProtct", "no refusal of that name"),
        ("Any", "no refusal of that name"),
    ],
)
def test_what_may_hide_another_cause_is_never_recorded_as_known(error: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        KnownRefusal.model_validate({**KNOWN.model_dump(), "error": error})


def test_where_nothing_protects_the_remedy_names_the_search_for_a_coarser_table() -> None:
    report = report_error("births", "Births", CannotProtect("No pattern.", "Merge."), 1.0)
    assert report.remedy == (
        "Merge. 'opengazette propose births' looks for a coarser table that passes."
    )
    other = report_error("births", "Births", SchemaDrift("A column is gone.", "Ask."), 1.0)
    assert other.remedy == "Ask."


def test_reports_come_back_as_they_were_kept(settings: Settings) -> None:
    reports = (
        report_published("Births", published(changed=True), 1.0),
        report_error("deaths", "Deaths", Fault("a defect"), 2.0),
    )
    keep_reports(settings, "night", reports)
    assert read_reports(settings, "night") == reports
    assert read_reports(settings, "another") == ()


def test_reports_are_read_by_nobody_else_on_the_machine(settings: Settings) -> None:
    """They tell how many cells are withheld for which reason, and the score."""
    left_by_a_killed_run = reports_file(settings, "night").with_suffix(".part")
    left_by_a_killed_run.parent.mkdir(parents=True)
    left_by_a_killed_run.touch(mode=0o644)
    before = os.umask(0)
    try:
        kept = keep_reports(
            settings, "night", [report_published("Births", published(changed=True), 1)]
        )
    finally:
        os.umask(before)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_dataset_is_held_by_one_run_at_a_time(settings: Settings) -> None:
    with holding(settings, "births"):
        with (
            pytest.raises(LedgerConflict, match="births: another run"),
            holding(settings, "births"),
        ):
            pytest.fail("two runs held one dataset")
        with holding(settings, "deaths"):
            assert (settings.var / "run" / "deaths.lock").exists()
    with holding(settings, "births"):
        assert (settings.var / "run" / "births.lock").exists()
