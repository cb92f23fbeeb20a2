"""The measurements as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.goals import missed
from benchmarks.suppression import PROTECTIONS, Row

WIDTH = 230


def console() -> Console:
    """Return a console that is wide enough for the tables wherever it prints to."""
    plain = Console()
    return plain if plain.is_terminal and plain.width >= WIDTH else Console(width=WIDTH)


def show_suppression(rows: Sequence[Row], out: Console) -> None:
    """Print one table for each protection, how cost grows, and the goals that are missed."""
    for protection in PROTECTIONS:
        shown = [row for row in rows if row.protection == protection]
        if shown:
            out.print(_beside(protection, shown))
            out.print(_growth(protection, shown))
    out.print(_missed(rows))


def progress_line(row: Row) -> str:
    """Return one line on a table that was just measured."""
    ours = row.ours
    if "failed" in ours:
        return f"{row.instance} {row.protection}: {ours['failed']}"
    return (
        f"{row.instance} {row.protection}: {ours['complementary']} cells, "
        f"at least {ours['bound']}, {ours['protect_seconds']:.1f} s, {ours['verdict']}"
    )


def _beside(protection: str, rows: Sequence[Row]) -> Table:
    table = Table(title=f"Complementary cells, {protection} protection", title_justify="left")
    for name in (
        "table",
        "ours audit",
        "τ-ARGUS OPT",
        "OPT, not 0",
        "τ-ARGUS MOD",
        "best recorded",
    ):
        table.add_column(name, no_wrap=True)
    numbers = ("cells", "primary", "ours", "at least", "gap", "protect s", "audit s", "peak MB")
    for place, name in enumerate(numbers, start=1):
        table.add_column(name, justify="right", no_wrap=True)
        table.columns.insert(place, table.columns.pop())
    for row in rows:
        table.add_row(
            row.instance,
            f"{row.cells:,}",
            f"{row.primary:,}",
            *_ours(row.ours),
            _peer(row.peers.get("OPT")),
            _peer(row.peers.get("OPT+")),
            _peer(row.peers.get("MOD")),
            _recorded(row.recorded),
        )
    return table


def _ours(ours: Mapping[str, Any]) -> tuple[str, ...]:
    if "failed" in ours:
        return ("–", "–", "–", "–", "–", "–", ours["failed"])
    return (
        f"{ours['complementary']:,}",
        f"{ours['bound']:,}",
        "proven" if ours["gap"] == 0 else f"{ours['gap']:.1%}",
        f"{ours['protect_seconds']:.1f}",
        f"{ours['audit_seconds']:.1f}",
        f"{ours['peak_mb']:.0f}",
        ours["verdict"],
    )


def _peer(peer: Mapping[str, Any] | None) -> str:
    if peer is None:
        return ""
    if "failed" in peer:
        return str(peer["failed"])[:24]
    return f"{peer['complementary']:,} ({peer['seconds']:.1f} s), {peer['verdict']}"


def _recorded(recorded: Mapping[str, Mapping[str, Any]]) -> str:
    if not recorded:
        return ""
    tool, best = min(recorded.items(), key=lambda each: each[1]["complementary"])
    return f"{best['complementary']:,} ({best['seconds']:.1f} s) {tool}"


def _growth(protection: str, rows: Sequence[Row]) -> Table:
    """Show what a cell costs as tables grow."""
    table = Table(title=f"Growth, {protection} protection", title_justify="left")
    for name in ("cells", "protect s", "audit s", "ms a cell", "peak MB", "withheld besides"):
        table.add_column(name, justify="right")
    for row in rows:
        if "failed" in row.ours or row.cells < 1000:
            continue
        spent = row.ours["protect_seconds"] + row.ours["audit_seconds"]
        table.add_row(
            f"{row.cells:,}",
            f"{row.ours['protect_seconds']:.1f}",
            f"{row.ours['audit_seconds']:.1f}",
            f"{1000 * spent / row.cells:.2f}",
            f"{row.ours['peak_mb']:.0f}",
            f"{row.ours['complementary'] / row.cells:.1%}",
        )
    return table


def _missed(rows: Sequence[Row]) -> Table:
    table = Table(title="Goals that are missed", title_justify="left")
    for name in ("table", "protection", "goal", "found"):
        table.add_column(name)
    for miss in missed(rows):
        table.add_row(miss.instance, miss.protection, miss.goal, miss.found)
    return table
