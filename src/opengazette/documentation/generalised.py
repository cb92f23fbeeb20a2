"""How values were made coarser before publication, in words for the public."""

from __future__ import annotations

from collections.abc import Iterator

from opengazette.model.contract import Contract
from opengazette.model.generalisation import AsIs, Bands, Categories, Period, ZipPrefix
from opengazette.model.publication import Dimension

PERIODS = {
    "year": "year",
    "half_year": "half-year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
}


def generalised(contract: Contract) -> tuple[str, ...]:
    """Say of each dimension that is not published as it is what detail was given up.

    Shape: a sentence for each, in order. What is not done: nothing is counted; a value that
    found no place would have stopped the release.
    """
    return tuple(_sentences(contract))


def _sentences(contract: Contract) -> Iterator[str]:
    for dimension in contract.publication.dimensions:
        if (lost := _lost(dimension)) is not None:
            yield f"{dimension.label}: {lost}."


def _lost(dimension: Dimension) -> str | None:
    match dimension.generalise:
        case AsIs():
            return None
        case Bands(bands=bands):
            opened = ", the last without an end" if bands[-1].high is None else ""
            return f"numbers are published in {len(bands)} bands{opened}"
        case Categories(groups=groups, other=other):
            rest = f", all others as {other!r}" if other else ""
            return f"values are published in {len(groups)} groups{rest}"
        case Period(unit=unit, years=years):
            span = f"period of {years} years" if years > 1 else PERIODS[unit]
            return f"dates are published as the {span} that they fall in"
        case ZipPrefix():
            return (
                "ZIP codes are published as their first three digits, as 000 where 20,000 people "
                "or fewer share these"
            )
