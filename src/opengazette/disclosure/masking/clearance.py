"""What a second pair of eyes compares between the true table and the one about to be published."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from opengazette.disclosure.identifiers.texts import (
    OF_A_PLACE,
    IdentifierFound,
    find_forms,
    find_identifiers,
)
from opengazette.model.contract import Contract
from opengazette.model.publication import (
    ANNOTATION_SUFFIX,
    Mean,
    PublicationTable,
    Rate,
)


def unexpected_columns(public: pd.DataFrame, publication: PublicationTable) -> tuple[str, ...]:
    """Name the columns that the contract does not publish, and those that are missing."""
    expected = list(publication.key())
    for name in publication.value_columns():
        expected += [name, name + ANNOTATION_SUFFIX]
    return tuple(sorted(set(expected) ^ set(map(str, public.columns))))


def same_rows(public: pd.DataFrame, true: pd.DataFrame, publication: PublicationTable) -> bool:
    """Tell whether both tables have the same unique key in the same order."""
    key = list(publication.key())
    left = public[key].reset_index(drop=True)
    right = true[key].reset_index(drop=True)
    return left.equals(right) and not left.duplicated().any()


def shown_falsely(
    public: pd.DataFrame, true: pd.DataFrame, publication: PublicationTable
) -> dict[str, int]:
    """Count, for each measure, the shown values that are not the true ones.

    Withholding only blanks: a value that was changed is as wrong as one that leaks.
    """
    wrong: dict[str, int] = {}
    for measure in publication.measures:
        shown = public[measure.name].notna()
        differs = shown & ~(public[measure.name] == true[measure.name]).fillna(False)  # noqa: FBT003
        wrong[measure.name] = int(differs.sum())
    return {name: count for name, count in wrong.items() if count}


def derived_from_withheld(public: pd.DataFrame, publication: PublicationTable) -> dict[str, int]:
    """Count, for each rate and mean, the values shown beside a withheld count they follow from.

    Source: CalHHS Data De-Identification Guidelines 2.0, 4.4.1 rule 5.
    """
    counts = {m.name for m in publication.added_up()}
    found: dict[str, int] = {}
    for measure in publication.measures:
        match measure:
            case Rate():
                parents = [measure.numerator, measure.denominator]
            case Mean():
                parents = [measure.over]
            case _:
                continue
        hidden = public[[p for p in parents if p in counts]].isna().any(axis=1)
        found[measure.name] = int((hidden & public[measure.name].notna()).sum())
    return {name: count for name, count in found.items() if count}


def identifiers_among(public: pd.DataFrame, contract: Contract) -> tuple[IdentifierFound, ...]:
    """Look at every label of every dimension for what names one person.

    Left out are columns of which a person has recorded why they name nobody; a facility or a
    place of service may have an address.
    """
    return tuple(_identifiers(public, contract))


def _identifiers(public: pd.DataFrame, contract: Contract) -> Iterator[IdentifierFound]:
    for dimension in contract.publication.dimensions:
        if contract.columns[dimension.column].not_identifying is not None:
            continue
        labels = tuple(map(str, public[dimension.name].unique()))
        place = dimension.characteristic.kind in ("facility", "service_location")
        for found in (
            *find_identifiers(dimension.name, labels),
            *find_forms(dimension.name, labels),
        ):
            if not (place and found.kind in OF_A_PLACE):
                yield found


def people_alone(public: pd.DataFrame, publication: PublicationTable) -> dict[str, int]:
    """Count, for each count, the shown cells that hold exactly one person or event."""
    return {m.name: int((public[m.name] == 1).sum()) for m in publication.counts()}
