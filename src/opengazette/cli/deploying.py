"""The command that draws up the deployments."""

from __future__ import annotations

from typing import Annotated

import typer

from opengazette.adapters.contracts import load_contracts
from opengazette.adapters.deployments import refuse_stale_deployments, write_deployments
from opengazette.adapters.settings import Settings, own_root


def deploy(
    *,
    write: Annotated[
        bool,
        typer.Option("--write/--check", help="Write the file, or only tell whether it is fresh."),
    ] = True,
) -> None:
    """Write deployments/prefect.yaml from the contracts' schedules."""
    settings = Settings()
    root = settings.root
    contracts = load_contracts(root).values()
    if not write:
        refuse_stale_deployments(root, contracts)
        typer.echo("deployments/prefect.yaml is fresh.")
        return
    file = write_deployments(own_root(settings), contracts)
    typer.echo(f"Wrote {file.relative_to(root)}; 'opengazette up' applies it.")
