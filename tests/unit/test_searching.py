"""What is heard of a search while it works, and how a person ends it."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from opengazette.cli.searching import Search, progress_words, searching
from opengazette.disclosure.complementary.pattern import Progress

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
HALF = Progress(part=1, parts=2, round=3, cells=1200, cost=1200.4, bound=1100.0)


def search(seconds: float = 60.0) -> tuple[Search, io.StringIO]:
    heard = io.StringIO()
    return Search(seconds, Console(file=heard, highlight=False, width=200)), heard


def test_a_line_has_the_best_the_bound_and_the_gap() -> None:
    assert progress_words(HALF) == "part 1 of 2, round 3: best 1,200, bound 1,100.0, gap 8.4 %"
    assert "best 1,200.4, bound" in progress_words(HALF, in_cells=False)


def test_a_pipe_hears_the_first_line_and_the_last_but_not_all() -> None:
    working, heard = search()
    for number in range(50):
        working.tell(Progress(1, 1, number, 10, 10.0, 5.0))
    working.end()
    working.end()
    lines = heard.getvalue().splitlines()
    assert 2 <= len(lines) <= 4
    assert "round 0:" in lines[0]
    assert "round 49:" in lines[-1]


def test_the_audit_is_announced() -> None:
    working, heard = search()
    working.audit()
    assert "looking for a first pattern" in heard.getvalue()
    assert heard.getvalue().rstrip().endswith("attacking what would be published")


def test_the_first_interruption_ends_the_search_the_second_everything() -> None:
    working, heard = search()
    assert not working.is_over()
    working.interrupt(signal.SIGINT, None)
    assert working.is_over()
    assert "the best pattern so far" in heard.getvalue()
    assert working.why_ended(proven=False, within=False) == "interrupted"
    with pytest.raises(KeyboardInterrupt):
        working.interrupt(signal.SIGINT, None)


def test_while_the_result_is_attacked_there_is_nothing_to_keep() -> None:
    working, _ = search()
    working.audit()
    with pytest.raises(KeyboardInterrupt):
        working.interrupt(signal.SIGINT, None)


def test_the_reason_for_the_end_is_told_as_it_is() -> None:
    late, _ = search(0.0)
    assert late.is_over()
    assert late.why_ended(proven=False, within=False) == "time limit"
    assert late.why_ended(proven=True, within=True) == "proven"
    done, _ = search()
    assert done.why_ended(proven=False, within=True) == "within the gap"
    assert done.why_ended(proven=False, within=False) == "rounds used up"


def test_ctrl_c_is_given_back_after_the_search() -> None:
    before = signal.getsignal(signal.SIGINT)
    with searching(1.0):
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_thread_can_search_too() -> None:
    ended = list[bool]()

    def work() -> None:
        with searching(0.0) as working:
            ended.append(working.is_over())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]


def test_a_terminal_has_one_line_that_disappears(tmp_path: Path) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "opengazette.cli.main", "protect"]
    files = [str(EXAMPLES / "visits.csv"), "--structure", str(EXAMPLES / "visits.json")]
    with subprocess.Popen(
        [*command, *files, "--out", str(tmp_path / "out.csv")],
        stderr=child,
        stdout=subprocess.PIPE,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    ) as running:
        os.close(child)
        seen = b""
        while True:
            try:
                piece = os.read(parent, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        said = running.communicate()[0].decode()
    os.close(parent)
    assert "Audit: passed" in said
    assert b"attacking what would be published" in seen
    assert b"\x1b[2K" in seen
