"""A night on the terminal while it runs: one line for each dataset, its step, its time."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from opengazette.cli.night_watch import Night, Progress

_LOOK_SECONDS = 0.7


def show_until_done(night: Night, datasets: Sequence[str], out: Console) -> None:
    """Show how far each dataset is until the night is over."""
    if out.is_terminal:
        _show_live(night, datasets, out)
    else:
        _show_lines(night, out)


def _show_live(night: Night, datasets: Sequence[str], out: Console) -> None:
    spinner = Spinner("dots")
    known: Sequence[Progress] = ()
    with Live(console=out, refresh_per_second=8, transient=True) as live:
        while not _over(night):
            known = night.progress() or known
            live.update(_table(datasets, known, spinner))


def _show_lines(night: Night, out: Console) -> None:
    told: dict[str, str] = {}
    over = False
    while not over:
        over = _over(night)
        for progress in night.progress():
            if told.get(progress.dataset) != progress.words:
                told[progress.dataset] = progress.words
                out.print(f"{progress.dataset}: {progress.words}")


def _table(datasets: Sequence[str], progress: Sequence[Progress], spinner: Spinner) -> Table:
    known = {each.dataset: each for each in progress}
    table = Table.grid(padding=(0, 2))
    for dataset in datasets:
        each = known.get(dataset)
        if each is None:
            table.add_row(" ", dataset, Text("waits its turn", style="dim"), "")
            continue
        mark = Text("•", style="green") if each.ended else spinner
        table.add_row(mark, dataset, each.words, f"{each.seconds:.0f} s")
    return table


def _over(night: Night) -> bool:
    try:
        night.process.wait(_LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
