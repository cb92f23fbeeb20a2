"""A night as the command line sees it: a child process that notes its run in a file.

How far it is, Prefect's API tells where it answers in time; what it came to never hangs on that.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from opengazette.adapters.services import process_environment
from opengazette.adapters.settings import Settings

_ANSWER_SECONDS = 5.0
_END_SECONDS = 15.0


@dataclass(frozen=True)
class Progress:
    """How far the run of one dataset is."""

    dataset: str
    words: str
    ended: bool
    seconds: float


@dataclass(frozen=True)
class Night:
    """A run of the flow `nightly` in a process of its own, followed by its tag."""

    settings: Settings
    tag: str
    noted: Path
    process: subprocess.Popen[bytes]

    def progress(self) -> tuple[Progress, ...]:
        """Return how far each dataset is that has begun, in the order in which they began.

        Nothing where the Prefect server does not answer in time.
        """
        runs = self._ask("flow_runs")
        steps = self._ask("task_runs")
        if runs is None or steps is None:
            return ()
        return tuple(_progress(run, steps) for run in runs if "dataset" in run["parameters"])

    def run_id(self) -> str | None:
        """Return the id of the night's flow run, once it is over; none where it did not end."""
        return self.noted.read_text() if self.noted.exists() else None

    def _ask(self, kind: str) -> list[dict[str, Any]] | None:
        try:
            answer = httpx.post(
                f"{self.settings.prefect_url}/api/{kind}/filter",
                json={kind: {"tags": {"all_": [self.tag]}}},
                timeout=_ANSWER_SECONDS,
            ).raise_for_status()
        except httpx.HTTPError:
            return None
        found: list[dict[str, Any]] = answer.json()
        return sorted(found, key=lambda run: str(run["created"]))


@contextmanager
def begun(settings: Settings, datasets: Sequence[str], log: Path) -> Iterator[Night]:
    """Begin a night; a night that is left early is stopped."""
    tag = f"night-{uuid.uuid4()}"
    noted = settings.var / "run" / f"{tag}.run"
    command = [sys.executable, "-m", "opengazette.flows.nightly"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--tag", tag, "--note", str(noted), *datasets],
            cwd=settings.root,
            env=process_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Night(settings, tag, noted, process)
    finally:
        _end(process)
        noted.unlink(missing_ok=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _progress(run: dict[str, Any], steps: Sequence[dict[str, Any]]) -> Progress:
    own = [step for step in steps if step["flow_run_id"] == run["id"]]
    ended = run["end_time"] is not None
    step = str(own[-1]["name"]).rsplit("-", 1)[0] if own else "starting"
    name = str(run["state_name"]).lower()
    return Progress(
        dataset=str(run["parameters"]["dataset"]),
        words=name if ended else step,
        ended=ended,
        seconds=_seconds(run),
    )


def _seconds(run: dict[str, Any]) -> float:
    if run["start_time"] is None:
        return 0.0
    begin = datetime.fromisoformat(run["start_time"])
    end = datetime.fromisoformat(run["end_time"]) if run["end_time"] else datetime.now(UTC)
    return max(0.0, (end - begin).total_seconds())
