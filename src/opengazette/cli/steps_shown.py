"""The steps of one dataset on the terminal, as they begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def telling(out: Console, dataset: str) -> Iterator[Callable[[str], None]]:
    """Show the current step: in one moving line on a terminal, else one line for each step."""
    if not out.is_terminal:
        yield lambda step: out.print(f"{dataset}: {step}", markup=False)
        return
    with out.status(dataset) as status:
        yield lambda step: status.update(f"{dataset}: {step}")
