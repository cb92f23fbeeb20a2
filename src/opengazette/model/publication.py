"""What a contract says of the published table: dimensions, how they are generalised, measures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import ColumnName, FileName, Frozen, Label, Sentence, SourceName
from opengazette.model.generalisation import AsIs, Bands, Categories, Generalisation
from opengazette.model.measures import Count, Mean, Measure, Population, Rate, Sum, references
from opengazette.model.overlaps import broken_overlaps
from opengazette.model.percents import WholePercents, broken_percents
from opengazette.model.reliability import (
    IncompleteCells,
    Reliability,
    broken_incomplete,
    broken_reliability,
)
from opengazette.model.suppression import Suppression, broken_references

__all__ = [
    "ANNOTATION_SUFFIX",
    "Characteristic",
    "Count",
    "Dimension",
    "Mean",
    "Measure",
    "Population",
    "PublicationTable",
    "Rate",
    "Sum",
]

ANNOTATION_SUFFIX = "_annotation"
"""A measure's companion column: a code that says why a value is blank."""

CharacteristicKind = Literal[
    "time",
    "age",
    "sex",
    "race_ethnicity",
    "residence",
    "service_location",
    "expected_payer",
    "other",
    "event",
    "facility",
]
"""What a dimension tells about a person; `event` and `facility` tell nothing of the person."""


class Characteristic(Frozen):
    """What a dimension tells about the people counted, for the publication score."""

    kind: CharacteristicKind
    level: Label | None = Field(
        default=None, description="level of detail in the rule pack's score table, where it has any"
    )
    smallest_population: int | None = Field(
        default=None,
        ge=1,
        description="statewide population or enrolment of the smallest group, where known",
    )
    reference: FileName | None = Field(
        default=None, description="population table in config/standards/populations, by code"
    )
    basis: Sentence | None = Field(
        default=None, description="who decided this and on what ground, where a person must"
    )


class Dimension(Frozen):
    """One way in which the published table is broken down."""

    name: ColumnName
    label: Label
    definition: Sentence | None = None
    column: SourceName = Field(description="source column that it is made from")
    characteristic: Characteristic
    generalise: Generalisation = AsIs()
    missing: Label | None = Field(
        default=None, description="label of empty source values; absent: they are refused"
    )
    total: Label | None = Field(
        default=None, description="label of the row that adds up all others; absent: no such row"
    )
    groups: dict[Label, tuple[Label, ...]] = Field(
        default_factory=dict,
        description="subtotals: label of each and the labels it adds up (others of these included)",
    )

    def known_labels(self) -> frozenset[str] | None:
        """Return every label that can be published; None where only the rows can tell them."""
        match self.generalise:
            case Bands(bands=bands):
                found = [band.label for band in bands]
            case Categories(areas=None, groups=groups, other=other):
                found = [*groups, *([other] if other else [])]
            case _:
                return None
        margins = [*self.groups, *(name for name in (self.total, self.missing) if name)]
        return frozenset([*found, *margins])


