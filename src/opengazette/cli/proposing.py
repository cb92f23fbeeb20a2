"""The command that sets hiding numbers against publishing coarser ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from opengazette.adapters.settings import Settings
from opengazette.cli.releases import Dataset
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console

if TYPE_CHECKING:
    from opengazette.disclosure.generalisation.proposals import Proposal
    from opengazette.steps.propose import Choice, Suppressed


def propose(
    dataset: Dataset,
    *,
    most_tried: Annotated[
        int, typer.Option("--most-tried", min=1, help="Combinations to look at before giving up.")
    ] = 1_500,
    as_json: Annotated[bool, typer.Option("--json", help="Write the answer as JSON.")] = False,
) -> None:
    """Find the least generalisation that needs no suppression, beside the least suppression."""
    from opengazette.adapters.world import World
    from opengazette.steps.extract import extract
    from opengazette.steps.propose import propose as choices
    from opengazette.steps.validate import validate

    world = World(Settings())
    contract, archive = world.contract(dataset), world.archive()
    with telling(Console(stderr=True, markup=False), dataset) as tell:
        tell("extract")
        extracted = extract(contract, world.source(contract), archive, None)
        tell("validate")
        validated = validate(extracted, contract, world.elements(), world.validator(), archive)
        tell("propose")
        choice = choices(
            validated,
            contract,
            world.rule_pack(contract.disclosure.rule_pack),
            world.populations(),
            archive,
            world.tabulator(),
            most_tried,
        )
    if as_json:
        typer.echo(json.dumps(_as_json(choice), indent=2, ensure_ascii=False))
        return
    for line in _lines(choice):
        console().print(line, soft_wrap=True, markup=False, highlight=False)


def _lines(choice: Choice) -> list[str]:
    lines = ["Withhold the least: the contract as it is", f"  {_withheld(choice.suppressed)}", ""]
    lines.append("Generalise the least: nothing is withheld")
    found = choice.search.proposal
    if found is None:
        ended = "no generalisation passes" if choice.search.complete else "none found"
        return [*lines, f"  {ended} ({choice.search.tried:,} tried)"]
    if not found.forms:
        return [*lines, "  nothing needs to be changed"]
    lines += [f"  {form.dimension}: {form.what}" for form in found.forms]
    score = "no score needed" if found.score is None else f"score {found.score}"
    lines.append(f"  {found.cells:,} cells, {score} ({choice.search.tried:,} combinations tried)")
    return [*lines, "", "To choose it, write in the contract:", *_fragment(found)]


def _withheld(as_it_is: Suppressed) -> str:
    score = "no score needed" if as_it_is.score is None else f"score {as_it_is.score}"
    if as_it_is.withheld is None:
        return f"refused, {score}: {as_it_is.refused}"
    share = 100 * as_it_is.withheld / as_it_is.counts if as_it_is.counts else 0.0
    return f"{as_it_is.withheld:,} of {as_it_is.counts:,} counts ({share:.1f} percent), {score}"


def _fragment(found: Proposal) -> list[str]:
    """Write the changed dimensions as the contract would: JSON is YAML too."""
    lines = ["  publication.dimensions:"]
    for form in found.forms:
        if form.rule is None:
            lines.append(f"    {form.dimension}: leave it out")
            continue
        rule = json.dumps(form.rule.model_dump(mode="json"), ensure_ascii=False)
        lines.append(f"    {form.dimension}: generalise: {rule}")
    lines.append("  publication.suppression: take away what names a label that is gone.")
    if any("area" in form.what or "group" in form.what for form in found.forms):
        lines.append("  Add the people of merged areas to a population table of their own.")
    return lines


def _as_json(choice: Choice) -> dict[str, Any]:
    as_it_is, search = choice.suppressed, choice.search
    found = search.proposal
    proposal = (
        None
        if found is None
        else {
            "score": found.score,
            "loss": found.loss,
            "cells": found.cells,
            "dimensions": [
                {
                    "name": form.dimension,
                    "what": form.what,
                    "loss": form.loss,
                    "generalise": None if form.rule is None else form.rule.model_dump(mode="json"),
                }
                for form in found.forms
            ],
        }
    )
    return {
        "suppression": {
            "counts": as_it_is.counts,
            "withheld": as_it_is.withheld,
            "score": as_it_is.score,
            "refused": as_it_is.refused or None,
        },
        "generalisation": proposal,
        "tried": search.tried,
        "complete": search.complete,
    }
