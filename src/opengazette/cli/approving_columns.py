"""The command by which a person lets the columns of a public table change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from opengazette.adapters.settings import Settings, own_root
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console
from opengazette.cli.words import refuse_wordless
from opengazette.model.column_change import ColumnChange, ShownColumn
from opengazette.model.frozen import Label, Sentence
from opengazette.model.stages import Release

if TYPE_CHECKING:
    from opengazette.adapters.world import World


def approve_columns(
    dataset: Annotated[str, typer.Argument(metavar="ID", help="Id of the dataset.")],
    approver: Annotated[str, typer.Option("--approver", help="Name of the person who approves.")],
    role: Annotated[str, typer.Option("--role", help="Role in which the person approves.")],
    reason: Annotated[str, typer.Option("--reason", help="Why the public's columns must change.")],
    *,
    release: Annotated[
        str | None,
        typer.Option("--release", help="An earlier release, before it is rolled back to."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without being asked again.")] = False,
) -> None:
    """Approve that the columns of a public table become those of its release, and no others."""
    from opengazette.adapters.world import World
    from opengazette.cli.papers import write_column_change
    from opengazette.steps.approve_columns import approve_columns as approved

    for option, kind, words in (
        ("--approver", Label, approver),
        ("--role", Label, role),
        ("--reason", Sentence, reason),
    ):
        refuse_wordless(option, kind, words)
    settings = Settings()
    own_root(settings)
    world = World(settings)
    change = approved(
        _chosen(world, dataset, release),
        world.ledger().entries(dataset),
        world.portal(),
        world.papers(),
        approver=approver,
        role=role,
        approved_on=world.clock().now().date(),
        reason=reason,
    )
    _show(change)
    if not yes:
        typer.confirm("Approve?", abort=True)
    file = write_column_change(settings, change)
    typer.echo(f"Approved in {file.relative_to(settings.root)}.")


def _chosen(world: World, dataset: str, named: str | None) -> Release:
    """Return the release that was named, else the one that tonight's run would publish."""
    from opengazette.cli.way import prepare
    from opengazette.governance.ledger_state import release_named
    from opengazette.steps.publish import release_of

    if named is not None:
        return release_of(release_named({dataset: world.ledger().entries(dataset)}, named))
    with telling(console(), dataset) as tell:
        return prepare(world, dataset, tell).release


def _show(change: ColumnChange) -> None:
    typer.echo(f"{change.dataset}: whoever reads the public table by a program will see this.")
    typer.echo(f"Now:  {_told(change.before)}")
    typer.echo(f"Then: {_told(change.after)}")


def _told(columns: Iterable[ShownColumn]) -> str:
    return ", ".join(f"{column.name} ({column.type})" for column in columns)
