"""The published columns, as the data dictionary, the portal and the file all see them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from opengazette.model.contract import Contract
from opengazette.model.generalisation import AsIs, Bands, Categories, Period, ZipPrefix
from opengazette.model.percents import WholePercents
from opengazette.model.publication import ANNOTATION_SUFFIX, Dimension, Mean, Measure, Rate

PublishedType = Literal["text", "integer", "number"]

_PERIOD_FORMS = {
    "year": "year, YYYY",
    "half_year": "half-year, YYYY-H1 to YYYY-H2",
    "quarter": "quarter, YYYY-Q1 to YYYY-Q4",
    "month": "month, YYYY-MM",
    "week": "week, YYYY-W01 to YYYY-W53",
}


_WHY_BLANK = (
    "1 = Withheld to protect privacy: few people, one who stands out, or what tells of them"
)


@dataclass(frozen=True)
class PublishedColumn:
    """One column of the published file."""

    name: str
    label: str
    type: PublishedType
    definition: str
    valid_values: str
    decimals: int = 0


def published_columns(contract: Contract, codes: Mapping[str, str]) -> tuple[PublishedColumn, ...]:
    """Return the columns of the published file, in their order.

    `codes` maps each annotation code that the table uses to its meaning.
    Source: State publisher's handbook, data dictionary template.
    """
    return tuple(_columns(contract, codes))


def column_types(contract: Contract) -> dict[str, PublishedType]:
    """Return the type of each published column, in order."""
    return {column.name: column.type for column in published_columns(contract, {})}


def dimensions_among(types: Mapping[str, str]) -> tuple[str, ...]:
    """Return the dimensions among published columns: the texts that no annotation goes with."""
    return tuple(
        name
        for name, kind in types.items()
        if kind == "text"
        and not name.endswith(ANNOTATION_SUFFIX)
        and f"{name}{ANNOTATION_SUFFIX}" not in types
    )


def _columns(contract: Contract, codes: Mapping[str, str]) -> Iterator[PublishedColumn]:
    for dimension in contract.publication.dimensions:
        yield PublishedColumn(
            name=dimension.name,
            label=dimension.label,
            type="text",
            definition=dimension.definition or f"{dimension.label} of the records counted.",
            valid_values=_valid_values(dimension),
        )
    if contract.publication.whole_percents is not None:
        yield from _percents(contract.publication.whole_percents)
        return
    sums = {m.name for m in contract.publication.sums()}
    money = sums | {r.name for r in contract.publication.rates() if r.numerator in sums}
    for measure in contract.publication.measures:
        whole = measure.kind in ("count", "population", "sum")
        yield PublishedColumn(
            name=measure.name,
            label=measure.label,
            type="integer" if whole else "number",
            definition=f"{measure.definition} Unit: {measure.unit}.",
            valid_values="whole number, 0 or more" if whole else "number, 0 or more",
            decimals=measure.decimals if isinstance(measure, Rate | Mean) else 0,
        )
        yield _annotation_of(measure, codes, money)


def _percents(percents: WholePercents) -> Iterator[PublishedColumn]:
    yield PublishedColumn(
        name=percents.name,
        label=percents.label,
        type="text",
        definition=percents.footnote,
        valid_values="0% to 100%; <1%; >99%",
    )
    yield PublishedColumn(
        name=percents.name + ANNOTATION_SUFFIX,
        label=f"{percents.label}: annotation",
        type="text",
        definition=f"Why a value of {percents.name} is blank.",
        valid_values="blank = no annotation",
    )


def _annotation_of(
    measure: Measure, codes: Mapping[str, str], money: Collection[str]
) -> PublishedColumn:
    """Return the column that says why a value is blank, or how far it can be relied on."""
    never = {
        "count": ("4",),
        "sum": ("2", "4"),
        "population": ("1", "2", "4"),
        "rate": ("2",) if measure.name in money else (),
        "mean": (),
    }[measure.kind]
    meanings = [f"{code} = {text}" for code, text in codes.items() if code not in never]
    if measure.name in money:
        meanings[:1] = [_WHY_BLANK]
    return PublishedColumn(
        name=measure.name + ANNOTATION_SUFFIX,
        label=f"{measure.label}: annotation",
        type="text",
        definition=f"Why a value of {measure.name} is blank"
        + (", or what to mind in it." if {"4", "5"} & set(codes) - set(never) else "."),
        valid_values="; ".join(["blank = no annotation", *meanings]),
    )


def _valid_values(dimension: Dimension) -> str:
    named = [dimension.total] if dimension.total else []
    named.extend(dimension.groups)
    match dimension.generalise:
        case Bands(bands=bands):
            named.extend(band.label for band in bands)
        case Categories(groups=groups, other=other):
            named.extend(groups)
            if other:
                named.append(other)
        case Period(unit=unit, years=years):
            named.append(_PERIOD_FORMS[unit] if years == 1 else f"{years} years, YYYY-YYYY")
        case ZipPrefix():
            named.append("first three digits of a ZIP code, or 000")
        case AsIs():
            named.append("as the department spells it")
    if dimension.missing:
        named.append(dimension.missing)
    return "; ".join(dict.fromkeys(named))
