"""Whether counts are published of a variable that another dataset shows in whole percents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from opengazette.adapters.config_files import Reading
from opengazette.adapters.config_problems import Problem
from opengazette.model.contract import Contract


def counts_elsewhere(readings: Mapping[str, Reading[Contract]]) -> Iterator[Problem]:
    """Find datasets that count the people of a table of whole percents by the same variable.

    They are told by the source's table and column; views that show the same people by another
    name are for the person who signs.
    """
    for name, reading in readings.items():
        contract = reading.value
        if contract is None or contract.publication.whole_percents is None:
            continue
        of = contract.publication.whole_percents.of
        column = next(d.column for d in contract.publication.dimensions if d.name == of)
        for other_name, other in readings.items():
            if other_name == name or other.value is None:
                continue
            if _counts(other.value, contract, column):
                reason = f"dataset {other_name!r} publishes counts by {column!r} of the same table"
                fix = f"publish counts in both, or drop {column!r} there"
                yield reading.problem(("publication", "whole_percents"), reason, fix)


def _counts(other: Contract, contract: Contract, column: str) -> bool:
    if other.publication.whole_percents is not None:
        return False
    if (other.source.database, other.source.table) != (
        contract.source.database,
        contract.source.table,
    ):
        return False
    used = {d.column for d in other.publication.dimensions}
    used |= {name for count in other.publication.counts() for name in count.where}
    return column in used
