"""The command that publishes everything: servers, flow, live progress, summary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from signal import Signals
from typing import Annotated

import typer
from rich.console import Console

from opengazette.adapters.contracts import load_refusal, refuse_unknown
from opengazette.adapters.run_reports import read_reports
from opengazette.adapters.services import prefect_service, start_portal, start_prefect
from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli.demonstration import load_where_absent
from opengazette.cli.night_shown import show_until_done
from opengazette.cli.night_watch import begun
from opengazette.cli.terminal import console, show_reports
from opengazette.errors import Fault
from opengazette.model.receipts import RunReport


def nightly(
    datasets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Ids of datasets; all where none is named."),
    ] = None,
) -> None:
    """Publish every dataset that may be published, as the Prefect flow `nightly`."""
    settings, out = Settings(), console()
    known = refuse_unknown(settings.root, datasets or ())
    chosen = tuple(datasets or known)
    written_folder(settings, "run")
    load_where_absent(settings, out)
    portal_started = False
    if settings.portal_url is None:
        with out.status("Starting the portal"):
            portal_started = start_portal(settings)
    with out.status("Starting the Prefect server"):
        server_started = start_prefect(settings)
    try:
        status, reports = _run(settings, out, chosen)
    finally:
        if server_started:
            prefect_service(settings).stop()
    show_reports(reports, out)
    _say_what_is_over(settings, out, reports)
    _say_where_to_look(settings, out, portal_started=portal_started)
    if any(report.is_failure for report in reports):
        raise typer.Exit(1)
    if status:
        raise Fault(
            "Every dataset ended well, the night itself did not.", f"Read {_log(settings)}."
        )


def _run(
    settings: Settings, out: Console, datasets: Sequence[str]
) -> tuple[int, tuple[RunReport, ...]]:
    with begun(settings, datasets, _log(settings)) as night:
        show_until_done(night, datasets, out)
        run = night.run_id()
    status = night.process.returncode
    reports = read_reports(settings, run) if run else ()
    if not reports:
        raise Fault(
            f"The night {_ending(status)} without a report.",
            f"Read {_log(settings)}, then run 'opengazette nightly' again: "
            "what is published stays published.",
        )
    return status, reports


def _log(settings: Settings) -> Path:
    return settings.var / "log" / "nightly.log"


def _ending(status: int) -> str:
    """Return how a process ended; one that ran out of memory is killed."""
    return f"was ended by {Signals(-status).name}" if status < 0 else "ended"


def _say_what_is_over(settings: Settings, out: Console, reports: Sequence[RunReport]) -> None:
    ended = [report.dataset for report in reports if report.outcome not in ("refused", "failed")]
    for dataset in ended:
        if load_refusal(settings.root, dataset) is not None:
            file = f"config/refusals/{dataset}.yaml"
            out.print(
                f"\n{dataset} is no longer refused: take {file} away.", soft_wrap=True, markup=False
            )


def _say_where_to_look(settings: Settings, out: Console, *, portal_started: bool) -> None:
    out.print()
    out.print(f"The catalogue: {settings.portal_address}", soft_wrap=True)
    out.print(f"What was done: {_log(settings)}", soft_wrap=True)
    if portal_started:
        out.print("The portal stays up; 'opengazette down' stops it.")
