"""What the terminal shows of a search while it works, and how Ctrl-C ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from opengazette.disclosure.complementary.pattern import Progress
from opengazette.documentation.protection_receipt import Ended

_BETWEEN_LINES = 2.0
_FIRST = "looking for a first pattern"


@dataclass
class Search:
    """A search with a time limit, and what the terminal shows of it.

    `in_cells` says that what it looks for is the least number of this table's cells.
    """

    seconds: float
    out: Console
    in_cells: bool = True
    started: float = field(default_factory=monotonic)
    told: float = float("-inf")
    words: str = _FIRST
    is_told: bool = False
    is_late: bool = False
    interrupted: bool = False
    auditing: bool = False

    def is_over(self) -> bool:
        """Tell whether the time is up, or somebody wants no more."""
        self.is_late = self.is_late or monotonic() - self.started >= self.seconds
        return self.interrupted or self.is_late

    def tell(self, progress: Progress) -> None:
        """Take note of how far the search is; without a terminal, print a line now and then."""
        self.words, self.is_told = progress_words(progress, in_cells=self.in_cells), False
        if not self.out.is_terminal and monotonic() - self.told >= _BETWEEN_LINES:
            self.end()

    def audit(self) -> None:
        """Take note that the search is over and its result is being attacked."""
        if not self.out.is_terminal:
            self.end()
        self.words, self.is_told, self.auditing = "attacking what would be published", False, True
        if not self.out.is_terminal:
            self.end()

    def end(self) -> None:
        """Print the last that was heard, unless it is printed."""
        if not self.is_told:
            self.out.print(self.line(), soft_wrap=True)
            self.told, self.is_told = monotonic(), True

    def why_ended(self, *, proven: bool, within: bool) -> Ended:
        """Say why the search is over."""
        if proven:
            return "proven"
        if within:
            return "within the gap"
        if self.interrupted:
            return "interrupted"
        return "time limit" if self.is_late else "rounds used up"

    def line(self) -> Text:
        """Return the line of the moment, with the seconds so far."""
        return Text(f"{monotonic() - self.started:6.1f} s  {self.words}")

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """End the search at the next good stop; end everything the second time.

        Raises:
            KeyboardInterrupt: it is the second time, or there is nothing to keep.
        """
        if self.interrupted or self.auditing:
            raise KeyboardInterrupt
        self.interrupted = True
        self.out.print(
            "Stopping: the best pattern so far will be audited and written. "
            "Ctrl-C again ends without one.",
            soft_wrap=True,
        )


@contextmanager
def searching(seconds: float, *, in_cells: bool = True) -> Iterator[Search]:
    """Show a search until it ends: one live line on a terminal, else lines now and then."""
    search = Search(seconds, Console(stderr=True, highlight=False, markup=False), in_cells)
    with _interruptible(search):
        if search.out.is_terminal:
            with Live(
                console=search.out,
                transient=True,
                refresh_per_second=4,
                get_renderable=search.line,
            ):
                yield search
        else:
            search.end()
            yield search
            search.end()


def progress_words(progress: Progress, *, in_cells: bool = True) -> str:
    """Say in one line what the search has: best, bound and gap."""
    gap = (progress.cost - progress.bound) / progress.cost if progress.cost else 0.0
    best = f"{progress.cells:,}" if in_cells else f"{progress.cost:,.1f}"
    return (
        f"part {progress.part} of {progress.parts}, round {progress.round}: "
        f"best {best}, bound {progress.bound:,.1f}, gap {100 * gap:.1f} %"
    )


@contextmanager
def _interruptible(search: Search) -> Iterator[None]:
    """Let Ctrl-C end the search instead of the command."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, search.interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
