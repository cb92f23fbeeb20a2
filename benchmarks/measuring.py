"""Runs one measurement in a process of its own, so that time and memory are its own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]

#: What every child prints of itself: `{"result": ..., "peak_mb": ...}`.
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """What a child came to: its result, its peak memory, or why there is none."""

    result: Mapping[str, Any] = field(default_factory=dict)
    peak_mb: float | None = None
    seconds: float = 0.0
    failed: str = ""


def in_child(task: str, arguments: Mapping[str, Any], *, limit: float) -> Measured:
    """Call `module:function` with keyword arguments in a fresh interpreter.

    Units: `limit` and `seconds` are seconds of the whole process, imports included. What the
    function times itself is in its result.
    """
    return started([sys.executable, "-m", "benchmarks.measuring", task], arguments, limit=limit)


def started(command: Sequence[str], arguments: Mapping[str, Any], *, limit: float) -> Measured:
    """Run a program that takes the names of two JSON files: its arguments and its answer."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder, "asked.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(arguments))
        begun = time.perf_counter()
        try:
            done = subprocess.run(
                [*command, str(asked), str(answer)],
                cwd=CHECKOUT,
                timeout=limit,
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return Measured(seconds=limit, failed=f"over {limit:.0f} s")
        seconds = time.perf_counter() - begun
        if done.returncode or not answer.is_file():
            return Measured(seconds=seconds, failed=_last_line(done.stderr, done.returncode))
        told = json.loads(answer.read_text())
        return Measured(told["result"], told["peak_mb"], seconds)


@dataclass(frozen=True)
class Clock:
    """Seconds since it was started: of this process on processors, and on the wall.

    On a machine with other work the first is what an idle one would need; nothing that is
    measured here runs on several processors at once.
    """

    processor: float
    wall: float

    @classmethod
    def started(cls) -> Clock:
        """Start to count."""
        return cls(time.process_time(), time.perf_counter())

    def spent(self) -> Clock:
        """Return what has been spent since."""
        return Clock(time.process_time() - self.processor, time.perf_counter() - self.wall)


def median_seconds(work: Callable[[], object], *, times: int) -> float:
    """Return the median time of some calls, after one that does not count."""
    work()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def peak_mb() -> float:
    """Return the most memory that this process has held so far, in megabytes.

    Linux counts the parent's memory in `ru_maxrss` of a child, so it is not asked where the
    kernel tells the peak of the program itself.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(each for each in status.read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    import platform

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"cores": cores, "python": platform.python_version(), "system": platform.system()}


def _last_line(errors: str, status: int) -> str:
    lines = [line for line in errors.splitlines() if line.strip()]
    return lines[-1][:120] if lines else f"ended with status {status}"


def _answer(task: str, asked: Path, answer: Path) -> None:
    module, _, function = task.partition(":")
    result = getattr(import_module(module), function)(**json.loads(asked.read_text()))
    answer.write_text(json.dumps({"result": result, "peak_mb": round(peak_mb(), 1)}))


if __name__ == "__main__":
    _answer(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
