"""The populations that events arise from: of every cell, and of the smallest area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import pandas as pd

from opengazette.errors import ContractInvalid, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.publication import Dimension
from opengazette.model.reference import PopulationTable


def finest_labels(dimension: Dimension, table: pd.DataFrame) -> tuple[str, ...]:
    """Return the labels of a dimension in the table that are neither total nor group."""
    present = dict.fromkeys(table[dimension.name].astype(str).unique())
    return tuple(c for c in present if c != dimension.total and c not in dimension.groups)


def smallest_denominator(
    contract: Contract, table: pd.DataFrame, populations: Mapping[str, PopulationTable]
) -> int | None:
    """Return the smallest population that the events of a cell arise from.

    Totals and groups cover larger populations than the labels they add up. None where the
    population of a cell with events is not known: such a cell does not pass step 2.

    Raises:
        ContractInvalid: no denominator is declared, or its population table lacks labels.
    """
    denominator = contract.disclosure.denominator
    if denominator is None:
        raise ContractInvalid(
            f"Dataset {contract.id!r}: no denominator is declared.",
            "Add disclosure.denominator with the population that the events arise from.",
        )
    match denominator.kind:
        case "people":
            return denominator.people
        case "measure":
            return _smallest_measured(contract, str(denominator.measure), table)
        case "reference":
            dimension = _dimension(contract, str(denominator.dimension))
            labels = finest_labels(dimension, table)
            return smallest_listed(
                contract, dimension, str(denominator.reference), labels, populations
            )
        case _:
            assert_never(denominator.kind)


def area_population(
    contract: Contract,
    dimension: Dimension,
    labels: tuple[str, ...],
    table: pd.DataFrame,
    populations: Mapping[str, PopulationTable],
) -> int:
    """Return the population of the smallest area that a dimension shows.

    Taken from the characteristic's population table or recorded number and from the table's
    denominators: of several, the smallest.

    Raises:
        DisclosureRisk: nothing says how many people live there.
    """
    what, denominator = dimension.characteristic, contract.disclosure.denominator
    known: list[int | None] = [what.smallest_population]
    if what.reference is not None:
        known.append(smallest_listed(contract, dimension, what.reference, labels, populations))
    if denominator is not None and (
        denominator.kind == "measure" or denominator.dimension == dimension.name
    ):
        known.append(smallest_denominator(contract, table, populations))
    found = [people for people in known if people is not None]
    if not found:
        raise DisclosureRisk(
            f"Dataset {contract.id!r}: the population of the smallest area of dimension "
            f"{dimension.name!r} is not known, so the table cannot be scored.",
            "Name a population table (reference) or the smallest_population in its characteristic.",
        )
    return min(found)


def smallest_listed(
    contract: Contract,
    dimension: Dimension,
    reference: str,
    labels: tuple[str, ...],
    populations: Mapping[str, PopulationTable],
) -> int:
    """Return the smallest population that a reference table lists for the labels shown.

    Raises:
        ContractInvalid: there is no such table, or it lacks labels.
    """
    if reference not in populations:
        raise ContractInvalid(
            f"Dataset {contract.id!r}, dimension {dimension.name!r}: there is no population table "
            f"{reference!r}.",
            f"Add config/standards/populations/{reference}.yaml, or correct the name.",
        )
    people = populations[reference].people
    missing = sum(label not in people for label in labels)
    if missing:
        raise ContractInvalid(
            f"Dataset {contract.id!r}: {missing} of the {len(labels)} labels of dimension "
            f"{dimension.name!r} are not in the population table {reference!r}.",
            f"Add them to config/standards/populations/{reference}.yaml, or spell them alike.",
        )
    return min((people[label] for label in labels), default=0)


def _smallest_measured(contract: Contract, measure: str, table: pd.DataFrame) -> int | None:
    dimensions = contract.publication.dimensions
    margins = [table[d.name].isin([d.total, *d.groups]) for d in dimensions]
    finest = table[~pd.concat(margins, axis=1).any(axis=1)]
    counts, people = finest[[m.name for m in contract.publication.counts()]], finest[measure]
    unknown = int((people.isna() & counts.gt(0).any(axis=1)).sum())
    smallest = people.min()
    return None if unknown or pd.isna(smallest) else int(smallest)


def _dimension(contract: Contract, name: str) -> Dimension:
    return next(d for d in contract.publication.dimensions if d.name == name)
