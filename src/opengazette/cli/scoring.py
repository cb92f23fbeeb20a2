"""The command that scores a table line by line, and says what would change its score."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opengazette.adapters.settings import Settings
from opengazette.errors import SettingsInvalid

if TYPE_CHECKING:
    from opengazette.disclosure.assessment.explanation import Explained
    from opengazette.model.rulepack import RulePack


def score(
    dataset: Annotated[
        str | None, typer.Argument(metavar="ID", help="Id of the dataset.", show_default=False)
    ] = None,
    *,
    describe: Annotated[
        Path | None, typer.Option(help="Score a table that this YAML file describes.")
    ] = None,
    rulepack: Annotated[
        str | None,
        typer.Option(help="Use this rule pack instead of the dataset's, or the default."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Assess a table and explain its publication score line by line."""
    from opengazette.cli.score_record import score_record
    from opengazette.cli.scoring_shown import show_scores

    if (dataset is None) == (describe is None):
        raise SettingsInvalid(
            "Exactly one of the id of a dataset and --describe is needed.",
            "Name a dataset, or a file that describes a table.",
        )
    if describe is not None:
        title, pack, tables = _described(describe, rulepack)
    else:
        title, pack, tables = _measured(str(dataset), rulepack)
    if as_json:
        typer.echo(json.dumps(score_record(title, pack, tables), indent=2, ensure_ascii=False))
    else:
        show_scores(title, pack, tables)


Found = tuple[str, "RulePack", Sequence["Explained"]]


def _described(file: Path, rulepack: str | None) -> Found:
    from opengazette.adapters.config_files import load_yaml
    from opengazette.adapters.contracts import load_populations, load_rule_pack, rule_pack_names
    from opengazette.disclosure.assessment.described_facts import explain_described
    from opengazette.disclosure.assessment.described_levels import refuse_unknown_levels
    from opengazette.model.contract import Disclosure
    from opengazette.model.described import DescribedTable

    root = Settings().root
    table = load_yaml(file, DescribedTable, shown=file.name)
    pack = load_rule_pack(root, rulepack or Disclosure.model_fields["rule_pack"].default)
    if table.names_levels():
        refuse_unknown_levels(table, (load_rule_pack(root, name) for name in rule_pack_names(root)))
    populations = load_populations(root) if table.population_tables() else {}
    return table.title, pack, explain_described(table, populations, pack)


def _measured(dataset: str, rulepack: str | None) -> Found:
    """Read the department's table as it is now; nothing is published, or kept but the extract."""
    from opengazette.adapters.world import World
    from opengazette.disclosure.assessment.explanation import explain_table
    from opengazette.disclosure.tables.margins import with_margins
    from opengazette.steps.extract import extract

    world = World(Settings())
    contract = world.contract(dataset)
    pack = world.rule_pack(rulepack or contract.disclosure.rule_pack)
    archive = world.archive()
    extracted = extract(contract, world.source(contract), archive, None)
    records = archive.fetch(extracted.table.sha256)
    base = world.tabulator().tabulate(records, contract)
    true = with_margins(base, contract.publication)
    return contract.title, pack, (explain_table(contract, true, world.populations(), pack),)
