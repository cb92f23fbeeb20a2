"""The portal beside Datasette as two tables."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks.portal import Answered, Found, Imported


def show_portal(found: Found, out: Console) -> None:
    """Print how the table came in, and how each question was answered by both."""
    out.print(_imports(found.imported))
    out.print(_answers(found.answered))


def _imports(imported: tuple[Imported, ...]) -> Table:
    table = Table(title="Import of one CSV file", title_justify="left")
    for name in ("tool", "rows", "seconds", "rows a second", "peak MB"):
        table.add_column(name, justify="left" if name == "tool" else "right", no_wrap=True)
    for one in imported:
        speed = f"{one.rows / one.seconds:,.0f}"
        table.add_row(one.tool, f"{one.rows:,}", f"{one.seconds:.1f}", speed, f"{one.peak_mb:,.0f}")
    return table


def _answers(answered: tuple[Answered, ...]) -> Table:
    table = Table(title="Questions of 50 clients at once", title_justify="left")
    table.add_column("question", no_wrap=True)
    table.add_column("tool", no_wrap=True)
    for name in ("requests a second", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("failed")
    for one in sorted(answered, key=lambda each: each.question):
        figures = (f"{one.a_second:,.0f}", f"{one.p50:,.0f}", f"{one.p99:,.0f}")
        table.add_row(one.question, one.tool, *figures, one.failed)
    return table
