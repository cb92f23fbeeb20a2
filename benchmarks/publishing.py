"""Publishing beside one bare request: throughput, memory, and nights on which nothing changes."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import in_child, machine
from benchmarks.pipeline_portal import served_portal

PROTOCOLS: Final = ("soda", "revisions")
_LIMIT: Final = 7_200.0
_TIMES: Final = 3
#: From here on one round is measured: it takes minutes, and a moment of other work is lost in it.
_LARGE: Final = 2_000_000
_OFFICE: Final = "benchmarks.publishing_office"


@dataclass(frozen=True)
class Sent:
    """One size by one protocol: medians of seconds, and the publisher's peak memory.

    `whole` is `send` (the rows, until the portal says that it has them), `papers` (metadata,
    attachments, permission), `records` (archive and ledger) and `compare` (the file's own digest,
    and what a stranger reads). `few` is the whole where few rows differ.
    """

    protocol: str
    rows: int
    bare: float
    send: float
    papers: float
    records: float
    compare: float
    whole: float
    few: float
    peak_mb: float


@dataclass(frozen=True)
class Nothing:
    """A night on which no dataset has changed: seconds and requests for one dataset."""

    datasets: int
    rows: int
    plan_seconds: float
    plan_requests: float
    publish_seconds: float
    publish_requests: float
    chain_entries: int
    chain_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Found:
    """All that was measured."""

    sent: tuple[Sent, ...]
    nothing: Nothing | None


def measured(
    counts: Sequence[int], datasets: int, file: Path, *, rows: int = 1_000, nights: int = 365
) -> Found:
    """Publish tables of these sizes, then many datasets of `rows` rows twice.

    `nights` entries are in the chain whose reading is timed. Without `datasets` there is no night.
    The figures are written after each measurement, as the largest take long.
    """
    found = Found((), _nothing(datasets, rows, nights) if datasets else None)
    _keep(found, file)
    for count in counts:
        for protocol in PROTOCOLS:
            found = replace(found, sent=(*found.sent, _sent(protocol, count)))
            _keep(found, file)
    return found


def _keep(found: Found, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": machine(), **asdict(found)}, indent=1) + "\n")


def _sent(protocol: str, rows: int) -> Sent:
    times = _TIMES if rows < _LARGE else 1
    told = dict(_told("rounds", {"protocol": protocol, "rows": rows, "times": times}))
    return Sent(protocol=protocol, rows=rows, peak_mb=told.pop("peak"), **told)


def _nothing(datasets: int, rows: int, nights: int) -> Nothing:
    told = dict(_told("nothing_new", {"datasets": datasets, "rows": rows, "nights": nights}))
    return Nothing(datasets=datasets, rows=rows, peak_mb=told.pop("peak"), **told)


def _told(task: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run a task of the publisher beside a portal that is a process of its own."""
    password = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        log = folder / "requests.txt"
        with served_portal(folder / "portal", password, log) as (url, _):
            there = {"folder": str(folder / "archive"), "url": url, "password": password}
            there |= {"log": str(log)} if task == "nothing_new" else {}
            done = in_child(f"{_OFFICE}:{task}", {**there, **asked}, limit=_LIMIT)
    if done.failed:
        raise RuntimeError(f"Publishing was not measured: {done.failed}")
    return done.result


def growth(sent: Sequence[Sent]) -> Iterator[tuple[str, float]]:
    """Yield for each protocol the peak memory at most rows over that at fewest."""
    for protocol in PROTOCOLS:
        mine = sorted((each.rows, each.peak_mb) for each in sent if each.protocol == protocol)
        if len(mine) > 1:
            yield protocol, mine[-1][1] / mine[0][1]
