"""Which columns of a contract look like identifiers, and are not dealt with as such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opengazette.disclosure.identifiers.names import (
    BUSINESS_KINDS,
    FULL_DATE,
    OLD_AGE,
    PLACE,
    ZIP,
    IdentifierKind,
    kind_of_column,
)
from opengazette.model.contract import Contract
from opengazette.model.generalisation import AsIs, Bands
from opengazette.model.publication import Dimension
from opengazette.model.source import ColumnType

OLDEST_SINGLE_AGE = 89
"""Ages above this are one group (45 CFR 164.514(b)(2)(i)(C))."""

_WHEN_PUBLISHED = frozenset({FULL_DATE, ZIP, PLACE})
"""What may be read as it is, as long as it is published more coarsely."""


@dataclass(frozen=True)
class IdentifyingColumn:
    """A column that looks like an identifier, and what is done with it that must not be."""

    column: str
    kind: IdentifierKind
    use: str


def identifying_columns(
    contract: Contract, types: Mapping[str, ColumnType]
) -> tuple[IdentifyingColumn, ...]:
    """Name the columns that look like identifiers by name, label or type and are used as others.

    Shape: `types` holds the type of each column, taken from its data element where it names one.
    Columns of role `identifier` and of role `measure`, and those of which a person has recorded
    why they name nobody, are left out. Dates, ZIP codes and positions are identifiers only where
    a dimension publishes them as they are; a date of an event only where HIPAA applies. Ages
    above 89 in bands of their own are identifiers of a column of ages. A facility or a place of
    service may have a name, an address and a telephone.

    What is not done: values are not looked at (see `identifiers`).
    Source: 45 CFR 164.514(b)(2)(i); Civil Code 1798.3(a).
    """
    return tuple(_identifying(contract, types))


def _identifying(
    contract: Contract, types: Mapping[str, ColumnType]
) -> Iterator[IdentifyingColumn]:
    for name, column in contract.columns.items():
        kept = column.role in ("identifier", "measure") or column.not_identifying is not None
        if kept or name not in types:
            continue
        shown = [d for d in contract.publication.dimensions if d.column == name]
        kind = kind_of_column(name, column.label, types[name])
        if kind in BUSINESS_KINDS and shown and all(_is_of_a_business(d) for d in shown):
            continue
        if kind is not None and kind not in _WHEN_PUBLISHED:
            yield IdentifyingColumn(name, kind, f"is read with the role {column.role}")
        for dimension in shown:
            if kind in _WHEN_PUBLISHED and _is_told(contract, dimension, name, kind):
                yield IdentifyingColumn(name, kind, f"dimension {dimension.name!r} shows it as is")
            if _splits_old_ages(dimension):
                yield IdentifyingColumn(
                    name, OLD_AGE, f"dimension {dimension.name!r} has bands of ages over 89"
                )


def _is_told(contract: Contract, dimension: Dimension, column: str, kind: IdentifierKind) -> bool:
    if not isinstance(dimension.generalise, AsIs):
        return False
    named = kind_of_column(column, contract.columns[column].label, "text") == FULL_DATE
    return kind != FULL_DATE or named or "hipaa" in contract.legal.regimes


def _is_of_a_business(dimension: Dimension) -> bool:
    return dimension.characteristic.kind in ("facility", "service_location")


def _splits_old_ages(dimension: Dimension) -> bool:
    """Tell whether ages above 89 are more than one group, or end in one.

    A band that begins at 90 or below and has no end is the group that the rule allows.
    """
    rule = dimension.generalise
    if dimension.characteristic.kind != "age" or not isinstance(rule, Bands):
        return False
    return any(
        band.low > OLDEST_SINGLE_AGE + 1 or (band.high or 0) > OLDEST_SINGLE_AGE
        for band in rule.bands
    )
