"""The labels that records are published under, as expressions of the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from opengazette.errors import ContractInvalid
from opengazette.model.generalisation import AsIs, Bands, Categories, Period, ZipPrefix
from opengazette.model.publication import Dimension

#: Ibis's own annotations say too little of its expressions.
Expression: TypeAlias = Any

_LARGEST_PLAIN = 1e15


@dataclass(frozen=True)
class Label:
    """A record's label, null where it has none, and whether its source value is empty."""

    label: Expression
    empty: Expression


def label_of(records: Expression, dimension: Dimension) -> Label:
    """Return the label of each record in a dimension.

    Raises:
        ContractInvalid: the column's type and the way of generalising do not go together.
    """
    import ibis

    value = records[dimension.column]
    empty = _is_empty(value)
    label = _generalised(value, dimension)
    filled = ibis.cases(
        (empty, ibis.literal(dimension.missing, type="string")),
        else_=label,
    )
    return Label(filled, empty)


def as_text(value: Expression) -> Expression:
    """Return a value as published text: whole numbers without decimals, dates as ISO 8601.

    Text is put in Unicode's composed form, as the portal does, and is otherwise untouched.
    """
    import ibis

    if value.type().is_string():
        return _composed(value)
    if value.type().is_floating():
        whole = (value == value.floor()) & (value.abs() < _LARGEST_PLAIN)
        return ibis.cases((whole, value.cast("int64").cast("string")), else_=value.cast("string"))
    return value.cast("string")


def text_of(value: str | int | bool) -> str:  # noqa: FBT001 - a value of a contract
    """Return a value of a contract as `as_text` would."""
    from unicodedata import normalize

    if isinstance(value, bool):
        return "true" if value else "false"
    return normalize("NFC", str(value))


def _generalised(value: Expression, dimension: Dimension) -> Expression:
    match dimension.generalise:
        case AsIs():
            return as_text(value)
        case Bands() as bands:
            return _band(_of_kind(value, dimension, "number"), bands)
        case Categories() as categories:
            return _category(as_text(value), categories)
        case ZipPrefix() as prefix:
            return _zip_prefix(as_text(value), prefix, dimension.name)
        case Period() as period:
            return _period(_of_kind(value, dimension, "date"), period)


def _band(value: Expression, bands: Bands) -> Expression:
    import ibis

    branches = []
    for band in bands.bands:
        inside = value >= band.low
        if band.high is not None:
            inside = inside & (value <= band.high)
        branches.append((inside, ibis.literal(band.label)))
    return ibis.cases(*branches, else_=ibis.null("string"))


def _category(text: Expression, categories: Categories) -> Expression:
    import ibis

    branches = [
        (text.isin([text_of(value) for value in values]), ibis.literal(label))
        for label, values in categories.groups.items()
        if values
    ]
    other = ibis.literal(categories.other, type="string")
    return ibis.cases(*branches, else_=other) if branches else other


def _period(value: Expression, period: Period) -> Expression:
    year = value.year().cast("string").lpad(4, "0")
    match period.unit:
        case "year":
            return (
                year if period.first is None else _years(value.year(), period.first, period.years)
            )
        case "half_year":
            return year + "-H" + (value.quarter() > 2).ifelse("2", "1")
        case "quarter":
            return year + "-Q" + value.quarter().cast("string")
        case "month":
            return year + "-" + value.month().cast("string").lpad(2, "0")
        case "week":
            iso_year = value.iso_year().cast("string").lpad(4, "0")
            return iso_year + "-W" + value.week_of_year().cast("string").lpad(2, "0")


def _zip_prefix(text: Expression, prefix: ZipPrefix, dimension: str) -> Expression:
    import ibis

    if prefix.restricted is None:
        raise ContractInvalid(
            f"Dimension {dimension!r}: the list {prefix.lookup!r} of ZIP codes was not read.",
            "Load the contract from config/datasets.",
        )
    start = text.strip().substr(0, 3)
    fits = text.strip().re_search(r"^[0-9]{5}(-?[0-9]{4})?$")
    shown = start.isin([*prefix.restricted, "000"]).ifelse("000", start)
    return ibis.cases((fits, shown), else_=ibis.null("string"))


def _years(year: Expression, first: int, years: int) -> Expression:
    start = first + ((year - first) / years).floor().cast("int64") * years
    end = start + (years - 1)
    return start.cast("string").lpad(4, "0") + "-" + end.cast("string").lpad(4, "0")


def _is_empty(value: Expression) -> Expression:
    if value.type().is_string():
        return value.isnull() | (value.strip() == "")
    if value.type().is_floating():
        return value.isnull() | value.isnan()
    return value.isnull()


def _of_kind(value: Expression, dimension: Dimension, kind: str) -> Expression:
    found = value.type()
    fits = found.is_numeric() and not found.is_boolean() if kind == "number" else found.is_date()
    if not fits:
        raise ContractInvalid(
            f"Dimension {dimension.name!r}: {dimension.generalise.rule} needs a {kind}, and column "
            f"{dimension.column!r} holds none.",
            "Correct the dimension's generalise, or the column's type.",
        )
    return value


def _composed(value: Expression) -> Expression:
    import ibis

    @ibis.udf.scalar.builtin
    def nfc_normalize(text: str) -> str:  # type: ignore[empty-body]
        """Compose, as Unicode's form NFC says."""

    return nfc_normalize(value)
