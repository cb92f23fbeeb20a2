"""The dataset contract: one closed value for each file in config/datasets."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from opengazette.model.disclosure import (
    Denominator,
    Disclosure,
    HighRisk,
    PersonalCharacteristics,
    Reporting,
)
from opengazette.model.frozen import DatasetId, FileName, Frozen, Label, Sentence, SourceName
from opengazette.model.generalisation import Period
from opengazette.model.legal import Legal
from opengazette.model.memory import Growth, LinkedDatasets
from opengazette.model.overlaps import broken_money
from opengazette.model.publication import Count, Mean, Population, PublicationTable, Sum
from opengazette.model.source import Column, Source
from opengazette.model.special_class import broken_special
from opengazette.model.watching import Watch

__all__ = [
    "Classification",
    "Contact",
    "Contract",
    "Coverage",
    "Denominator",
    "Disclosure",
    "Documentation",
    "Email",
    "Frequency",
    "HighRisk",
    "PersonalCharacteristics",
    "Reporting",
    "Schedule",
    "Topic",
]

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

Frequency = Literal[
    "irregular", "daily", "weekly", "monthly", "quarterly", "semiannual", "annual", "biennial"
]

Topic = Literal[
    "Diseases and Conditions",
    "Facilities and Services",
    "Health Care",
    "Workforce",
    "Environment",
    "Demographics",
    "Resources",
]


class Classification(Frozen):
    """How open the published table is (Open Data Handbook, levels 1 to 3)."""

    level: Literal[1, 2, 3] = Field(description="1 open, 2 by agreement, 3 never on the portal")
    basis: Sentence = Field(description="why this level")


class Contact(Frozen):
    """The shared mailbox that the public writes to."""

    name: Label
    email: Email


class Coverage(Frozen):
    """First and last day that the table covers."""

    start: date
    end: date

    @model_validator(mode="after")
    def _in_order(self) -> Coverage:
        if self.end < self.start:
            raise ValueError("the end lies before the start")
        return self


class Documentation(Frozen):
    """What the public reads beside the numbers."""

    description: Sentence = Field(description="purpose, collection method, what is counted")
    limitations: Sentence = Field(description="what the numbers cannot tell")
    topic: Topic
    tags: Annotated[tuple[Label, ...], Field(min_length=1)]
    frequency: Frequency
    coverage: Coverage
    geography: Label = Field(description="the area that the table covers")
    contact: Contact
    license: Literal["PUBLIC_DOMAIN", "CC0_10", "CC_40_BY", "ODC_BY", "PDDL"] = "PUBLIC_DOMAIN"
    attribution: Label = Field(description="who is named as the source")
    attribution_link: str | None = Field(default=None, pattern=r"^https?://\S+$")


class Schedule(Frozen):
    """When the nightly run takes the dataset up."""

    cron: Annotated[str, StringConstraints(pattern=r"^\S+( \S+){4}$")]
    timezone: Label = "America/Los_Angeles"


class Contract(Frozen):
    """One dataset: where it comes from, what is published, under which rules."""

    id: DatasetId = Field(description="the file's name without .yaml; never reused")
    title: Annotated[str, StringConstraints(min_length=8, max_length=100)]
    summary: Sentence = Field(description="one or two sentences for the catalogue")
    department: FileName = Field(description="file in config/departments")
    classification: Classification
    legal: Legal
    source: Source
    columns: Annotated[dict[SourceName, Column], Field(min_length=1)]
    publication: PublicationTable
    disclosure: Disclosure
    documentation: Documentation
    schedule: Schedule
    growth: Growth | None = Field(
        default=None, description="needed where counts only grow, such as a running total"
    )
    linked_to: LinkedDatasets = ()
    watch: Watch | None = Field(
        default=None,
        # A contract that says nothing of it keeps the fingerprint that it was approved under.
        exclude_if=lambda watch: watch is None,
        description="what the watch over the public table does, and when it is too old",
    )

    @model_validator(mode="after")
    def _columns_listed(self) -> Contract:
        for where, column, roles in self._column_uses():
            if column not in self.columns:
                raise ValueError(f"{where} uses column {column!r}, which columns does not list")
            role = self.columns[column].role
            if role not in roles:
                raise ValueError(
                    f"{where} uses column {column!r} of role {role}; it needs {' or '.join(roles)}"
                )
        return self

    @model_validator(mode="after")
    def _whole_periods(self) -> Contract:
        """A period that lacks years would score as one that has them all."""
        covered = self.documentation.coverage
        for dimension in self.publication.dimensions:
            rule = dimension.generalise
            if not isinstance(rule, Period) or rule.first is None:
                continue
            before, after = covered.start.year - rule.first, covered.end.year + 1 - rule.first
            if before % rule.years or after % rule.years:
                raise ValueError(
                    f"dimension {dimension.name!r}: periods of {rule.years} years from "
                    f"{rule.first} do not fill the coverage from {covered.start.year} to "
                    f"{covered.end.year}"
                )
        return self

    @model_validator(mode="after")
    def _one_area(self) -> Contract:
        for dimension in self.publication.dimensions if self.disclosure.statewide else ():
            if dimension.characteristic.kind in ("residence", "service_location"):
                raise ValueError(f"statewide: dimension {dimension.name!r} shows other areas")
        return self

    @model_validator(mode="after")
    def _special(self) -> Contract:
        special, personal = self.disclosure.special_class, self.disclosure.personal_characteristics
        kinds = [d.characteristic.kind for d in self.publication.dimensions]
        if special is not None:
            for problem in broken_special(special, personal=personal.present, kinds=kinds):
                raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _money(self) -> Contract:
        units = {name: column.unit for name, column in self.columns.items()}
        personal = self.disclosure.personal_characteristics.present
        for problem in broken_money(self.publication.measures, units, personal=personal):
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _open(self) -> Contract:
        if self.classification.level == 3:
            raise ValueError("a table of level 3 is never published: it takes no contract")
        return self

    @model_validator(mode="after")
    def _references(self) -> Contract:
        names = set(self.publication.key())
        period = self.disclosure.reporting_period.dimension
        if period is not None and period not in names:
            raise ValueError(f"reporting_period: {period!r} is not a dimension of the publication")
        denominator = self.disclosure.denominator
        if denominator is None:
            return self
        if denominator.dimension is not None and denominator.dimension not in names:
            raise ValueError(
                f"denominator: {denominator.dimension!r} is not a dimension of the publication"
            )
        populations = {m.name for m in self.publication.populations()}
        if denominator.measure is not None and denominator.measure not in populations:
            raise ValueError(f"denominator: {denominator.measure!r} is not a population measure")
        return self

    @model_validator(mode="after")
    def _links(self) -> Contract:
        grows = next((d for d in self.publication.dimensions if self._grows_over(d.name)), None)
        if self.growth is not None and self.growth.over is not None and grows is None:
            raise ValueError(f"growth: {self.growth.over!r} is not a dimension of the publication")
        if grows is not None and (grows.total is not None or grows.groups):
            raise ValueError(
                f"growth: dimension {grows.name!r} adds up counts that include each other already; "
                "take away its total and groups"
            )
        others = [link.dataset for link in self.linked_to]
        if self.id in others or len(set(others)) != len(others):
            raise ValueError("linked_to: name each other dataset once, and not this one")
        known = {*self.publication.key(), *(m.name for m in self.publication.counts())}
        for link in self.linked_to:
            if unknown := sorted(set(link.names) - known):
                raise ValueError(
                    f"linked_to {link.dataset!r}: {unknown[0]!r} is no dimension or count here"
                )
        return self

    def _grows_over(self, dimension: str) -> bool:
        return self.growth is not None and self.growth.over == dimension

    def population_tables(self) -> tuple[str, ...]:
        """Return the names of the population tables that the assessment looks up, sorted."""
        named = {d.characteristic.reference for d in self.publication.dimensions}
        if self.disclosure.denominator is not None:
            named.add(self.disclosure.denominator.reference)
        return tuple(sorted(name for name in named if name is not None))

    def _column_uses(self) -> list[tuple[str, str, tuple[str, ...]]]:
        uses: list[tuple[str, str, tuple[str, ...]]] = []
        for dimension in self.publication.dimensions:
            where = f"dimension {dimension.name!r}"
            uses.append((where, dimension.column, ("dimension", "quasi_identifier")))
        for measure in self.publication.measures:
            where = f"measure {measure.name!r}"
            if isinstance(measure, Count | Population | Mean | Sum) and measure.column is not None:
                uses.append((where, measure.column, ("measure",)))
            if isinstance(measure, Sum) and measure.contributor is not None:
                giver = ("identifier", "quasi_identifier", "attribute", "dimension")
                uses.append((where, measure.contributor, giver))
            if isinstance(measure, Count):
                chosen = ("attribute", "dimension", "quasi_identifier")
                uses.extend((where, column, chosen) for column in measure.where)
        return uses
