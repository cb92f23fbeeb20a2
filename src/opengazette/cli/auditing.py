"""The command that attacks a published table, ours or another agency's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from opengazette.cli.protecting import (
    Known,
    Linked,
    LinkedStructure,
    MayBeZero,
    Protection,
    Report,
    as_asked,
)
from opengazette.errors import DisclosureRisk

if TYPE_CHECKING:
    from opengazette.disclosure.standalone.attack import Attacked


def audit(
    published: Annotated[
        Path, typer.Argument(metavar="PUBLISHED.csv", help="A published table with blanks.")
    ],
    *,
    structure: Annotated[Path, typer.Option(help="The dimensions and their totals: META.json.")],
    protection: Protection = "range",
    linked: Linked = None,
    linked_structure: LinkedStructure = None,
    known: Known = None,
    intervals: Annotated[
        Path | None, typer.Option(help="Write what can be worked out of each cell to this CSV.")
    ] = None,
    proofs: Annotated[int, typer.Option(min=0, help="How many cells to prove at most.")] = 5,
    report: Report = None,
    blank_may_be_zero: MayBeZero = False,
) -> None:
    """Attack a published table: work out its withheld cells from everything that is shown."""
    from opengazette.adapters.beside_files import read_beside
    from opengazette.adapters.cell_files import (
        read_published_cells,
        read_structure,
        write_page,
        write_rows,
    )
    from opengazette.cli.protecting_shown import interval_rows, reported_attack
    from opengazette.disclosure.standalone.attack import attack_cells
    from opengazette.disclosure.standalone.protection import demanded

    form = read_structure(structure)
    cells = read_published_cells(published, form)
    owed, asked = demanded(protection, form), as_asked(protection, blank_may_be_zero)
    attacked = attack_cells(
        form,
        cells,
        owed,
        n_proofs=proofs,
        may_be_zero=blank_may_be_zero,
        beside=read_beside(form, linked or [], linked_structure or [], known or []),
    )
    if intervals is not None:
        header = [*(dim.name for dim in form.dims), "low", "high", "status"]
        write_rows(intervals, header, interval_rows(attacked))
    if report is not None:
        write_page(report, reported_attack(form, cells, attacked, asked, published.name))
    _show_attack(attacked)


def _show_attack(attacked: Attacked) -> None:
    from opengazette.cli.protecting_shown import proof_lines

    show, result = Console(highlight=False, markup=False, soft_wrap=True), attacked.result
    show.print(f"Withheld cells: {result.n_withheld:,}, protected: {result.n_protected:,}")
    show.print(f"Known exactly: {attacked.determined:,}")
    show.print(f"Narrower than asked for: {result.n_narrow:,}")
    show.print(f"Not settled: {result.n_undecided:,}")
    show.print(f"Small counts shown: {result.n_exposed:,}")
    if attacked.n_beside:
        show.print(
            f"Protected beside it: {attacked.n_beside:,}, of which fail: "
            f"{attacked.n_beside_failing:,}"
        )
    for title, steps in proof_lines(attacked):
        show.print(f"\n{title}", markup=False)
        for step in steps:
            show.print(f"  {step}", markup=False)
    if not attacked.passed:
        beside = attacked.n_beside_failing
        elsewhere = f" With it, {beside} cells beside it are given away." if beside else ""
        raise DisclosureRisk(
            f"The table gives away {result.n_narrow} cells, leaves {result.n_undecided} unsettled "
            f"and shows {result.n_exposed} small counts.{elsewhere}",
            "Withhold more cells, or merge categories: opengazette protect.",
        )
