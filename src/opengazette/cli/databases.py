"""Commands that fill the demonstration departments' database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli.demonstration import CONNECTION, department_database
from opengazette.cli.terminal import console
from opengazette.demo import synthetic
from opengazette.errors import SettingsInvalid

app = typer.Typer(help="The demonstration departments.", no_args_is_help=True)


@app.callback()
def demo() -> None:
    """Fill the demonstration departments."""


@app.command("load")
def load_departments() -> None:
    """Load the demonstration departments: public tables and generated encounters."""
    from opengazette.demo.departments import SYNTHETIC_ROWS

    _load(SYNTHETIC_ROWS, synthetic.SEED)


@app.command()
def synth(
    rows: Annotated[
        int, typer.Option("--rows", min=1, max=synthetic.MOST_ROWS, help="Encounters to generate.")
    ],
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="The same seed gives the same encounters.")
    ] = synthetic.SEED,
) -> None:
    """Load the demonstration departments with another number of generated encounters."""
    _load(rows, seed)


def _load(rows: int, seed: int) -> None:
    from opengazette.demo.departments import load

    settings, out = Settings(), console()
    database = _database(settings)
    written_folder(settings, ".")
    with out.status("Loading the demonstration departments"):
        counts = load(database, synthetic_rows=rows, seed=seed)
    table = Table("Table", box=None, pad_edge=False, header_style="bold")
    table.add_column("Rows", justify="right")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    out.print(table)
    out.print(f"In {database}", soft_wrap=True)


def _database(settings: Settings) -> Path:
    database = department_database(settings)
    if database is None:
        raise SettingsInvalid(
            f"config/databases.yaml has no connection {CONNECTION!r} for the demonstration.",
            "Use the demonstration in a folder with the configuration that comes with the package.",
        )
    return database
