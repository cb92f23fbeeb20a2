"""The measurements as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.goals import missed
from benchmarks.suppression import PROTECTIONS, Row

WIDTH = 170


def console() -> Console:
    """Return a console that is wide enough for the tables wherever it prints to."""
    plain = Console()
    return plain if plain.is_terminal and plain.width >= WIDTH else Console(width=WIDTH)


def show_suppression(rows: Sequence[Row], out: Console) -> None:
    """Print for each protection ours, the peers and how cost grows; then the goals missed."""
    for protection in PROTECTIONS:
        shown = [row for row in rows if row.protection == protection]
        if shown:
            out.print(_alone(protection, shown))
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


def _alone(protection: str, rows: Sequence[Row]) -> Table:
    table = Table(title=f"{protection.capitalize()} protection, ours", title_justify="left")
    table.add_column("table", no_wrap=True)
    for name in ("cells", "primary", "besides", "at least", "gap"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("protect s", "audit s", "peak MB"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("audit")
    for row in rows:
        table.add_row(row.instance, f"{row.cells:,}", f"{row.primary:,}", *_ours(row.ours))
    return table


def _beside(protection: str, rows: Sequence[Row]) -> Table:
    table = Table(
        title=f"{protection.capitalize()} protection, cells withheld besides the primary ones",
        title_justify="left",
    )
    table.add_column("table", no_wrap=True)
    table.add_column("ours", justify="right")
    for name in ("τ-ARGUS OPT", "OPT, told not 0", "τ-ARGUS MOD", "best recorded elsewhere"):
        table.add_column(name)
    for row in rows:
        ours = row.ours.get("complementary")
        table.add_row(
            row.instance,
            "–" if ours is None else f"{ours:,}",
            *(_peer(row.peers.get(mode)) for mode in ("OPT", "OPT+", "MOD")),
            _recorded(row),
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


def _recorded(row: Row) -> str:
    """Show the recorded figure with the fewest cells, and the fewest that can be enough."""
    found = sorted(row.recorded.items(), key=lambda each: float(each[1]["complementary"]))
    bound = row.ours.get("bound", 0)
    enough = [each for each in found if each[1]["complementary"] >= bound]
    shown = found[:1] if found[:1] == enough[:1] else [*found[:1], *enough[:1]]
    return "; ".join(
        f"{each['complementary']:,} ({each['seconds']:.1f} s) {tool}"
        + ("" if each["complementary"] >= bound else " cannot hold")
        for tool, each in shown
    )


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
