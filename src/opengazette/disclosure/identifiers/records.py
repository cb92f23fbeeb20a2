"""Look for what names one person in records that somebody wants to hand over."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from opengazette.disclosure.identifiers.names import kind_of_column
from opengazette.disclosure.identifiers.texts import IdentifierFound, find_forms, find_identifiers
from opengazette.model.record_release import RecordRelease

#: A column that never repeats in fewer records tells nothing.
FEWEST_RECORDS = 20


def identifying_in_records(
    records: pd.DataFrame, asked: RecordRelease
) -> tuple[IdentifierFound, ...]:
    """Name the columns to be handed over that look like identifiers, with counts of values.

    Shape: one row for each record, every value a text. Columns are judged by name and by content;
    those of which a person has recorded why they name nobody are left out. What is not done: a
    name of a person under a name that does not say so is not recognised.

    Source: 45 CFR 164.514(b)(2)(i); Civil Code 1798.3(a).
    """
    return tuple(
        found
        for name in asked.released()
        if asked.columns[name].not_identifying is None
        for found in _found(name, records[name])
    )


def _found(name: str, values: pd.Series) -> Iterator[IdentifierFound]:
    different = values[values.ne("")].drop_duplicates()
    kind = kind_of_column(name, name, "text")
    if kind is not None:
        yield IdentifierFound(name, kind.name, len(different))
        return
    yield from find_identifiers(name, different)
    yield from find_forms(name, different)
    if len(values) >= FEWEST_RECORDS and len(different) == len(values):
        yield IdentifierFound(name, "code of one record", len(different))
