"""What is counted, added up and divided in a published table."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from opengazette.model.frozen import ColumnName, Frozen, Label, Sentence, SourceName


class Count(Frozen):
    """A number of people, cases, visits or records; small ones are protected."""

    kind: Literal["count"]
    name: ColumnName
    label: Label
    unit: Label
    definition: Sentence
    column: SourceName | None = Field(
        default=None, description="source column to add up; absent: one for each record"
    )
    where: dict[SourceName, tuple[str | int | bool, ...]] = Field(
        default_factory=dict, description="count only records whose column has one of these values"
    )
    part_of: ColumnName | None = Field(
        default=None, description="the count that this one is a part of (positives of tests)"
    )


class Population(Frozen):
    """A known denominator; it is public and never withheld."""

    kind: Literal["population"]
    name: ColumnName
    label: Label
    unit: Label = "people"
    definition: Sentence
    column: SourceName


class Rate(Frozen):
    """A quotient of two measures; hidden where either is hidden. Above may stand an amount."""

    kind: Literal["rate"]
    name: ColumnName
    label: Label
    unit: Label
    definition: Sentence
    numerator: ColumnName
    denominator: ColumnName
    per: int = Field(default=100, ge=1, description="100 for percent, 100000 for a rate")
    decimals: int = Field(default=1, ge=0, le=6)


class Mean(Frozen):
    """A mean of a source column over the records of a count; hidden where that is hidden."""

    kind: Literal["mean"]
    name: ColumnName
    label: Label
    unit: Label
    definition: Sentence
    column: SourceName
    over: ColumnName = Field(description="the count whose records are averaged")
    decimals: int = Field(default=1, ge=0, le=6)
    financial: bool = Field(
        default=False,
        exclude_if=lambda financial: not financial,
        description="true: a mean of money, for which small counts go whatever the score",
    )


class Sum(Frozen):
    """An amount, such as money paid, added up; protected where few people or one make it up."""

    kind: Literal["sum"]
    name: ColumnName
    label: Label
    unit: Label = Field(description="unit of the amounts, which are whole numbers in it")
    definition: Sentence
    column: SourceName = Field(description="source column to add up: whole numbers, 0 or more")
    over: ColumnName = Field(
        description="the count of the records added up; blank where that is blank"
    )
    contributor: SourceName | None = Field(
        default=None,
        description="source column that tells whose amount it is; absent: each record is another's",
    )


Measure = Annotated[Count | Population | Rate | Mean | Sum, Field(discriminator="kind")]


def references(
    measure: Measure, counts: set[str], bases: set[str], sums: set[str]
) -> list[tuple[str, str, set[str]]]:
    """Return what a measure names: the field, the name, and those that it may name."""
    match measure:
        case Rate():
            return [
                ("numerator", measure.numerator, counts | sums),
                ("denominator", measure.denominator, bases),
            ]
        case Mean() | Sum():
            return [("over", measure.over, counts)]
        case Count() if measure.part_of:
            return [("part_of", measure.part_of, counts - {measure.name})]
        case _:
            return []
