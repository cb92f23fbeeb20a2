"""Commands for a table that stands alone: protect it, or attack one that is published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from opengazette.errors import DisclosureRisk, SettingsInvalid

if TYPE_CHECKING:
    from opengazette.disclosure.cell_protection import Attacked, ProtectedCells
    from opengazette.disclosure.given_cells import GivenCells
    from opengazette.model.cell_structure import CellStructure

Protection = Annotated[
    str, typer.Option(metavar="exact|range|width:N", help="What every primary cell is owed.")
]
MayBeZero = Annotated[
    bool,
    typer.Option(
        "--blank-may-be-zero", help="Take the attacker not to know that true zeros are shown."
    ),
]
Report = Annotated[Path | None, typer.Option(help="Write a report for people to this page.")]


def protect(
    cells: Annotated[
        Path, typer.Argument(metavar="CELLS.csv", help="The true counts with their totals.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="Where the protected table goes.")],
    structure: Annotated[
        Path | None, typer.Option(help="The dimensions and their totals: META.json.")
    ] = None,
    protection: Protection = "range",
    time_limit: Annotated[float, typer.Option(min=0.0, help="Seconds to search for fewer.")] = 60.0,
    report: Report = None,
    blank_may_be_zero: MayBeZero = False,
    trust_flags: Annotated[
        bool, typer.Option("--trust-flags", help="Show small counts that are not flagged.")
    ] = False,
    infer_totals: Annotated[
        bool, typer.Option("--infer-totals", help="Find the totals; there is no structure.")
    ] = False,
    threshold: Annotated[
        int, typer.Option(min=1, help="The largest small count, without a structure.")
    ] = 10,
    zeros: Annotated[
        Literal["publish", "primary"], typer.Option(help="What zeros are, without a structure.")
    ] = "publish",
) -> None:
    """Withhold as few cells of a table as possible, so that no primary cell can be worked out."""
    from opengazette.adapters.cell_files import write_page, write_published_cells
    from opengazette.cli.protecting_shown import reported, searching
    from opengazette.disclosure.cell_protection import Options, demanded, protect_cells

    form, given = _table(cells, structure, infer_totals, threshold, zeros)
    owed, asked = demanded(protection, form), _asked(protection, blank_may_be_zero)
    with searching(time_limit) as search:
        found = protect_cells(
            form,
            given,
            owed,
            stop=search.is_over,
            progress=search.tell,
            options=Options(trust_flags=trust_flags, may_be_zero=blank_may_be_zero),
        )
    page = reported(form, found, asked, cells.name) if report is not None else b""
    write_published_cells(out, [dim.name for dim in form.dims], found.cells, found.withheld)
    if report is not None:
        write_page(report, page)
    _show_protected(found, out, report)


def audit(
    published: Annotated[
        Path, typer.Argument(metavar="PUBLISHED.csv", help="A published table with blanks.")
    ],
    *,
    structure: Annotated[Path, typer.Option(help="The dimensions and their totals: META.json.")],
    protection: Protection = "range",
    intervals: Annotated[
        Path | None, typer.Option(help="Write what can be worked out of each cell to this CSV.")
    ] = None,
    proofs: Annotated[int, typer.Option(min=0, help="How many cells to prove at most.")] = 5,
    report: Report = None,
    blank_may_be_zero: MayBeZero = False,
) -> None:
    """Attack a published table: work out its withheld cells from everything that is shown."""
    from opengazette.adapters.cell_files import (
        read_published_cells,
        read_structure,
        write_page,
        write_rows,
    )
    from opengazette.cli.protecting_shown import interval_rows, reported_attack
    from opengazette.disclosure.cell_protection import attack_cells, demanded

    form = read_structure(structure)
    cells = read_published_cells(published, form)
    owed, asked = demanded(protection, form), _asked(protection, blank_may_be_zero)
    attacked = attack_cells(form, cells, owed, n_proofs=proofs, may_be_zero=blank_may_be_zero)
    if intervals is not None:
        header = [*(dim.name for dim in form.dims), "low", "high", "status"]
        write_rows(intervals, header, interval_rows(attacked))
    if report is not None:
        write_page(report, reported_attack(form, cells, attacked, asked, published.name))
    _show_attack(attacked)


def _table(
    cells: Path,
    structure: Path | None,
    infer_totals: bool,  # noqa: FBT001 - handed on from the command line
    threshold: int,
    zeros: Literal["publish", "primary"],
) -> tuple[CellStructure, GivenCells]:
    from opengazette.adapters.cell_files import read_cells, read_long_cells, read_structure
    from opengazette.disclosure.inferred_totals import inferred_structure

    if structure is not None:
        form = read_structure(structure)
        return form, read_cells(cells, form)
    if not infer_totals:
        raise SettingsInvalid(
            "Neither --structure nor --infer-totals is given.",
            "Describe the dimensions in a META.json, or let the totals be found.",
        )
    names, given = read_long_cells(cells)
    return inferred_structure(given, names, threshold=threshold, zero_policy=zeros), given


def _asked(protection: str, blank_may_be_zero: bool) -> str:  # noqa: FBT001 - handed on
    return f"{protection}, a blank may be zero" if blank_may_be_zero else protection


def _show_protected(found: ProtectedCells, out: Path, report: Path | None) -> None:
    show = Console(highlight=False, soft_wrap=True)
    pattern, least = found.pattern, found.least_complementary
    proven = least == pattern.n_complementary
    show.print(f"Primary cells withheld: {pattern.n_primary:,}")
    show.print(f"Complementary cells withheld: {pattern.n_complementary:,}")
    show.print(
        "Certificate: no pattern has fewer; proven."
        if proven
        else f"Certificate: no pattern has fewer than {least:,}; gap {100 * found.gap:.1f} %."
    )
    show.print(f"Audit: passed; {found.attacked.result.n_protected:,} cells attacked.")
    show.print(f"Written: {out}" + (f" and {report}" if report else ""))


def _show_attack(attacked: Attacked) -> None:
    from opengazette.cli.protecting_shown import proof_lines

    show, result = Console(highlight=False, soft_wrap=True), attacked.result
    show.print(f"Withheld cells: {result.n_withheld:,}, protected: {result.n_protected:,}")
    show.print(f"Known exactly: {attacked.determined:,}")
    show.print(f"Narrower than asked for: {result.n_narrow:,}")
    show.print(f"Not settled: {result.n_undecided:,}")
    show.print(f"Small counts shown: {result.n_exposed:,}")
    for title, steps in proof_lines(attacked):
        show.print(f"\n{title}", markup=False)
        for step in steps:
            show.print(f"  {step}", markup=False)
    if not result.passed:
        raise DisclosureRisk(
            f"The table gives away {result.n_narrow} cells, leaves {result.n_undecided} unsettled "
            f"and shows {result.n_exposed} small counts.",
            "Withhold more cells, or merge categories: opengazette protect.",
        )
