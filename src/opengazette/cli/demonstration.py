"""The demonstration departments: when they are loaded by themselves, and where they lie."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from opengazette.adapters.contracts import dataset_ids, load_contract, load_databases
from opengazette.adapters.settings import Settings
from opengazette.errors import ContractInvalid

#: The connection whose file the demonstration fills.
CONNECTION = "departments"


def load_where_absent(settings: Settings, out: Console) -> None:
    """Load the demonstration departments where the configuration is theirs and they are not there.

    An agency's own configuration is left alone: the run says what its database lacks.
    """
    from opengazette.demo.departments import load

    database = department_database(settings)
    if database is None or database.exists() or not _reads_the_demonstration(settings):
        return
    with out.status("Loading the demonstration departments"):
        load(database)


def department_database(settings: Settings) -> Path | None:
    """Return the file of the connection `departments`, if the configuration has one."""
    connection = load_databases(settings.root).databases.get(CONNECTION)
    return settings.var / connection.path if connection else None


def _reads_the_demonstration(settings: Settings) -> bool:
    from opengazette.demo.departments import ENCOUNTERS
    from opengazette.demo.holdings import HOLDINGS, VIEWS

    held = {holding.table for holding in HOLDINGS} | VIEWS.keys() | {ENCOUNTERS}
    tables = {
        table for dataset in dataset_ids(settings.root) if (table := _table(settings, dataset))
    }
    return bool(tables) and tables <= held


def _table(settings: Settings, dataset: str) -> str | None:
    try:
        return load_contract(settings.root, dataset).source.table
    except ContractInvalid:
        return None
