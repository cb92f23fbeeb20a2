"""Publishing as three tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.publishing import Found, Nothing, Sent, growth


def show_publishing(found: Found, out: Console) -> None:
    """Print throughput, where the seconds go, and a night on which nothing changes."""
    out.print(_throughput(found.sent))
    out.print(_parts(found.sent))
    for protocol, times in growth(found.sent):
        out.print(f"{protocol}: {times:.2f} times the memory for most rows as for fewest.")
    if found.nothing is not None:
        out.print(_nothing(found.nothing))


def _throughput(sent: Sequence[Sent]) -> Table:
    table = _table("Rows a second, beside one PUT of the same bytes", "protocol")
    for name in ("rows", "bare PUT", "send", "of bare", "whole", "of bare", "peak MB"):
        table.add_column(name, justify="right")
    for one in sent:
        speeds = [one.rows / seconds for seconds in (one.bare, one.send, one.whole)]
        table.add_row(
            one.protocol,
            f"{one.rows:,}",
            f"{speeds[0]:,.0f}",
            f"{speeds[1]:,.0f}",
            f"{one.bare / one.send:.2f} ×",
            f"{speeds[2]:,.0f}",
            f"{one.bare / one.whole:.2f} ×",
            f"{one.peak_mb:,.0f}",
        )
    return table


def _parts(sent: Sequence[Sent]) -> Table:
    table = _table("Where the seconds go", "protocol")
    names = ("rows", "send", "papers", "archive, ledger", "compare", "whole", "few rows")
    for name in names:
        table.add_column(name, justify="right")
    for one in sent:
        parts = (one.send, one.papers, one.records, one.compare, one.whole, one.few)
        table.add_row(one.protocol, f"{one.rows:,}", *(f"{seconds:.2f}" for seconds in parts))
    return table


def _nothing(night: Nothing) -> Table:
    table = _table(f"Nothing new in {night.datasets:,} datasets of {night.rows:,} rows", "step")
    for name in ("requests a dataset", "seconds a dataset"):
        table.add_column(name, justify="right")
    table.add_row("plan", f"{night.plan_requests:.1f}", f"{night.plan_seconds:.3f}")
    table.add_row("publish", f"{night.publish_requests:.1f}", f"{night.publish_seconds:.3f}")
    grown = f"a chain of {night.chain_entries:,} entries, read once"
    table.add_row(grown, "", f"{night.chain_seconds:.3f}")
    return table


def _table(title: str, first: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, no_wrap=True)
    return table
