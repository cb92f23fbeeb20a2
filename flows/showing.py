"""What Prefect's pages show of a run: words and counts of its reports, nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from opengazette.model.receipts import RunReport


def show_report(report: RunReport, *, reason: str = "") -> None:
    """Keep the report of one dataset as an artifact of its run."""
    create_markdown_artifact(
        key=f"report-{report.dataset.replace('_', '-')}",
        markdown=report_page(report, reason=reason),
        description=f"{report.title}: {report.outcome}",
    )


def show_night(reports: Sequence[RunReport]) -> None:
    """Keep the reports of a night as one table."""
    create_table_artifact(
        key="nightly",
        table=[dict(report_facts(report)) for report in reports],
        description="What the night came to",
    )


def night_told(reports: Sequence[RunReport]) -> tuple[str, list[str]]:
    """Return a subject and a line for each dataset that needs a person; no line where none does."""
    needing = [r for r in reports if r.is_failure or r.outcome == "waiting"]
    lines = [f"{r.dataset}: {r.outcome}. {r.problem} {r.remedy}".strip() for r in needing]
    return f"OpenGazette: {len(needing)} of {len(reports)} datasets need a person", lines


def report_page(report: RunReport, *, reason: str = "") -> str:
    """Return the report of one dataset as Markdown."""
    rows = [f"| {name} | {value} |" for name, value in report_facts(report)]
    parts = [f"# {report.title}", "\n".join(["| | |", "| --- | --- |", *rows])]
    if reason:
        parts.append(f"Started by hand: {reason}")
    parts.extend(f"- {line}" for line in report.plan)
    if report.problem:
        parts.append(f"**{report.problem}** {report.remedy}")
    return "\n\n".join(parts)


def report_facts(report: RunReport) -> list[tuple[str, str]]:
    """Return the names and values of a report in the order in which they are read."""
    withheld = (
        None
        if report.primary is None or report.complementary is None
        else f"{report.primary} + {report.complementary}"
    )
    facts = {
        "Dataset": report.dataset,
        "Outcome": report.outcome,
        "Rows": report.rows,
        "Cells withheld (primary + complementary)": withheld,
        "Score": report.score,
        "Seconds": f"{report.seconds:.1f}",
        "Address": report.address,
    }
    return [(name, "–" if value is None else str(value)) for name, value in facts.items()]
