"""The task that keeps what a night came to, for the command line and for whoever asks later."""

from __future__ import annotations

from opengazette.adapters.run_reports import keep_reports
from opengazette.model.receipts import RunReport
from opengazette.tasks.private import private_task
from opengazette.tasks.world import settings


@private_task
def record(run: str, reports: list[RunReport]) -> str:
    """Write the reports of a run to a file and return its name."""
    return keep_reports(settings(), run, reports).name
