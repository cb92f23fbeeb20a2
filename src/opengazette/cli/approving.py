"""The command by which a person lets a dataset out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from opengazette.adapters.settings import Settings, own_root
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console
from opengazette.governance.approvals import standing_approval, withheld_percent
from opengazette.model.approval import Approval
from opengazette.model.frozen import Label, Sentence
from opengazette.model.stages import Release


def approve(
    dataset: Annotated[str, typer.Argument(metavar="ID", help="Id of the dataset.")],
    approver: Annotated[str, typer.Option("--approver", help="Name of the person who approves.")],
    role: Annotated[str, typer.Option("--role", help="Role in which the person approves.")],
    reason: Annotated[str, typer.Option("--reason", help="What the approval rests on.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without being asked again.")] = False,
) -> None:
    """Approve a dataset's releases: rehearse, show what is approved, write the approval."""
    from opengazette.adapters.world import World
    from opengazette.cli.papers import write_approval, write_report
    from opengazette.cli.way import prepare

    for option, kind, words in (
        ("--approver", Label, approver),
        ("--role", Label, role),
        ("--reason", Sentence, reason),
    ):
        _refuse_wordless(option, kind, words)
    settings = Settings()
    own_root(settings)
    world, out = World(settings), console()
    with telling(out, dataset) as tell:
        release = prepare(world, dataset, tell).release
    cells = release.public.rows * len(world.contract(dataset).publication.counts())
    approval = standing_approval(
        release,
        cells,
        approver=approver,
        role=role,
        approved_on=world.clock().now().date(),
        reason=reason,
    )
    report = write_report(settings, world, release)
    _show(out, release, approval, withheld_percent(release, cells), report)
    if not yes:
        typer.confirm("Approve?", abort=True)
    file = write_approval(settings, approval)
    out.print(f"Approved in {file.relative_to(settings.root)}; the next run publishes it.")


def _refuse_wordless(option: str, kind: Any, words: str) -> None:  # noqa: ANN401 - a type
    """Look at what a person wrote before the long work begins."""
    try:
        TypeAdapter(kind).validate_python(words)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise typer.BadParameter(first["msg"], param_hint=option) from None


def _show(out: Console, release: Release, approval: Approval, percent: float, report: Path) -> None:
    limits = approval.envelope
    out.print(
        f"{release.dataset}: {release.public.rows:,} rows; {percent} percent of counts "
        f"withheld; score {'–' if release.score is None else release.score}."
    )
    out.print(f"Report: {report}", soft_wrap=True)
    out.print("Later releases go out by themselves while contract and rule pack are the same, and:")
    out.print(f"  at most {limits.largest_withheld_percent} percent of counts are withheld,")
    if limits.highest_score is not None:
        out.print(f"  the score is {limits.highest_score} or lower,")
    out.print(f"  there are {limits.fewest_rows:,} rows or more.")
