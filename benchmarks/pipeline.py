"""The steps of the pipeline, each beside baselines that have a name, in one run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measuring import Measured, in_child, machine

_LIMIT = 1_800.0
_STEPS, _PORTAL = "benchmarks.pipeline_steps", "benchmarks.pipeline_portal"

#: For each step: what is ours, then the baselines, as (name, task).
COMPARED: dict[str, tuple[tuple[str, str], ...]] = {
    "extract": (
        ("DuckDBSource", f"{_STEPS}:extract_ours"),
        ("DuckDB COPY, any order", f"{_STEPS}:extract_copy"),
        ("DuckDB COPY, same order", f"{_STEPS}:extract_copy_ordered"),
    ),
    "validate": (
        ("GreatExpectationsValidator", f"{_STEPS}:validate_ours"),
        ("DuckDB, one statement", f"{_STEPS}:validate_sql"),
    ),
    "tabulate": (
        ("IbisTabulator", f"{_STEPS}:tabulate_ours"),
        ("DuckDB GROUP BY", f"{_STEPS}:tabulate_sql"),
        ("pandas groupby", f"{_STEPS}:tabulate_pandas"),
    ),
    "margins": (
        ("with_margins", f"{_STEPS}:margins_ours"),
        ("DuckDB GROUP BY CUBE", f"{_STEPS}:margins_cube"),
    ),
    "publish": (
        ("SocrataPortal", f"{_PORTAL}:publish_ours"),
        ("one PUT", f"{_PORTAL}:publish_put"),
    ),
}


@dataclass(frozen=True)
class Compared:
    """One way of one step: seconds and peak memory, and the ratio of our time to its time.

    `checked` is what the work came to; a baseline that came to something else has failed.
    """

    step: str
    rows: int
    way: str
    seconds: float | None
    ratio: float | None
    peak_mb: float | None
    checked: int | None
    failed: str = ""


def measured(counts: Sequence[int], file: Path) -> tuple[Compared, ...]:
    """Measure every step at each number of encounters, and write the figures as JSON."""
    found: list[Compared] = []
    for rows in counts:
        with tempfile.TemporaryDirectory() as folder:
            prepared = in_child(f"{_STEPS}:prepare", {"folder": folder, "rows": rows}, limit=_LIMIT)
            if prepared.failed:
                raise RuntimeError(f"The encounters were not generated: {prepared.failed}")
            for step in COMPARED:
                found.extend(_step(step, rows, folder))
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": machine(), "rows": [asdict(each) for each in found]}
    file.write_text(json.dumps(told, indent=1) + "\n")
    return tuple(found)


def _step(step: str, rows: int, folder: str) -> Iterator[Compared]:
    ours: Measured | None = None
    for way, task in COMPARED[step]:
        each = in_child(task, {"folder": folder}, limit=_LIMIT)
        ours = ours or each
        yield _compared(step, rows, way, each, ours)


def _compared(step: str, rows: int, way: str, each: Measured, ours: Measured) -> Compared:
    if each.failed:
        return Compared(step, rows, way, None, None, None, None, each.failed)
    seconds, checked = each.result["seconds"], each.result["checked"]
    differs = bool(ours.result) and ours.result["checked"] != checked
    ratio = ours.result["seconds"] / seconds if ours.result and each is not ours else None
    failed = "came to another result" if differs else ""
    return Compared(step, rows, way, seconds, ratio, each.peak_mb, checked, failed)
