"""Commands on the configuration: check all of it, and write the editors' schemas."""

from __future__ import annotations

import typer

from opengazette.adapters.contracts import known_datasets
from opengazette.adapters.deployments import stale_deployments
from opengazette.adapters.settings import Settings, own_root


def check() -> None:
    """Check every contract, suite and cross-reference, without touching a department."""
    from opengazette.adapters.check import check as problems_of
    from opengazette.adapters.config_files import refusal
    from opengazette.demo.sample import sample

    root = Settings().root
    known = known_datasets(root)
    problems = problems_of(root, sample, stale_deployments)
    if problems:
        raise refusal(problems)
    typer.echo(f"{len(known)} datasets checked: no problem.")


def schemas() -> None:
    """Write the JSON schemas of the configuration files, for editors."""
    from opengazette.adapters.schemas import FOLDER, write_schemas

    changed = write_schemas(own_root(Settings()))
    typer.echo(f"{len(changed)} schemas changed in {FOLDER}.")
