"""Reports of runs: how they are drawn up, and their files under var/runs.

A report holds words and counts for the department's own staff: they say why cells are withheld,
which the public table may not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter

from opengazette.adapters.settings import Settings
from opengazette.errors import ApprovalMissing, CannotProtect, OpenGazetteError, Refused
from opengazette.model.known_refusal import KnownRefusal
from opengazette.model.receipts import Outcome, RunReport
from opengazette.model.stages import Published, Release

_PRIVATE_FILE = 0o600


def report_published(title: str, published: Published, seconds: float) -> RunReport:
    """Return the report of a release that the public sees, whether it changed or not."""
    outcome: Outcome = "published" if published.changed else "unchanged"
    return _report_release(title, published.release, outcome, seconds, address=published.address)


def report_rehearsed(
    title: str, release: Release, seconds: float, plan: tuple[str, ...] = ()
) -> RunReport:
    """Return the report of a release that was made in full and not published.

    `plan` says in words what publishing it would change.
    """
    return replace(_report_release(title, release, "rehearsed", seconds), plan=plan)


def report_waiting(
    title: str, release: Release, missing: ApprovalMissing, seconds: float
) -> RunReport:
    """Return the report of a release that a person must approve first."""
    return _report_release(
        title, release, "waiting", seconds, problem=missing.problem, remedy=missing.remedy
    )


def report_error(
    dataset: str,
    title: str,
    error: OpenGazetteError,
    seconds: float,
    known: KnownRefusal | None = None,
) -> RunReport:
    """Return the report of a run that ended in an error of ours.

    `known` is the refusal of this dataset that people know of. Where no cells that could be
    withheld protect the table, the remedy names the command that looks for a coarser one.
    """
    refused = isinstance(error, Refused)
    as_known = refused and known is not None and known.is_of(error)
    return RunReport(
        dataset=dataset,
        title=title,
        outcome="refused" if refused else "failed",
        seconds=seconds,
        problem=error.problem,
        remedy=_remedy(dataset, error),
        known_since=str(known.since) if as_known and known else "",
    )


def _remedy(dataset: str, error: OpenGazetteError) -> str:
    if not isinstance(error, CannotProtect):
        return error.remedy
    look = f"'opengazette propose {dataset}' looks for a coarser table that passes."
    return f"{error.remedy} {look}".strip()


def keep_reports(settings: Settings, run: str, reports: Sequence[RunReport]) -> Path:
    """Write the reports of a run as one JSON file, whole or not at all, for its owner alone."""
    file = reports_file(settings, run)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=_PRIVATE_FILE, exist_ok=False)
    draft.write_text(json.dumps([asdict(report) for report in reports], indent=2) + "\n")
    draft.replace(file)
    return file


def read_reports(settings: Settings, run: str) -> tuple[RunReport, ...]:
    """Return the reports of a run, or none where it has kept none."""
    file = reports_file(settings, run)
    if not file.exists():
        return ()
    return tuple(TypeAdapter(list[RunReport]).validate_json(file.read_bytes()))


def reports_file(settings: Settings, run: str) -> Path:
    """Return where the reports of a run are kept."""
    return settings.var / "runs" / f"{run}.json"


def _report_release(
    title: str,
    release: Release,
    outcome: Outcome,
    seconds: float,
    *,
    address: str | None = None,
    problem: str = "",
    remedy: str = "",
) -> RunReport:
    return RunReport(
        dataset=release.dataset,
        title=title,
        outcome=outcome,
        seconds=seconds,
        rows=release.public.rows,
        primary=release.primary,
        complementary=release.complementary,
        score=release.score,
        address=address,
        problem=problem,
        remedy=remedy,
    )
