"""The data dictionary, in the columns of the state's template."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from opengazette.documentation.columns import PublishedColumn
from opengazette.model.contract import Contract

HEADER = (
    "Data Table Name",
    "Field Name",
    "Field Label",
    "Data Type",
    "Field Definition",
    "Valid Values",
)

_TEMPLATE_TYPES = {"text": "text", "integer": "int", "number": "float"}


def dictionary_lines(
    contract: Contract, columns: Sequence[PublishedColumn]
) -> tuple[tuple[str, ...], ...]:
    """Return the data dictionary: the template's header, then one line for each published column.

    Source: CalHHS Open Data Handbook 1.2 and State publisher's handbook, dictionary template.
    """
    told = (
        (
            contract.title,
            column.name,
            column.label,
            _TEMPLATE_TYPES[column.type],
            column.definition,
            column.valid_values,
        )
        for column in columns
    )
    return (HEADER, *told)


def csv_of(lines: Iterable[Sequence[str]]) -> bytes:
    """Return lines of text as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()
