"""The report on records that somebody wants to hand over, for the person who decides."""

from __future__ import annotations

from collections.abc import Sequence

from opengazette.documentation.page_templates import page_templates
from opengazette.model.record_release import RecordLimits, RecordRelease
from opengazette.model.record_risk import Measure, RecordRisk
from opengazette.model.reference import Department


def records_report(
    asked: RecordRelease,
    department: Department,
    limits: RecordLimits,
    risk: RecordRisk,
    measures: Sequence[Measure],
) -> bytes:
    """Return the report as one HTML page, set for paper, with room for the decision.

    It tells names of columns and numbers of records, never a value, and no time of day. Nothing
    is decided in it: a person weighs what a recipient may know beside the records, and signs.
    """
    page = (
        page_templates()
        .get_template("records.html")
        .render(
            asked=asked,
            department=department,
            limits=limits,
            risk=risk,
            measures=measures,
            broken=[measure for measure in measures if not measure.kept],
        )
    )
    return page.encode()
