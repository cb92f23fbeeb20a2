"""Commands for a bad night: take a dataset off the portal, bring an old release back, go on."""

from __future__ import annotations

from typing import Annotated

import typer

from opengazette.adapters.run_locks import holding
from opengazette.adapters.settings import Settings
from opengazette.cli.words import refuse_wordless
from opengazette.errors import LedgerConflict
from opengazette.model.frozen import Label, Sentence

Dataset = Annotated[str, typer.Argument(metavar="ID", help="Id of the dataset.")]
By = Annotated[str, typer.Option("--by", help="Name of the person who does this.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger for ever.")]


def withdraw(
    dataset: Dataset,
    by: By,
    reason: Reason,
    *,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete it: its address is lost for ever.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without being asked again.")] = False,
) -> None:
    """Take a dataset off the portal; it stays off until somebody lets it go on."""
    from opengazette.adapters.world import World
    from opengazette.steps.withdraw import refuse_unsettled, stop
    from opengazette.steps.withdraw import withdraw as withdraw_dataset

    _refuse_wordless(by, reason)
    settings = Settings()
    world = World(settings)
    if delete and not yes:
        typer.confirm(f"Delete {dataset} from the portal for ever?", abort=True)
    ledger, clock = world.ledger(), world.clock()
    stop(dataset, ledger, clock, by=by, reason=reason)
    typer.echo(f"{dataset}: stopped; no run publishes it any more.")
    try:
        with holding(settings, dataset):
            done = withdraw_dataset(
                dataset, world.portal(), ledger, clock, by=by, reason=reason, delete=delete
            )
    except LedgerConflict as busy:
        again = "When it has ended, withdraw again: it is stopped, but may still be public."
        raise LedgerConflict(busy.problem, again) from None
    refuse_unsettled(dataset, ledger, clock)
    how = "deleted" if delete else "private"
    typer.echo(f"{dataset}: {how}; a stranger finds nothing of it (entry {done.sequence}).")
    typer.echo(f"To let it go on: opengazette resume {dataset} --by NAME --reason WHY")


def rollback(
    dataset: Dataset,
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="8 or more characters of its name.")
    ],
    by: By,
    reason: Reason,
) -> None:
    """Show the public an earlier release again; the dataset stays stopped afterwards."""
    from opengazette.adapters.world import World
    from opengazette.governance.ledger_state import release_named
    from opengazette.steps.of_its_day import contract_of
    from opengazette.steps.rollback import rollback as roll_back

    _refuse_wordless(by, reason)
    settings = Settings()
    world = World(settings)
    with holding(settings, dataset):
        ledger = world.ledger()
        receipt = release_named({dataset: ledger.entries(dataset)}, release)
        published = roll_back(
            receipt,
            contract_of(receipt, world.papers()),
            world.approval(dataset),
            world.portal(),
            ledger,
            world.clock(),
            world.papers(),
            by=by,
            reason=reason,
            columns=world.column_change(dataset),
        )
    typer.echo(
        f"{dataset}: the public sees release {receipt.release.release[:12]} of "
        f"{receipt.at:%Y-%m-%d %H:%M %Z} again, {published.release.public.rows:,} rows, read back."
    )
    typer.echo(f"Address: {published.address}")
    typer.echo(f"To let it go on: opengazette resume {dataset} --by NAME --reason WHY")


def resume(dataset: Dataset, by: By, reason: Reason) -> None:
    """Let a dataset go on that was withdrawn or rolled back; the next run publishes it."""
    from opengazette.adapters.world import World
    from opengazette.steps.withdraw import resume as let_go_on

    _refuse_wordless(by, reason)
    world = World(Settings())
    let_go_on(dataset, world.ledger(), world.clock(), by=by, reason=reason)
    typer.echo(f"{dataset}: goes on; the next run publishes it, or: opengazette run {dataset}")


def _refuse_wordless(by: str, reason: str) -> None:
    refuse_wordless("--by", Label, by)
    refuse_wordless("--reason", Sentence, reason)
