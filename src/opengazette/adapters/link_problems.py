"""Whether datasets that count the same people are held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

from opengazette.adapters.config_files import Reading
from opengazette.adapters.config_problems import Problem
from opengazette.model.contract import Contract


def unlinked(readings: Mapping[str, Reading[Contract]]) -> Iterator[Problem]:
    """Find datasets that count the people of one table of a department and do not say so.

    They are told by the source's table; views that show the same people by another name are for
    the person who signs. Whole percents stand alone and are looked at elsewhere.
    """
    read = {
        name: (reading, reading.value)
        for name, reading in readings.items()
        if reading.value is not None
        and reading.value.disclosure.personal_characteristics.present
        and reading.value.publication.whole_percents is None
    }
    for name, other in permutations(read, 2):
        reading, contract = read[name]
        theirs = read[other][1]
        same = (contract.source.database, contract.source.table) == (
            theirs.source.database,
            theirs.source.table,
        )
        if same and other not in {link.dataset for link in contract.linked_to}:
            reason = f"dataset {other!r} counts people of the same table, and is not linked"
            fix = f"name {other!r} in linked_to, and {name!r} there, or publish one of the two"
            yield reading.problem(("source", "table"), reason, fix)
