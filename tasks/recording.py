"""The task that keeps what a night came to, for the command line and for whoever asks later."""

from __future__ import annotations

from opengazette.adapters.contracts import load_refusal
from opengazette.adapters.run_reports import keep_reports
from opengazette.errors import OpenGazetteError
from opengazette.model.known_refusal import KnownRefusal
from opengazette.model.receipts import RunReport
from opengazette.tasks.private import private_task
from opengazette.tasks.world import settings


def known_refusal(dataset: str) -> KnownRefusal | None:
    """Return the refusal of a dataset that people know of; a file that is broken names none."""
    try:
        return load_refusal(settings().root, dataset)
    except OpenGazetteError:
        return None


@private_task
def record(run: str, reports: list[RunReport]) -> str:
    """Write the reports of a run to a file and return its name."""
    return keep_reports(settings(), run, reports).name
