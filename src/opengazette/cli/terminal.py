"""What the terminal shows: tables of reports, lines for people, errors."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from opengazette.errors import Fault, OpenGazetteError
from opengazette.model.receipts import Outcome, RunReport

_FILE_WIDTH = 200

#: How each outcome is written and coloured.
OUTCOMES: dict[Outcome, tuple[str, str]] = {
    "published": ("published", "green"),
    "unchanged": ("unchanged", "green"),
    "rehearsed": ("rehearsed", "green"),
    "waiting": ("waiting for approval", "yellow"),
    "refused": ("refused", "red"),
    "failed": ("failed", "red"),
}


def console() -> Console:
    """Return the terminal that results go to; a file gets lines that are not cut.

    Nothing that is printed is markup: names and messages may hold brackets.
    """
    out = Console(highlight=False, markup=False)
    return out if out.is_terminal else Console(highlight=False, markup=False, width=_FILE_WIDTH)


def show_reports(reports: Sequence[RunReport], out: Console) -> None:
    """Print one line for each dataset, and below, whatever needs a person."""
    out.print(reports_table(reports))
    for report in reports:
        if report.plan:
            out.print(f"\n{report.dataset}, if it were published now:", markup=False)
        for line in report.plan:
            out.print(f"  {line}", soft_wrap=True, markup=False)
    for line in needs_a_person(reports):
        out.print(f"\n{line}", soft_wrap=True, markup=False)


def reports_table(reports: Sequence[RunReport]) -> Table:
    """Return the table of a night."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Dataset", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    table.add_column("Rows", justify="right", no_wrap=True)
    table.add_column("Withheld\n(primary + complementary)", justify="right")
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Time", justify="right", no_wrap=True)
    table.add_column("Address", overflow="fold")
    for report in reports:
        words, colour = _outcome(report)
        table.add_row(
            report.dataset,
            Text(words, style=colour),
            _number(report.rows),
            withheld(report),
            _number(report.score),
            f"{report.seconds:.1f} s",
            report.address or "–",
        )
    return table


def needs_a_person(reports: Sequence[RunReport]) -> list[str]:
    """Return one plain line for each report that somebody must act on, the dataset named."""
    return [
        _line(report)
        for report in reports
        if report.is_failure or report.known_since or report.outcome == "waiting"
    ]


def _line(report: RunReport) -> str:
    named = "" if report.dataset in report.problem else f"{report.dataset}: "
    known = f" Known since {report.known_since}." if report.known_since else ""
    return f"{named}{report.problem} {report.remedy}".strip() + known


def _outcome(report: RunReport) -> tuple[str, str]:
    words, colour = OUTCOMES[report.outcome]
    return (f"{words}, as known", "yellow") if report.known_since else (words, colour)


def withheld(report: RunReport) -> str:
    """Return the cells withheld, primary and complementary."""
    if report.primary is None or report.complementary is None:
        return "–"
    return f"{report.primary:,} + {report.complementary:,}"


def show_error(error: BaseException, *, debug: bool) -> int:
    """Print an error as one clear message and return the exit status of its family."""
    if debug:
        traceback.print_exception(error)
    told = error if isinstance(error, OpenGazetteError) else _fault(error)
    err = Console(stderr=True, highlight=False, markup=False)
    err.print(Text("Error: ", style="bold red") + Text(told.problem), soft_wrap=True)
    if told.remedy:
        err.print(Text("Next: ", style="bold") + Text(told.remedy), soft_wrap=True)
    return told.exit_status


def _fault(error: BaseException) -> Fault:
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, {place.name}, line {place.lineno}"
    return Fault(
        f"{type(error).__name__} in {where}.",
        f"This is a defect; see more with: {_command()} --debug …",
    )


def _command() -> str:
    return Path(sys.argv[0]).name if sys.argv else "opengazette"


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"
