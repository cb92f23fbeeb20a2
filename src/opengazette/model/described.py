"""A table that is only described: what an expert knows of it before there are data."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.contract import HighRisk, PersonalCharacteristics
from opengazette.model.frozen import FileName, Frozen, Label, Sentence
from opengazette.model.mitigation import Mitigation
from opengazette.model.rulepack import LevelName
from opengazette.model.special_class import SpecialClass, broken_special

INSURANCE = "insurance_coverage"
"""Level of an expected payer that stands for the members of a plan: a population term."""

People = Annotated[int, Field(ge=0)]


class DescribedEvents(Frozen):
    """The counts of the table."""

    smallest: int | None = Field(
        default=None, ge=1, description="smallest count other than 0; absent: every count is 0"
    )
    zeros: bool = Field(default=False, description="whether a count is 0")


class DescribedPeriod(Frozen):
    """What one count covers: so many whole years, or one shorter period."""

    years: int | None = Field(default=None, ge=1, description="years added up in one count")
    unit: Literal["year", "half_year", "quarter", "month", "week", "day"] | None = Field(
        default=None, description="length of one period; a day or a week scores as a month"
    )

    @model_validator(mode="after")
    def _one_way(self) -> DescribedPeriod:
        if (self.years is None) == (self.unit is None):
            raise ValueError("give either years or unit")
        return self


class ListedGroups(Frozen):
    """Groups that a population table lists; the smallest of them counts."""

    table: FileName = Field(description="file in config/standards/populations")
    labels: Annotated[tuple[Label, ...], Field(min_length=1)]


class DescribedArea(Frozen):
    """Where the people live: the whole state, or the smallest area that the table shows."""

    statewide: bool = Field(default=False, description="the whole state is the only area")
    population: People | None = Field(default=None, description="people of the smallest area")
    areas: ListedGroups | None = Field(default=None, description="areas of a population table")

    @model_validator(mode="after")
    def _one_way(self) -> DescribedArea:
        if self.statewide + (self.population is not None) + (self.areas is not None) != 1:
            raise ValueError("give exactly one of statewide, population, areas")
        return self


class DescribedService(Frozen):
    """Where the service is given: a region by its people, or a kind of address."""

    population: People | None = Field(default=None, description="people of the smallest region")
    place: LevelName | None = Field(
        default=None,
        description="address, address_rural, address_frontier or address_hospital",
    )
    residents_only: bool = Field(
        default=False, description="the service is given to residents of the region alone"
    )

    @model_validator(mode="after")
    def _known(self) -> DescribedService:
        if self.population is None and self.place is None:
            raise ValueError("give population, place, or both")
        if self.residents_only and self.population is None:
            raise ValueError("residents_only needs the population of the region")
        return self


class AgeBand(Frozen):
    """Ages that are added up; both ends belong to the band."""

    low: int = Field(ge=0)
    high: int | None = Field(default=None, ge=0, description="absent: open end")

    @model_validator(mode="after")
    def _in_order(self) -> AgeBand:
        if self.high is not None and self.high < self.low:
            raise ValueError("the band ends before it starts")
        return self


class DescribedAge(Frozen):
    """Ages, by the bands that are shown."""

    kind: Literal["age"]
    name: Label
    bands: Annotated[tuple[AgeBand, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _apart(self) -> DescribedAge:
        ordered = sorted(self.bands, key=lambda band: band.low)
        for lower, upper in pairwise(ordered):
            if lower.high is None or lower.high >= upper.low:
                raise ValueError(f"an age of {upper.low} lies in two bands")
        return self


class DescribedGroups(Frozen):
    """A variable that shows groups of people."""

    kind: Literal["sex", "race_ethnicity", "expected_payer", "other"]
    name: Label
    groups: int | None = Field(default=None, ge=1, description="how many groups are shown")
    level: LevelName | None = Field(
        default=None, description="level of detail in the rule pack's table"
    )
    smallest_population: People | None = Field(
        default=None, description="statewide population, or enrolment, of the smallest group"
    )
    listed: ListedGroups | None = Field(
        default=None, description="the groups shown, with a table that has their populations"
    )
    reporting: Literal["exclusive", "inclusive"] = Field(
        default="exclusive",
        description="race_ethnicity: `inclusive` counts a person in every group that is selected; "
        "that takes no further points",
    )
    basis: Sentence | None = Field(
        default=None, description="who decided this and on what ground, where a person must"
    )

    @model_validator(mode="after")
    def _counted(self) -> DescribedGroups:
        if self.groups is None and self.listed is None:
            raise ValueError("give groups or listed")
        if self.groups is not None and self.listed and self.groups < len(self.listed.labels):
            raise ValueError("listed names more groups than groups says are shown")
        if self.reporting == "inclusive" and self.kind != "race_ethnicity":
            raise ValueError("only race_ethnicity is reported as inclusive")
        return self

    @property
    def number(self) -> int:
        """Return how many groups are shown."""
        return max(self.groups or 0, len(self.listed.labels) if self.listed else 0)


class DescribedInsurance(Frozen):
    """The plan that all people counted belong to."""

    members: People | None = Field(
        default=None, description="people covered by the smallest plan; absent: not known"
    )


DescribedVariable = Annotated[DescribedAge | DescribedGroups, Field(discriminator="kind")]


class SideBySide(Frozen):
    """One of several tables that stand beside each other: variables crossed in it alone."""

    crossed: tuple[Label, ...] = Field(description="names of the variables that are crossed in it")
    smallest: int | None = Field(
        default=None, ge=1, description="its smallest count other than 0; absent: that of events"
    )
    denominator: People | None = Field(
        default=None, description="its smallest denominator; absent: that of the whole"
    )


class DescribedTable(Frozen):
    """One file for `opengazette score --describe`."""

    title: Sentence
    personal_characteristics: PersonalCharacteristics
    high_risk: HighRisk | None = Field(default=None, description="absent: not high-risk")
    financial: bool = Field(
        default=False,
        description="whether amounts of money are shown for counts of members or services; small "
        "counts are then withheld whatever the score",
    )
    regimes: Annotated[
        tuple[Literal["ipa", "hipaa", "public_record"], ...], Field(min_length=1)
    ] = ("ipa",)
    events: DescribedEvents
    denominator: People | None = Field(
        default=None, description="smallest population that events arise from; absent: not known"
    )
    period: DescribedPeriod
    residence: DescribedArea | None = None
    service: DescribedService | None = None
    insurance: DescribedInsurance | None = None
    variables: tuple[DescribedVariable, ...] = ()
    side_by_side: tuple[SideBySide, ...] = Field(
        default=(), description="absent: all variables are crossed with each other in one table"
    )
    mitigation: Mitigation | None = Field(
        default=None, description="why a table above the limit need not be masked"
    )
    special_class: SpecialClass | None = Field(
        default=None, description="facility, budget or mandated report; absent: none of these"
    )

    @model_validator(mode="after")
    def _names(self) -> DescribedTable:
        names = [v.name for v in self.variables]
        if len(set(names)) != len(names):
            raise ValueError("a name is used by two variables")
        placed = {name for part in self.side_by_side for name in part.crossed}
        if unknown := placed - set(names):
            raise ValueError(f"side_by_side: {', '.join(sorted(unknown))} is not a variable")
        if self.side_by_side and (left := set(names) - placed):
            raise ValueError(f"side_by_side: {', '.join(sorted(left))} stands in no table")
        return self

    @model_validator(mode="after")
    def _answered(self) -> DescribedTable:
        high = self.high_risk is not None and self.high_risk.present
        if not self.personal_characteristics.present and (self.variables or high):
            raise ValueError(
                "personal_characteristics.present must be true: the table shows variables of "
                "people or counts a high-risk population"
            )
        areas = (self.residence, self.service, self.insurance)
        smaller = self.residence is not None and not self.residence.statewide
        if not self.personal_characteristics.present and (smaller or self.insurance):
            raise ValueError(
                "personal_characteristics.present must be true: the table shows where people live "
                "or who covers them"
            )
        if self.personal_characteristics.present and not any(areas):
            raise ValueError("give residence, service or insurance: one population term is needed")
        return self

    @model_validator(mode="after")
    def _special(self) -> DescribedTable:
        if self.special_class is not None:
            personal = self.personal_characteristics.present
            for problem in broken_special(
                self.special_class, personal=personal, kinds=("facility",)
            ):
                raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _one_plan(self) -> DescribedTable:
        groups = [v for v in self.variables if isinstance(v, DescribedGroups)]
        plans = [v for v in groups if v.kind == "expected_payer" and v.level == INSURANCE]
        if len(plans) + (self.insurance is not None) > 1:
            raise ValueError(f"two plans: give insurance, or one variable of level {INSURANCE}")
        return self

    def names_levels(self) -> bool:
        """Tell whether any level or kind of address is named."""
        groups = [v for v in self.variables if isinstance(v, DescribedGroups)]
        place = self.service is not None and self.service.place is not None
        return place or any(v.level is not None for v in groups)

    def population_tables(self) -> tuple[str, ...]:
        """Return the population tables that the description names."""
        listed = [v.listed for v in self.variables if isinstance(v, DescribedGroups)]
        if self.residence is not None:
            listed.append(self.residence.areas)
        return tuple(sorted({groups.table for groups in listed if groups is not None}))
