"""The report that an approver reads: what is about to become public, and on what evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from opengazette.documentation.columns import PublishedColumn
from opengazette.documentation.generalised import generalised
from opengazette.documentation.page_templates import page_templates
from opengazette.documentation.picture import withheld_picture
from opengazette.model.contract import Contract
from opengazette.model.reference import Department


def release_report(
    contract: Contract,
    department: Department,
    evidence: Mapping[str, Any],
    public: pd.DataFrame,
    columns: Sequence[PublishedColumn],
    news: str,
) -> bytes:
    """Return the report as one HTML page that needs nothing else to be read.

    `news` tells what changed since the table that the public saw before. The report shows names,
    counts and what is about to be public, never a withheld value, and no time of day: the same
    release has the same report.
    """
    key = contract.publication.key()
    drawn = () if contract.publication.whole_percents else contract.publication.added_up()
    pictures = [withheld_picture(public, key, m.name) for m in drawn]
    page = (
        page_templates()
        .get_template("report.html")
        .render(
            contract=contract,
            department=department,
            evidence=evidence,
            pictures=pictures,
            columns=columns,
            news=news,
            labels={c.name: c.label for c in columns},
        )
    )
    return page.encode()


def methodology_note(contract: Contract, evidence: Mapping[str, Any]) -> bytes:
    """Return the public note on how the table was made and protected, as Markdown."""
    template = page_templates().get_template("methodology.md")
    coarser = generalised(contract)
    return template.render(contract=contract, evidence=evidence, coarser=coarser).encode()
