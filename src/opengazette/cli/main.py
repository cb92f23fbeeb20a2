"""The entry of the command line: which commands there are and how errors reach the terminal."""

from __future__ import annotations

import logging
import signal
import sys
from typing import Annotated, NoReturn

import structlog
import typer

from opengazette.cli import (
    approving,
    approving_columns,
    auditing,
    checking,
    databases,
    deploying,
    determining,
    ledgers,
    nights,
    planning,
    portals,
    proposing,
    protecting,
    records,
    releases,
    replaying,
    scoring,
    services,
    taking_back,
    watching,
)
from opengazette.cli.terminal import show_error

app = typer.Typer(
    name="opengazette",
    help="Publish a health department's tables as open data, with proof that nobody can be "
    "found in them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("nightly")(nights.nightly)
app.command("run")(releases.run)
app.command("rehearse")(releases.rehearse)
app.command("approve")(approving.approve)
app.command("approve-columns")(approving_columns.approve_columns)
app.command("datasets")(releases.datasets)
app.command("plan")(planning.plan)
app.command("ledger")(ledgers.ledger)
app.command("replay")(replaying.replay)
app.command("watch")(watching.watch)
app.command("withdraw")(taking_back.withdraw)
app.command("rollback")(taking_back.rollback)
app.command("resume")(taking_back.resume)
app.command("score")(scoring.score)
app.command("determination")(determining.determination)
app.command("records")(records.records)
app.command("check")(checking.check)
app.command("schemas")(checking.schemas)
app.command("deploy")(deploying.deploy)
app.command("up")(services.up)
app.command("down")(services.down)
app.command("propose")(proposing.propose)
app.command("protect")(protecting.protect)
app.command("audit")(auditing.audit)
app.add_typer(portals.app, name="portal")
app.add_typer(databases.app, name="demo")

_TERMINATED = 143


@app.callback()
def options(
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; it may quote values.")
    ] = False,
) -> None:
    """Publish a health department's tables as open data, with proof."""


def run() -> NoReturn:
    """Run the command line and end the process with the exit status of what happened."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the end of the line: nothing above may show values
        sys.exit(show_error(error, debug="--debug" in sys.argv[1:]))
    sys.exit(0)


if __name__ == "__main__":
    run()
