"""A versioned disclosure policy as data: thresholds, score tables and annotation codes."""

from __future__ import annotations

import operator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.amounts import AmountRules
from opengazette.model.frozen import FileName, Frozen, Label, Sentence
from opengazette.model.percents import PercentRules
from opengazette.model.readings import Overlap, Readings
from opengazette.model.reliability import ReliabilityRules

TimeUnit = Literal["year", "half_year", "quarter", "month", "week"]
"""Length of a reporting period of a year or less; `week` is anything finer than a month."""

LevelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class LadderBand(Frozen):
    """One listed interval of whole numbers and its points; both ends belong to it."""

    low: int
    high: int | None = Field(default=None, description="absent: open end")
    points: int

    @property
    def text(self) -> str:
        """Return the band as a person reads it."""
        if self.high is None:
            return f"{self.low:,} or more"
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


class Ladder(Frozen):
    """Points by size: bands in ascending order, without gaps, whose points only rise or only fall.

    A number below the first band scores as the first, one above the last as the last: what is
    more granular than anything listed takes the highest listed score, and nothing unlisted
    scores less than the coarsest band that is listed.
    """

    source: Sentence
    bands: Annotated[tuple[LadderBand, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _contiguous(self) -> Ladder:
        for lower, upper in zip(self.bands, self.bands[1:], strict=False):
            if lower.high is None or upper.low not in (lower.high, lower.high + 1):
                raise ValueError(f"the band from {upper.low} does not begin where the last ends")
        if any(b.high is not None and b.high < b.low for b in self.bands):
            raise ValueError("a band ends before it starts")
        points = [b.points for b in self.bands]
        if points not in (sorted(points), sorted(points, reverse=True)):
            raise ValueError("the points of a ladder must only rise or only fall")
        return self

    @property
    def highest(self) -> int:
        """Return the highest listed score."""
        return max(b.points for b in self.bands)

    def band(self, number: int, overlap: Overlap = "highest") -> LadderBand:
        """Return the band of a number; `overlap` decides where two printed bands share it."""
        first, last = self.bands[0], self.bands[-1]
        number = max(number, first.low)
        if last.high is not None:
            number = min(number, last.high)
        found = [b for b in self.bands if b.low <= number and (b.high is None or number <= b.high)]
        choose = max if overlap == "highest" else min
        return choose(found, key=lambda b: b.points)

    def points(self, number: int, overlap: Overlap = "highest") -> int:
        """Return the points of a number."""
        return self.band(number, overlap).points


class FixedLevel(Frozen):
    """A level of detail with one score."""

    score: Literal["fixed"]
    points: int
    means: Sentence = Field(description="the groups that this level shows")
    groups: int | None = Field(
        default=None, ge=1, description="how many groups the level lists; absent: any number"
    )
    source: Sentence

    def can_show(self, groups: int) -> bool:
        """Tell whether so many labels fit: the listed groups, one for other, one for unknown."""
        return self.groups is None or groups <= self.groups + 2


class PopulationLevel(Frozen):
    """A level of detail scored by the statewide population of its smallest group."""

    score: Literal["population"]
    ladder: Ladder
    means: Sentence
    source: Sentence


class HighRiskLevel(Frozen):
    """A level of detail without a score: small counts are always withheld."""

    score: Literal["high_risk"]
    means: Sentence
    source: Sentence


Level = Annotated[FixedLevel | PopulationLevel | HighRiskLevel, Field(discriminator="score")]


class LevelTable(Frozen):
    """The listed levels of one variable."""

    source: Sentence
    levels: Annotated[dict[LevelName, Level], Field(min_length=1)]

    @property
    def highest(self) -> int:
        """Return the highest score of any listed level."""
        found = [v.points for v in self.levels.values() if isinstance(v, FixedLevel)]
        ladders = [v for v in self.levels.values() if isinstance(v, PopulationLevel)]
        return max([*found, *(v.ladder.highest for v in ladders)])

    @model_validator(mode="after")
    def _scored(self) -> LevelTable:
        if all(isinstance(v, HighRiskLevel) for v in self.levels.values()):
            raise ValueError("at least one level needs a score")
        return self


class SexTable(LevelTable):
    """The levels of sex, orientation and gender, and the one that two groups stand for."""

    two_groups: LevelName = Field(description="level of a table that shows two groups only")
    more_groups_reassessed: bool = Field(
        default=False,
        exclude_if=operator.not_,
        description="a reviewer must reassess sex with other or unknown beside the two groups",
    )

    @model_validator(mode="after")
    def _listed(self) -> SexTable:
        if self.two_groups not in self.levels:
            raise ValueError("two_groups is not a listed level")
        return self


class ServiceTable(Frozen):
    """Service geography: by population of the reporting region, or by kind of address."""

    population: Ladder
    places: dict[LevelName, FixedLevel]


class PayerTable(Frozen):
    """Expected payer and means-tested programmes, by enrolment."""

    enrolment: Ladder
    interacts_up_to: int = Field(
        description="a programme with more people than this adds no interaction"
    )


class TimeTable(Frozen):
    """Reporting period: whole years by number, shorter periods by name."""

    source: Sentence
    years: Ladder
    units: dict[TimeUnit, int]

    @model_validator(mode="after")
    def _all_units(self) -> TimeTable:
        order: tuple[TimeUnit, ...] = ("year", "half_year", "quarter", "month", "week")
        if set(self.units) != set(order):
            raise ValueError(f"units needs exactly: {', '.join(order)}")
        points = [self.units[u] for u in order]
        if points != sorted(points) or self.units["year"] != self.years.points(1):
            raise ValueError("shorter periods must score at least as high, one year the same")
        return self


class MinimumCredit(Frozen):
    """Points taken off where no event count is smaller than `at_least`."""

    at_least: int = Field(ge=1)
    points: int = Field(le=0)


class InteractionTable(Frozen):
    """Points for crossed variables, or credits where there are none."""

    source: Sentence
    crossed: Ladder
    credits: tuple[MinimumCredit, ...] = Field(
        description="apply only where nothing but events, time and a population term is shown"
    )


class OtherTable(Frozen):
    """Variables that no table names: by population where one is listed, else by groups."""

    population: Ladder | None = Field(description="absent: the edition has no such table")
    groups: Ladder
    levels: dict[LevelName, Level] = Field(
        default_factory=dict, description="variables with a table of their own: language, migration"
    )


class ScoreTables(Frozen):
    """The publication scoring criteria of one edition."""

    events: Ladder
    age: Ladder = Field(description="width of the narrowest band in years, both ends counted")
    sex: SexTable
    race_ethnicity: LevelTable
    residence: Ladder
    service: ServiceTable
    insurance: Ladder | None = Field(description="members covered; absent: not in this edition")
    payer: PayerTable | None = Field(description="absent: not in this edition")
    time: TimeTable
    other: OtherTable
    interactions: InteractionTable


class Thresholds(Frozen):
    """The limits of step 2 and step 3."""

    numerator: int = Field(ge=2, description="smallest count that passes step 2 and may be shown")
    denominator: int = Field(ge=1, description="the population limit that the guidelines print")
    score: int = Field(description="highest score that is released without further masking")
    source: Sentence


class Annotation(Frozen):
    """One annotation code of the portal and its text."""

    code: Literal["", "1", "2", "3", "4", "5"]
    text: Label


class RulePack(Frozen):
    """One file of config/rulepacks: one edition of one guideline."""

    name: FileName
    title: Sentence
    source: Sentence
    edition: date = Field(description="day on which the edition was approved")
    thresholds: Thresholds
    readings: Readings = Readings()
    scores: ScoreTables
    amounts: AmountRules | None = Field(
        default=None, description="rules for sums of money; absent: none may be published"
    )
    reliability: ReliabilityRules | None = Field(
        default=None,
        exclude_if=lambda reliability: reliability is None,
        description="when estimates are unsteady; absent: the edition does not say",
    )
    percents: PercentRules | None = Field(
        default=None,
        exclude_if=lambda percents: percents is None,
        description="when whole percents may stand for counts; absent: never",
    )
    annotations: Annotated[tuple[Annotation, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _codes(self) -> RulePack:
        codes = [a.code for a in self.annotations]
        if len(set(codes)) != len(codes):
            raise ValueError("an annotation code is listed twice")
        if self.readings.annotation != "merged" and not {"1", "2"} <= set(codes):
            raise ValueError("annotations: codes '1' and '2' are needed to tell them apart")
        return self

    @property
    def smallest_denominator(self) -> int:
        """Return the smallest population that passes step 2."""
        return self.thresholds.denominator + (self.readings.denominator_limit == "fails")

    def annotation(self, code: str) -> str:
        """Return the text of an annotation code. Raises KeyError when it is not listed."""
        for annotation in self.annotations:
            if annotation.code == code:
                return annotation.text
        raise KeyError(code)
