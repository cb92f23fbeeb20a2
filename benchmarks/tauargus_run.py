"""Runs τ-ARGUS on files that `peers` wrote. Needs pytauargus and nothing else of this project.

τ-ARGUS leaves files where it is started and takes up those it finds, so each run has a folder.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path


def solve(mode: str, folder: str, minutes: int) -> dict[str, object]:
    """Return the numbers of the withheld cells and the processor seconds that they took."""
    os.chdir(folder)
    tempfile.tempdir = folder
    begun = time.process_time()
    hidden = _optimal(Path(folder), minutes) if mode == "OPT" else _modular(Path(folder))
    return {"hidden": hidden, "seconds": time.process_time() - begun}


def _optimal(folder: Path, minutes: int) -> list[int]:
    from pytauargus import HiTaSCtrl  # type: ignore[import-not-found]

    told = folder / "out.jj"
    status = HiTaSCtrl().full_jj(
        in_file_jj=str(folder / "in.jj"), out_file=str(told), max_time=minutes
    )
    if status > 1:
        raise SystemExit(f"FullJJ ended with status {status}")
    return [int(number) for number in told.read_text().split()]


def _modular(folder: Path) -> list[int]:
    from pytauargus.engine import run_batch  # type: ignore[import-not-found]

    run_batch(folder / "in.arb")
    rows = (folder / "out.tab").read_text().splitlines()
    numbers = json.loads((folder / "numbers.json").read_text())
    hidden = []
    for row in rows:
        *codes, _value, _freq, _cost, status, _lower, _upper = row.split(";")
        if status == "M":
            hidden.append(numbers[";".join(code.strip().strip('"').strip() for code in codes)])
    return hidden


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    asked, answer = map(Path, sys.argv[1:3])
    result = solve(**json.loads(asked.read_text()))
    answer.write_text(json.dumps({"result": result, "peak_mb": round(_peak_mb(), 1)}))
