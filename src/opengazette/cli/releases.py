"""Commands on releases: run one, rehearse one, list all. None of them needs Prefect."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from opengazette.adapters.contracts import known_datasets
from opengazette.adapters.settings import Settings
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console, show_reports

Dataset = Annotated[str, typer.Argument(metavar="ID", help="Id of the dataset.")]


def run(
    dataset: Dataset,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
) -> None:
    """Publish one dataset, without Prefect."""
    from opengazette.adapters.world import World
    from opengazette.cli.way import run as run_dataset

    settings = Settings()
    out = console()
    with telling(out, dataset) as tell:
        report = run_dataset(settings, World(settings), dataset, tell, dry_run=dry_run)
    show_reports([report], out)


def rehearse(dataset: Dataset) -> None:
    """Do everything but publish, and write the report of the release."""
    from opengazette.adapters.world import World
    from opengazette.cli.papers import write_report
    from opengazette.cli.way import prepare

    settings = Settings()
    world = World(settings)
    out = console()
    with telling(out, dataset) as tell:
        release = prepare(world, dataset, tell).release
    report = write_report(settings, world, release)
    score = "–" if release.score is None else str(release.score)
    for name, value in (
        ("Rows", f"{release.public.rows:,}"),
        ("Withheld", f"{release.primary:,} + {release.complementary:,} (primary + complementary)"),
        ("Score", score),
        ("Release", release.fingerprint),
        ("Report", str(report)),
    ):
        out.print(f"{name:<10}{value}", soft_wrap=True)


def datasets() -> None:
    """List the datasets: department, schedule, last release."""
    from opengazette.adapters.world import World
    from opengazette.steps.publish import last_published

    settings = Settings()
    world = World(settings)
    known = known_datasets(settings.root)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Dataset", "Title", "Department", "Schedule", "Last release"):
        table.add_column(heading, overflow="fold")
    for dataset in known:
        contract = world.contract(dataset)
        last = last_published(world.ledger().entries(dataset))
        table.add_row(
            dataset,
            contract.title,
            contract.department,
            f"{contract.schedule.cron} {contract.schedule.timezone}",
            f"{last.at:%Y-%m-%d %H:%M}" if last else "never",
        )
    console().print(table)
