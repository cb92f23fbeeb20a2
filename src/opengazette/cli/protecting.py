"""The command that protects a table of counts that stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from opengazette.errors import SettingsInvalid

if TYPE_CHECKING:
    from opengazette.disclosure.standalone.given_cells import GivenCells
    from opengazette.disclosure.standalone.prices import Objective
    from opengazette.disclosure.standalone.protection import Options, ProtectedCells
    from opengazette.documentation.protection_receipt import Ended
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
Linked = Annotated[
    list[Path] | None, typer.Option(help="A published table of the same records; repeatable.")
]
LinkedStructure = Annotated[
    list[Path] | None, typer.Option(help="The structure of each --linked, in the same order.")
]
Known = Annotated[
    list[Path] | None, typer.Option(help="An earlier release of the same table; repeatable.")
]


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
    objective: Annotated[
        Literal["count", "sum", "weights"] | None,
        typer.Option(help="What shall be least; weights where the files give any, else count."),
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="What was written last time, to withhold the same again.")
    ] = None,
    linked: Linked = None,
    linked_structure: LinkedStructure = None,
    known: Known = None,
    time_limit: Annotated[float, typer.Option(min=0.0, help="Seconds to search for less.")] = 60.0,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="End within this share of the least possible.")
    ] = 0.0,
    report: Report = None,
    receipt: Annotated[Path | None, typer.Option(help="Write what was done to this JSON.")] = None,
    advise: Annotated[
        bool, typer.Option("--advise", help="Where nothing protects the table, try what would.")
    ] = False,
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
    from opengazette.cli.searching import searching
    from opengazette.disclosure.standalone.protection import demanded, protect_cells

    read = InputFiles(cells, structure, previous, linked, linked_structure, known)
    written = OutputFiles(out, report, receipt)
    form, given = _table(cells, structure, infer_totals, threshold, zeros)
    owed, asked = demanded(protection, form), as_asked(protection, blank_may_be_zero)
    options = _options(form, given, read, objective, gap)
    options = replace(
        options, trust_flags=trust_flags, may_be_zero=blank_may_be_zero, advise=advise
    )
    in_cells = options.objective == "count" and not (options.previous or options.beside)
    with searching(time_limit, in_cells=in_cells) as search:
        found = protect_cells(
            form,
            given,
            owed,
            stop=search.is_over,
            progress=search.tell,
            audit=search.audit,
            options=options,
        )
    ended = search.why_ended(proven=found.certificate.is_proven, within=found.gap <= gap)
    told: dict[str, str | float | bool] = {
        "protection": asked,
        "time_limit": time_limit,
        "infer_totals": infer_totals,
    }
    _write(form, found, options, told, read, written, ended)
    _show_protected(found, ended, written)


def as_asked(protection: str, blank_may_be_zero: bool) -> str:  # noqa: FBT001 - handed on
    """Say which protection was asked for, and against whom."""
    return f"{protection}, a blank may be zero" if blank_may_be_zero else protection


@dataclass(frozen=True)
class InputFiles:
    """The files that a protection reads."""

    cells: Path
    structure: Path | None
    previous: Path | None
    linked: list[Path] | None
    linked_structure: list[Path] | None
    known: list[Path] | None

    def by_use(self) -> dict[str, tuple[Path, ...]]:
        """Return the files by what they are for."""
        return {
            "cells": (self.cells,),
            "structure": (self.structure,) if self.structure else (),
            "previous": (self.previous,) if self.previous else (),
            "linked": tuple(self.linked or ()),
            "linked_structure": tuple(self.linked_structure or ()),
            "known": tuple(self.known or ()),
        }


@dataclass(frozen=True)
class OutputFiles:
    """The files that a protection writes."""

    out: Path
    report: Path | None
    receipt: Path | None

    def by_use(self) -> dict[str, Path]:
        """Return the files that are wanted by what they are for."""
        wanted = {"out": self.out, "report": self.report, "receipt": self.receipt}
        return {use: path for use, path in wanted.items() if path is not None}


def _table(
    cells: Path,
    structure: Path | None,
    infer_totals: bool,  # noqa: FBT001 - handed on from the command line
    threshold: int,
    zeros: Literal["publish", "primary"],
) -> tuple[CellStructure, GivenCells]:
    from opengazette.adapters.cell_files import read_cells, read_long_cells, read_structure
    from opengazette.disclosure.standalone.inferred_totals import inferred_structure

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


def _options(
    form: CellStructure,
    given: GivenCells,
    read: InputFiles,
    objective: Objective | None,
    gap: float,
) -> Options:
    from opengazette.adapters.beside_files import read_beside
    from opengazette.adapters.cell_files import read_published_cells
    from opengazette.disclosure.standalone.prices import natural_objective
    from opengazette.disclosure.standalone.protection import Options

    return Options(
        objective=objective or natural_objective(form, given),
        gap=gap,
        previous=None if read.previous is None else read_published_cells(read.previous, form),
        beside=read_beside(form, read.linked or [], read.linked_structure or [], read.known or []),
    )


def _write(
    form: CellStructure,
    found: ProtectedCells,
    options: Options,
    told: Mapping[str, str | float | bool],
    read: InputFiles,
    written: OutputFiles,
    ended: Ended,
) -> None:
    """Write what is wanted; the receipt last, as it has the digests of the others."""
    from opengazette.adapters.cell_files import write_page, write_published_cells
    from opengazette.cli.protecting_shown import receipted, reported

    asked, names = str(told["protection"]), [dim.name for dim in form.dims]
    page = b"" if written.report is None else reported(form, found, asked, read.cells.name)
    write_published_cells(written.out, names, found.cells, found.withheld)
    if written.report is not None:
        write_page(written.report, page)
    if written.receipt is not None:
        outputs = {use: path for use, path in written.by_use().items() if use != "receipt"}
        receipt = receipted(form, found, options, told, read.by_use(), outputs, ended)
        write_page(written.receipt, receipt)


def _show_protected(found: ProtectedCells, ended: Ended, written: OutputFiles) -> None:
    from opengazette.cli.protecting_shown import certificate_words

    show = Console(highlight=False, markup=False, soft_wrap=True)
    show.print(f"Primary cells withheld: {found.n_primary:,}")
    show.print(f"Complementary cells withheld: {found.n_complementary:,}")
    show.print(f"Certificate: {certificate_words(found.certificate)}")
    if ended in ("time limit", "interrupted"):
        show.print(
            f"The search was ended by {'Ctrl-C' if ended == 'interrupted' else 'the clock'}."
        )
    attacked = found.attacked
    beside = f", {attacked.n_beside:,} of them beside the table" if found.n_beside else ""
    n = attacked.result.n_protected + attacked.n_beside
    show.print(f"Audit: passed; {n:,} cells attacked{beside}.")
    show.print(f"Written: {', '.join(map(str, written.by_use().values()))}")
