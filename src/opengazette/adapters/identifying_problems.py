"""Says in which line a contract uses a column that looks like an identifier."""

from __future__ import annotations

from collections.abc import Iterator

from opengazette.adapters.config_files import Reading
from opengazette.adapters.config_problems import Problem
from opengazette.adapters.contract_references import column_types
from opengazette.disclosure.identifiers.columns import identifying_columns
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements

DECIDE = (
    "give it the role identifier or leave it out, publish it more coarsely, or record under "
    "not_identifying who decided that it names nobody, why and when"
)


def identifying_problems(reading: Reading[Contract], elements: DataElements) -> Iterator[Problem]:
    """Find the columns of a sound contract that look like identifiers."""
    if reading.value is None:
        return
    for found in identifying_columns(reading.value, column_types(reading.value, elements)):
        reason = (
            f"looks like an identifier, {found.kind.name} ({found.kind.source}), and {found.use}"
        )
        yield reading.problem(("columns", found.column), reason, DECIDE)
