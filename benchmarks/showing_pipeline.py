"""The ratios of the pipeline as one table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.pipeline import Compared


def show_pipeline(found: Sequence[Compared], out: Console) -> None:
    """Print one line for each way of each step; the ratio is our time over the baseline's."""
    table = Table(title="Pipeline, median of three after a warm-up", title_justify="left")
    table.add_column("step")
    table.add_column("encounters", justify="right")
    table.add_column("way")
    for name in ("seconds", "ours takes", "peak MB"):
        table.add_column(name, justify="right")
    for each in found:
        table.add_row(
            each.step,
            f"{each.rows:,}",
            f"{each.way}: {each.failed}" if each.failed else each.way,
            "–" if each.seconds is None else f"{each.seconds:.3f}",
            "" if each.ratio is None else f"{each.ratio:.1f} ×",
            "–" if each.peak_mb is None else f"{each.peak_mb:.0f}",
        )
    out.print(table)
