"""A score and an assessment on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from opengazette.cli.terminal import console

if TYPE_CHECKING:
    from rich.console import Console

    from opengazette.disclosure.assessment.explanation import Explained
    from opengazette.model.rulepack import RulePack


def show_scores(title: str, pack: RulePack, tables: Sequence[Explained]) -> None:
    """Print what was found of each table: score, steps and what would change the score."""
    out = console()
    out.print(f"{title}\n{pack.title}", soft_wrap=True)
    for number, table in enumerate(tables, start=1):
        if len(tables) > 1:
            out.print(
                f"\nTable {number} of {len(tables)}: {', '.join(table.crossed) or 'no variable'}"
            )
        _show(table, out)


def _show(table: Explained, out: Console) -> None:
    if table.score is not None:
        out.print()
        out.print(_lines(table))
    out.print()
    for step in table.assessment.steps:
        out.print(
            f"{step.number}. {step.question} {step.decision} ({step.actor}) {step.reason}",
            soft_wrap=True,
        )
    out.print()
    for line in _ending(table):
        out.print(line, soft_wrap=True)


def _lines(table: Explained) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("Variable", no_wrap=True)
    shown.add_column("Found", overflow="fold")
    shown.add_column("Points", justify="right", no_wrap=True)
    shown.add_column("Source", overflow="fold")
    found = table.score
    for line in found.lines if found else ():
        shown.add_row(line.variable, line.found, f"{line.points:+d}", line.source)
    if found is not None:
        needed = "" if table.assessment.score else "; the steps do not need it"
        shown.add_row("Total", f"limit {found.limit}{needed}", f"{found.total}", "")
    return shown


def _ending(table: Explained) -> Iterator[str]:
    if table.outcome == "mask":
        yield "Small counts are withheld, with further cells so that none can be worked out."
    else:
        yield "No count is withheld for this table's score."
    if table.score is None or not table.score.exceeds_limit:
        return
    if not table.remedies:
        yield "No set of coarser variables brings the score to the limit."
        return
    yield f"What brings the score to {table.score.limit} or less at the least loss of detail:"
    for remedy in table.remedies:
        yield f"  to {remedy.total}:"
        yield from (f"    {change}" for change in remedy.changes)
