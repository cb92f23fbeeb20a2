"""The flow of one dataset: from its department to the public, or to the person it waits for."""

from __future__ import annotations

from time import monotonic

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from opengazette.adapters.run_locks import holding, in_turn
from opengazette.adapters.run_reports import (
    report_published,
    report_rehearsed,
    report_waiting,
)
from opengazette.errors import ApprovalMissing, HeldByPortal, OpenGazetteError, Refused
from opengazette.flows.dataset_choice import DatasetChoice
from opengazette.flows.showing import show_report
from opengazette.model.receipts import RunReport
from opengazette.tasks.preparing import clear, deidentify, document, extract, validate
from opengazette.tasks.private import speakable
from opengazette.tasks.releasing import approve, plan, publish
from opengazette.tasks.world import settings, world


@flow(
    name="publish-dataset",
    flow_run_name="publish {dataset}",
    persist_result=False,
    log_prints=False,
)
def publish_dataset(
    dataset: DatasetChoice, *, dry_run: bool = False, reason: str = ""
) -> State[RunReport]:
    """Take one dataset from its department to the public.

    Args:
        dataset: which dataset
        dry_run: do everything but publish
        reason: why the run is started by hand; kept with the run
    """
    try:
        contract = world().contract(dataset)
        with holding(settings(), dataset), in_turn(settings(), contract):
            report = _release(dataset, rehearse=dry_run)
    except Exception as error:  # noqa: BLE001 - every error is told on, in safe words
        safe = speakable(error)
        return Failed(name=_failed_name(safe), message=str(safe), data=safe)
    show_report(report, reason=reason)
    return Completed(name=STATE_NAMES[report.outcome], message=report.problem, data=report)


#: What Prefect calls the end of a run that did what it should.
STATE_NAMES = {
    "published": "Published",
    "unchanged": "Unchanged",
    "rehearsed": "Rehearsed",
    "waiting": "Waiting for approval",
}


def _release(dataset: str, *, rehearse: bool) -> RunReport:
    started = monotonic()
    documented = document(clear(deidentify(validate(extract(dataset)))))
    release, title = documented.release, world().contract(dataset).title
    if rehearse:
        return report_rehearsed(title, release, monotonic() - started, plan(documented))
    approved = approve(documented)
    if isinstance(approved, ApprovalMissing):
        return report_waiting(title, release, approved, monotonic() - started)
    published = publish(approved)
    if isinstance(published, HeldByPortal):
        return report_waiting(title, release, published, monotonic() - started)
    return report_published(title, published, monotonic() - started)


def _failed_name(error: OpenGazetteError) -> str:
    return "Refused" if isinstance(error, Refused) else "Failed"