class PublicationTable(Frozen):
    """The table that the public sees: one row for each combination of its dimensions."""

    row: Label = Field(description="what one row is, in a few words")
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    measures: Annotated[tuple[Measure, ...], Field(min_length=1)]
    combinations: Literal["complete", "observed"] = Field(
        default="complete",
        description="complete: combinations without records are shown as 0; observed: left out",
    )
    suppression: Suppression = Field(
        default=Suppression(), description="which cells are withheld rather than others"
    )
    reliability: Reliability | None = Field(
        default=None,
        exclude_if=lambda reliability: reliability is None,
        description="needed for surveys: when rates and means are too unsteady to rely on",
    )
    incomplete: tuple[IncompleteCells, ...] = Field(
        default=(),
        exclude_if=lambda incomplete: not incomplete,
        description="cells whose data are not complete yet",
    )
    whole_percents: WholePercents | None = Field(
        default=None,
        exclude_if=lambda percents: percents is None,
        description="publish whole percents of three categories in the place of their counts",
    )

    @model_validator(mode="after")
    def _names(self) -> PublicationTable:
        names = [d.name for d in self.dimensions] + [m.name for m in self.measures]
        if len(set(names)) != len(names):
            raise ValueError("a name is used by two dimensions or measures")
        counts = {m.name for m in self.measures if m.kind == "count"}
        bases = counts | {m.name for m in self.measures if m.kind == "population"}
        sums = {m.name for m in self.measures if m.kind == "sum"}
        if not counts:
            raise ValueError("a publication table needs at least one count")
        for measure in self.measures:
            for field, target, known in references(measure, counts, bases, sums):
                if target not in known:
                    raise ValueError(
                        f"measure {measure.name!r}: {field} {target!r} is not one of "
                        f"{', '.join(sorted(known))}"
                    )
        return self

    @model_validator(mode="after")
    def _amounts(self) -> PublicationTable:
        counts = {m.name: m for m in self.counts()}
        for amount in self.sums():
            if counts[amount.over].column is not None:
                raise ValueError(f"measure {amount.name!r}: over must be a count of records")
            for other in self.measures:
                if isinstance(other, Rate) or other == amount:
                    continue
                if other.column == amount.column:
                    raise ValueError(
                        f"measure {other.name!r}: {other.column!r} is the column of "
                        f"{amount.name!r} and would give its amounts away; publish one of the two"
                    )
        return self

    @model_validator(mode="after")
    def _overlaps(self) -> PublicationTable:
        for problem in broken_overlaps(self.measures, {d.column for d in self.dimensions}):
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _suppression(self) -> PublicationTable:
        labels = {d.name: d.known_labels() for d in self.dimensions}
        for broken in broken_references(self.suppression, labels, [m.name for m in self.counts()]):
            raise ValueError(broken)
        return self

    @model_validator(mode="after")
    def _estimates(self) -> PublicationTable:
        labels = {d.name: d.known_labels() for d in self.dimensions}
        broken = [*broken_incomplete(self.incomplete, labels, [m.name for m in self.measures])]
        if self.reliability is not None:
            parts = {m.name: m.part_of for m in self.counts()}
            made_of = {m.name: m.denominator for m in self.rates()}
            made_of |= {m.name: m.over for m in self.means()}
            broken += broken_reliability(self.reliability, parts, made_of)
        if self.whole_percents is not None:
            broken += broken_percents(
                self.whole_percents,
                [(d.name, d.characteristic.kind, *_extent(d)) for d in self.dimensions],
                [m.kind for m in self.measures],
                [name for name in ("reliability", "incomplete") if getattr(self, name)]
                + ["suppression"] * (self.suppression != Suppression()),
            )
        for problem in broken:
            raise ValueError(problem)
        return self

    def counts(self) -> tuple[Count, ...]:
        """Return the counts, in order."""
        return tuple(m for m in self.measures if isinstance(m, Count))

    def rates(self) -> tuple[Rate, ...]:
        """Return the rates, in order."""
        return tuple(m for m in self.measures if isinstance(m, Rate))

    def means(self) -> tuple[Mean, ...]:
        """Return the means, in order."""
        return tuple(m for m in self.measures if isinstance(m, Mean))

    def sums(self) -> tuple[Sum, ...]:
        """Return the sums of amounts, in order."""
        return tuple(m for m in self.measures if isinstance(m, Sum))

    def added_up(self) -> tuple[Count | Sum, ...]:
        """Return what adds up to totals and can be withheld: counts and sums, in order."""
        return tuple(m for m in self.measures if isinstance(m, Count | Sum))

    def populations(self) -> tuple[Population, ...]:
        """Return the known denominators, in order."""
        return tuple(m for m in self.measures if isinstance(m, Population))

    def value_columns(self) -> tuple[str, ...]:
        """Return the published columns that an annotation stands beside, in order."""
        if self.whole_percents is not None:
            return (self.whole_percents.name,)
        return tuple(m.name for m in self.measures)

    def key(self) -> tuple[str, ...]:
        """Return the names of the dimensions: the key of a row."""
        return tuple(d.name for d in self.dimensions)


def _extent(dimension: Dimension) -> tuple[bool, int | None]:
    """Return whether a dimension has totals or groups, and how many labels, where known."""
    labels = dimension.known_labels()
    has_totals = bool(dimension.total or dimension.groups)
    return has_totals, None if labels is None or has_totals else len(labels)
