"""The watch over what is public: the command, and what it shares with the flow of the night."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from opengazette.adapters.settings import Settings
from opengazette.cli.terminal import console
from opengazette.errors import ContractInvalid, DriftFound, OpenGazetteError

if TYPE_CHECKING:
    from opengazette.adapters.world import World
    from opengazette.model.contract import Contract
    from opengazette.steps.watch import Finding


@dataclass(frozen=True)
class Watched:
    """What the watch found of one dataset, what of it was put right, and why something was not."""

    dataset: str
    found: tuple[Finding, ...]
    left: tuple[Finding, ...]
    problem: str = ""
    remedy: str = ""

    @property
    def is_sound(self) -> bool:
        """Tell whether the public sees what it is to see, by now."""
        return not self.left and not self.problem


def watch(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Ids of datasets; all of the ledger without."),
    ] = None,
    *,
    repair: Annotated[
        bool | None,
        typer.Option(
            "--repair/--look",
            help="Put right what can be; or only look. Without either the contracts say.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare what the public sees with the ledger, and put it right where the contract says so."""
    from opengazette.adapters.world import World

    settings = Settings()
    world = World(settings)
    wanted: list[str | None] = [*datasets] if datasets else [None]
    chosen = [each for named in wanted for each in _chosen(world, named)]
    seen = [watched(settings, world, dataset, repair=repair) for dataset in chosen]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in seen], indent=1))
    else:
        _show(seen, console())
    unsound = [each.dataset for each in seen if not each.is_sound]
    if unsound:
        raise DriftFound(
            f"{len(unsound)} of {len(seen)} datasets are not as the ledger says: "
            f"{', '.join(unsound)}.",
            "Each line above says what to do.",
        )


def watched(settings: Settings, world: World, dataset: str, *, repair: bool | None) -> Watched:
    """Look at one dataset; put right what can be, where `repair` or else its contract says so.

    A portal or an archive that does not answer is told as a problem, and so is a repair that
    was refused: one dataset stops no other.
    """
    from opengazette.adapters.run_locks import holding

    found: tuple[Finding, ...] = ()
    try:
        contract = _contract(world, dataset)
        found = left = _look(world, dataset, contract)
        wanted = repair if repair is not None else _says_repair(contract)
        if wanted and any(finding.repair for finding in found):
            with holding(settings, dataset):
                # A run may have ended since: what is mended is what is found under the lock.
                found = _look(world, dataset, contract)
                left = _mend(world, dataset, found)
    except OpenGazetteError as error:
        return Watched(dataset, found, found, error.problem, error.remedy)
    return Watched(dataset, found, left)


def _look(world: World, dataset: str, contract: Contract | None) -> tuple[Finding, ...]:
    from opengazette.steps.watch import watch as look

    return look(dataset, contract, world.portal(), world.ledger(), world.papers(), world.clock())


def _mend(world: World, dataset: str, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    from opengazette.steps.repair import repair

    return repair(
        dataset,
        found,
        world.approval(dataset),
        world.portal(),
        world.ledger(),
        world.papers(),
        world.clock(),
    )


def _contract(world: World, dataset: str) -> Contract | None:
    """Return today's contract; a dataset that has none any more is watched all the same."""
    try:
        return world.contract(dataset)
    except ContractInvalid:
        return None


def _says_repair(contract: Contract | None) -> bool:
    return contract is not None and contract.watch is not None and contract.watch.repair


def _chosen(world: World, named: str | None) -> tuple[str, ...]:
    from opengazette.cli.ledgers import chosen_datasets

    return chosen_datasets(world.ledger(), named)


def _show(seen: Sequence[Watched], out: Console) -> None:
    for each in seen:
        for line in watch_lines(each):
            out.print(line, soft_wrap=True, markup=False)
    if not seen:
        out.print("The ledger is empty: there is nothing to watch.")


def watch_lines(each: Watched) -> list[str]:
    """Return what the watch says of a dataset, line by line."""
    lines = [_line(each, finding) for finding in each.found]
    if each.problem:
        lines.append(f"{each.dataset}: {each.problem} {each.remedy}".strip())
    return lines or [f"{each.dataset}: as the ledger says"]


def _line(each: Watched, finding: Finding) -> str:
    if finding in each.left:
        return f"{each.dataset}: {finding.problem} {finding.remedy}"
    return f"{each.dataset}: {finding.problem} It was put right."
