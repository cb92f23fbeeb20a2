"""What the terminal and the report show of a protected or attacked table."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from time import monotonic

import pandas as pd
from rich.console import Console
from rich.live import Live

from opengazette.disclosure.cell_protection import Attacked, ProtectedCells
from opengazette.disclosure.complementary import Progress
from opengazette.disclosure.given_cells import PublishedCells
from opengazette.documentation.protection_report import (
    Attack,
    Certificate,
    Interval,
    protection_report,
)
from opengazette.model.cell_structure import CellStructure

_BETWEEN_LINES = 2.0


@dataclass
class Search:
    """A search with a time limit, and what the terminal shows of it."""

    seconds: float
    out: Console
    live: Live | None
    started: float = field(default_factory=monotonic)
    told: float = float("-inf")
    last: str = ""

    def is_over(self) -> bool:
        """Tell whether the time is up."""
        return monotonic() - self.started >= self.seconds

    def tell(self, progress: Progress) -> None:
        """Show how far the search is: live on a terminal, else a line now and then."""
        now = monotonic()
        self.last = f"{now - self.started:6.1f} s  {progress_words(progress)}"
        if self.live is not None:
            self.live.update(self.last)
        elif now - self.told >= _BETWEEN_LINES:
            self.end()
            self.told = now

    def end(self) -> None:
        """Print the last that was heard, unless it is printed."""
        if self.last:
            self.out.print(self.last, soft_wrap=True)
            self.last = ""


@contextmanager
def searching(seconds: float) -> Iterator[Search]:
    """Show a search on the terminal until it ends."""
    out = Console(stderr=True, highlight=False)
    if not out.is_terminal:
        search = Search(seconds, out, None)
        yield search
        search.end()
        return
    with Live(console=out, transient=True, refresh_per_second=4) as live:
        yield Search(seconds, out, live)


def progress_words(progress: Progress) -> str:
    """Say in one line what the search has: best, bound and gap."""
    gap = (progress.cost - progress.bound) / progress.cost if progress.cost else 0.0
    return (
        f"part {progress.part} of {progress.parts}, round {progress.round}: "
        f"best {progress.cells:,}, bound {progress.bound:,.1f}, gap {100 * gap:.1f} %"
    )


def interval_rows(attacked: Attacked) -> Iterator[tuple[object, ...]]:
    """List what can be worked out of each protected cell that is withheld."""
    for finding in attacked.findings:
        status = "narrow" if not finding.covered else "covered" if finding.proved else "undecided"
        high = "" if finding.high == float("inf") else round(finding.high)
        yield (*finding.key, round(finding.low), high, status)


def proof_lines(attacked: Attacked) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each proof a title: the cell and what it comes to."""
    for proof in attacked.proofs:
        yield f"{' / '.join(proof.key)} is {proof.relation} {proof.value:,}:", proof.steps


def reported(structure: CellStructure, found: ProtectedCells, protection: str, file: str) -> bytes:
    """Return the report of a protected table."""
    cells, gone = found.cells, found.withheld
    values = pd.Series(cells.values).astype("Float64").mask(gone)
    status = pd.Series("published", index=values.index).mask(gone, "complementary")
    table = _frame(structure, cells.keys, values, status.mask(cells.is_primary(), "primary"))
    least = found.least_complementary
    certificate = Certificate(
        complementary=found.pattern.n_complementary,
        least=least,
        gap=found.gap,
        proven=least == found.pattern.n_complementary,
    )
    return _page(structure, table, found.attacked, certificate, protection, file)


def reported_attack(
    structure: CellStructure,
    cells: PublishedCells,
    attacked: Attacked,
    protection: str,
    file: str,
) -> bytes:
    """Return the report of an attacked table."""
    values = pd.Series(cells.values).astype("Float64")
    status = pd.Series("published", index=values.index).mask(values.isna(), "complementary")
    table = _frame(structure, cells.keys, values, status.mask(cells.primary, "primary"))
    return _page(structure, table, attacked, None, protection, file)


def _frame(
    structure: CellStructure,
    keys: tuple[tuple[str, ...], ...],
    values: pd.Series[float],
    status: pd.Series[str],
) -> pd.DataFrame:
    table = pd.DataFrame(list(keys), columns=[dim.name for dim in structure.dims])
    return table.assign(published=values, status=status)


def _page(
    structure: CellStructure,
    table: pd.DataFrame,
    attacked: Attacked,
    certificate: Certificate | None,
    protection: str,
    file: str,
) -> bytes:
    result = attacked.result
    return protection_report(
        structure.name or file,
        table,
        {f.key: Interval(f.low, f.high, covered=f.covered) for f in attacked.findings},
        Attack(
            passed=result.passed,
            protected=result.n_protected,
            exposed=result.n_exposed,
            narrow=result.n_narrow,
            determined=attacked.determined,
            undecided=result.n_undecided,
            proofs=tuple(proof_lines(attacked)),
        ),
        certificate,
        _options(structure, protection, file),
        threshold=structure.threshold,
    )


def _options(structure: CellStructure, protection: str, file: str) -> dict[str, str]:
    return {
        "Table": file,
        "Structure (SHA-256)": structure.fingerprint(),
        "Protection": protection,
        "Small counts": f"up to {structure.threshold}",
        "True zeros": "shown" if structure.zero_policy == "publish" else "primary",
        "OpenGazette": version("opengazette"),
        "HiGHS": version("highspy"),
        "Python": platform.python_version(),
    }
