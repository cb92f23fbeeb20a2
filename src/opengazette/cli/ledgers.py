"""The command that shows and verifies the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opengazette.adapters.settings import Settings
from opengazette.cli.terminal import console
from opengazette.errors import LedgerConflict, NotPublished

if TYPE_CHECKING:
    from opengazette.adapters.archives.ledger import ArchiveLedger
    from opengazette.adapters.archives.witness import Witness
    from opengazette.adapters.world import World


def ledger(
    dataset: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Id of the dataset; all without.")
    ] = None,
    *,
    release: Annotated[
        str | None, typer.Option(help="Show one release: 8 or more characters of its name.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Find every edit, removal, reorder and truncation.")
    ] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Verify every file that the entries name, too.")
    ] = False,
    witness: Annotated[
        Path | None, typer.Option(help="Verify against what this file remembers.")
    ] = None,
    write_witness: Annotated[
        Path | None, typer.Option(help="Once verified, write what to remember to this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what was published, show a release, or verify that nobody has changed the ledger."""
    from opengazette.adapters.world import World

    world = World(Settings())
    chosen = chosen_datasets(world.ledger(), dataset)
    if verify or files or witness is not None or write_witness is not None:
        _verify(world, chosen, files=files, witness=witness, write_to=write_witness)
    elif release is not None:
        _show_release(world.ledger(), chosen, release, as_json=as_json)
    elif as_json:
        entries = {each: world.ledger().entries(each) for each in chosen}
        told = {d: [e.model_dump(mode="json") for e in es] for d, es in entries.items()}
        typer.echo(json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True))
    else:
        _list(world.ledger(), chosen, one=dataset is not None)


def chosen_datasets(ledger: ArchiveLedger, dataset: str | None) -> tuple[str, ...]:
    """Return the datasets that are meant. Raises NotPublished where there is none so named."""
    known = ledger.datasets()
    if dataset is None:
        return known
    if dataset not in known:
        named = f"The ledger knows: {', '.join(known)}." if known else "It is empty."
        raise NotPublished(f"The ledger has no entry of {dataset!r}.", named)
    return (dataset,)


def _list(ledger: ArchiveLedger, chosen: tuple[str, ...], *, one: bool) -> None:
    from opengazette.cli.ledgers_shown import datasets_table, entries_table

    out = console()
    if one:
        out.print(entries_table(ledger.entries(chosen[0])))
    elif chosen:
        out.print(datasets_table({each: ledger.chain(each) for each in chosen}))
    else:
        out.print("The ledger is empty: nothing was published yet.")


def _show_release(
    ledger: ArchiveLedger, chosen: tuple[str, ...], named: str, *, as_json: bool
) -> None:
    from opengazette.cli.ledgers_shown import show_release
    from opengazette.governance.ledger_state import release_named

    entry = release_named({each: ledger.entries(each) for each in chosen}, named)
    if as_json:
        typer.echo(entry.model_dump_json(indent=1))
    else:
        show_release(entry, console())


def _verify(
    world: World,
    chosen: tuple[str, ...],
    *,
    files: bool,
    witness: Path | None,
    write_to: Path | None,
) -> None:
    from opengazette.adapters.archives import witness as witnesses
    from opengazette.governance.ledger_chain import head

    remembered = witnesses.read_witness(witness) if witness else None
    problems = _problems(world, chosen, remembered, files=files)
    out = console()
    for problem in problems:
        out.print(problem, soft_wrap=True, markup=False)
    if problems:
        raise LedgerConflict(
            f"The ledger is not whole: {len(problems)} problems.",
            "Restore the archive from its copy, and find out who could write to it.",
        )
    chains = {each: world.ledger().entries(each) for each in chosen}
    out.print(
        f"{len(chains)} datasets, {sum(map(len, chains.values())):,} entries: the ledger is whole."
    )
    if write_to is not None:
        heads = {each: newest for each, es in chains.items() if (newest := head(es))}
        witnesses.write_witness(write_to, witnesses.Witness(heads=heads))
        out.print(f"To remember: {write_to}. Keep it away from the archive.", soft_wrap=True)


def _problems(
    world: World, chosen: tuple[str, ...], witness: Witness | None, *, files: bool
) -> list[str]:
    from opengazette.adapters.archives.stock import lacking
    from opengazette.governance.ledger_chain import unwitnessed

    found: list[str] = []
    heads = witness.heads if witness else {}
    found.extend(f"{gone}: every entry is missing" for gone in sorted(set(heads) - set(chosen)))
    for dataset in chosen:
        chain = world.ledger().chain(dataset)
        told = [str(problem) for problem in chain.problems]
        if not told and dataset in heads:
            missed = unwitnessed(dataset, chain.entries, heads[dataset])
            told.extend([str(missed)] if missed else [])
        if files:
            told.extend(map(str, lacking(world.stock(), chain.entries)))
        found.extend(f"{dataset}: {each}" for each in told)
    return found
