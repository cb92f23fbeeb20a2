"""The command that shows what publishing would change."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from opengazette.adapters.settings import Settings
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console


def plan(
    dataset: Annotated[str, typer.Argument(metavar="ID", help="Id of the dataset.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rehearse a dataset and show what publishing it would change, in counts; send nothing."""
    from opengazette.adapters.world import World
    from opengazette.cli.way import prepare
    from opengazette.steps.plan import plan as planned

    world, out = World(Settings()), console()
    if as_json:
        documented = prepare(world, dataset, lambda _step: None)
    else:
        with telling(out, dataset) as tell:
            documented = prepare(world, dataset, tell)
    found = planned(
        documented,
        world.contract(dataset),
        world.approval(dataset),
        world.ledger().entries(dataset),
        world.portal(),
        world.papers(),
        world.column_change(dataset),
    )
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1))
        return
    for line in found.lines():
        out.print(line, soft_wrap=True, markup=False)
