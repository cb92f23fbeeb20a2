"""Commands that start and stop everything that runs beside us."""

from __future__ import annotations

import time

import typer

from opengazette.adapters.contracts import load_contracts
from opengazette.adapters.deployments import current_deployments
from opengazette.adapters.services import (
    apply_deployments,
    refuse_ended,
    start_portal,
    start_prefect,
    start_worker,
    stop_all,
)
from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli.demonstration import load_where_absent
from opengazette.cli.terminal import console

_LOOK_SECONDS = 2.0


def up() -> None:
    """Run portal, Prefect server, worker and schedules in the foreground; Ctrl-C stops them."""
    settings, out = Settings(), console()
    deployments = current_deployments(settings, load_contracts(settings.root).values())
    written_folder(settings, "run")
    load_where_absent(settings, out)
    try:
        with out.status("Starting the portal"):
            start_portal(settings)
        with out.status("Starting the Prefect server"):
            start_prefect(settings)
        with out.status("Applying the deployments and starting the worker"):
            start_worker(settings)
            apply_deployments(settings, deployments)
        out.print(f"Portal          {settings.portal_address}")
        out.print(f"Prefect         {settings.prefect_url}")
        out.print(f"Logs            {settings.var / 'log'}")
        out.print("Schedules are on. Ctrl-C stops everything.")
        while True:
            time.sleep(_LOOK_SECONDS)
            refuse_ended(settings)
    finally:
        stop_all(settings)


def down() -> None:
    """Stop whatever of ours runs in the background."""
    stopped = stop_all(Settings())
    typer.echo(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
