"""The data dictionary, in the columns of the state's template."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

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


def data_dictionary(contract: Contract, columns: Sequence[PublishedColumn]) -> bytes:
    """Return the data dictionary as CSV, one row for each published column.

    Source: CalHHS Open Data Handbook 1.2 and State publisher's handbook, dictionary template.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for column in columns:
        writer.writerow(
            (
                contract.title,
                column.name,
                column.label,
                _TEMPLATE_TYPES[column.type],
                column.definition,
                column.valid_values,
            )
        )
    return text.getvalue().encode()
