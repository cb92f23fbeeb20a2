"""The goals that suppression is held against, and where a measurement misses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.suppression import Row

#: Units: cells, seconds, shares and megabytes.
SMALL, MIDDLE, LARGE = 3_500, 15_000, 150_000
AUDIT_SECONDS, LARGE_SECONDS, LARGE_MB = 30.0, 600.0, 4_096.0


@dataclass(frozen=True)
class Missed:
    """One goal that one table misses."""

    instance: str
    protection: str
    goal: str
    found: str


def missed(rows: Sequence[Row]) -> Iterator[Missed]:
    """Yield every goal that a measured table misses, table by table."""
    for row in rows:
        if "failed" in row.ours:
            yield Missed(row.instance, row.protection, "a pattern", str(row.ours["failed"]))
            continue
        for goal, found in (*_safe(row), *_peers(row), *_certified(row), *_fast(row)):
            yield Missed(row.instance, row.protection, goal, found)


def best_peer(row: Row) -> tuple[str, int] | None:
    """Return the peer that withholds fewest among those whose pattern may hold.

    One that was run here must have passed the audit. A recorded pattern is unknown; it counts
    unless it has fewer cells than any sufficient pattern needs, which is proven.
    """
    ran = {
        f"τ-ARGUS {mode}": each["complementary"]
        for mode, each in row.peers.items()
        if each.get("verdict") == "holds"
    }
    heard = {tool: each["complementary"] for tool, each in row.recorded.items()}
    told = ran | {tool: cells for tool, cells in heard.items() if cells >= row.ours["bound"]}
    return min(told.items(), key=lambda each: each[1]) if told else None


def _safe(row: Row) -> Iterator[tuple[str, str]]:
    if row.ours["verdict"] != "holds":
        yield "passes the audit", str(row.ours["verdict"])


def _peers(row: Row) -> Iterator[tuple[str, str]]:
    best = best_peer(row)
    if best and row.ours["complementary"] > best[1]:
        yield "never worse than a peer", f"{row.ours['complementary']}, {best[0]} {best[1]}"


def _certified(row: Row) -> Iterator[tuple[str, str]]:
    gap, seconds = row.ours["gap"], row.ours["protect_seconds"]
    found = f"gap {gap:.1%} after {seconds:.0f} s"
    if row.protection == "exact" and row.cells <= SMALL and (gap > 0 or seconds > 10):
        yield "proven in 10 s", found
    elif row.protection == "exact" and row.cells <= MIDDLE and (gap > 0.02 or seconds > 60):
        yield "within 2 % in 60 s", found
    elif row.protection == "range" and row.cells <= SMALL and (gap > 0.05 or seconds > 60):
        yield "within 5 % in 60 s", found


def _fast(row: Row) -> Iterator[tuple[str, str]]:
    audit = row.ours["audit_seconds"]
    whole = row.ours["protect_seconds"] + audit
    if row.cells <= MIDDLE and audit > AUDIT_SECONDS:
        yield "audited in 30 s", f"{audit:.0f} s"
    if row.cells >= LARGE and (whole > LARGE_SECONDS or row.ours["peak_mb"] > LARGE_MB):
        yield "10 min and 4 GB", f"{whole:.0f} s, {row.ours['peak_mb']:.0f} MB"
