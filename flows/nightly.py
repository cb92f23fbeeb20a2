"""The flow of the night: every dataset, each on its own, and a report of all."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import monotonic

from prefect import flow, tags
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from opengazette.adapters.run_reports import report_error
from opengazette.errors import Fault, OpenGazetteError
from opengazette.flows.dataset_choice import DatasetChoice, choices
from opengazette.flows.publish_dataset import publish_dataset
from opengazette.flows.showing import night_told, show_night
from opengazette.model.receipts import RunReport
from opengazette.tasks.private import outcome_of
from opengazette.tasks.recording import known_refusal, record
from opengazette.tasks.telling import tell
from opengazette.tasks.world import world


@flow(name="nightly", persist_result=False, log_prints=False)
def nightly(datasets: list[DatasetChoice] | None = None) -> State[list[RunReport]]:
    """Publish every dataset that may be published; one that fails stops no other.

    Args:
        datasets: which datasets; all where none is named
    """
    reports = [_report(dataset) for dataset in datasets or choices()]
    record(str(flow_run.id), reports)
    show_night(reports)
    failed = [report.dataset for report in reports if report.is_failure]
    untold = tell(*night_told(reports))
    if failed:
        told = f"{len(failed)} of {len(reports)} failed: {', '.join(failed)}. {untold}"
        return Failed(message=told.strip())
    return Completed(message=f"{len(reports)} datasets done. {untold}".strip(), data=reports)


def main(arguments: list[str] | None = None) -> int:
    """Run the night in this process and return its exit status: 0 where nothing failed."""
    parser = argparse.ArgumentParser(prog="python -m opengazette.flows.nightly")
    parser.add_argument("datasets", nargs="*", help="ids of datasets; all where none is named")
    parser.add_argument("--tag", action="append", default=[], help="tag of the run in Prefect")
    parser.add_argument("--note", type=Path, help="file in which to note the id of the run")
    chosen = parser.parse_args(arguments)
    with tags(*chosen.tag):
        state = nightly(chosen.datasets or None, return_state=True)
    if chosen.note:
        chosen.note.write_text(str(state.state_details.flow_run_id))
    return 0 if state.is_completed() else 1


def _report(dataset: str) -> RunReport:
    started = monotonic()
    state = publish_dataset(dataset, return_state=True)
    outcome = outcome_of(state)
    if isinstance(outcome, RunReport):
        return outcome
    error = outcome if isinstance(outcome, OpenGazetteError) else Fault(f"The run {state.name}.")
    seconds = monotonic() - started
    return report_error(dataset, _title(dataset), error, seconds, known_refusal(dataset))


def _title(dataset: str) -> str:
    try:
        return world().contract(dataset).title
    except OpenGazetteError:
        return dataset


if __name__ == "__main__":
    sys.exit(main())
