"""kill -9 at any instant: the public sees a whole table, and the next run finishes.

`FAULTS=all KILLS=200 pytest tests/faults/test_killed_anywhere.py` kills more often, and by each
protocol.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from examples.offices import SENDERS, LocalPortal, Office

pytestmark = pytest.mark.servers

KILLS = int(os.environ.get("KILLS", "15"))
PROTOCOLS = list(SENDERS) if os.environ.get("FAULTS") == "all" else ["soda"]


def seen(office: Office) -> int | None:
    """Return the number of rows that a stranger sees, None where nothing is public."""
    public = office.public()
    assert len(public) <= 1, "no dataset stands there twice"
    for uid in public:
        rows = office.rows_seen(uid) or []
        assert len({json.dumps(row) for row in rows}) == len(rows), "no row stands there twice"
    return next(iter(public.values()), None)


def killed_after(seconds: float, act: Callable[[], object]) -> bool:
    """Run in another process, kill it after a while, and tell whether it was still at work."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def seconds_of(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def spread(number: int) -> float:
    """Return instants between 0 and 1 that never repeat and leave no gap, the same each time."""
    return number * 0.6180339887 % 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(
    tmp_path: Path, local_portal: LocalPortal, protocol: str
) -> None:
    office = Office(tmp_path / "archive", local_portal, protocol)
    office.publish(3)
    lasts = seconds_of(lambda: office.publish(4))
    before, struck = 4, 0
    for n, rows in enumerate(range(5, 5 + KILLS)):
        struck += killed_after(
            lasts * spread(n),
            lambda rows=rows: office.publish(rows),  # type: ignore[misc]
        )
        assert seen(office) in (before, rows), "a part of the table is public"
        office.publish(rows)
        assert seen(office) == rows
        assert len(office.known()) == 1
        assert office.kinds()[-1] == "published"
        before = rows
    assert struck > KILLS // 2, "most runs were killed at work"


def test_a_withdrawal_that_is_killed_anywhere_is_finished_by_the_next(
    tmp_path: Path, local_portal: LocalPortal
) -> None:
    office = Office(tmp_path / "archive", local_portal)
    office.publish(3)
    lasts = seconds_of(office.withdraw)
    for n in range(KILLS // 3):
        office.resume()
        office.publish(3)
        killed_after(lasts * spread(n), office.withdraw)
        assert seen(office) in (3, None)
        office.withdraw()
        assert seen(office) is None
        assert office.kinds()[-1] == "withdrawn"
