"""When a published estimate is too unsteady to rely on: the rules, and what a contract says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import ColumnName, Frozen, Label, Sentence

SurveyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

UNLISTED = "unlisted"
"""The rule of every survey that has none of its own."""


class NormalRange(Frozen):
    """How large a sample must be for its design: the more so, the rarer the answer."""

    middle: int = Field(ge=1, description="smallest sample, times the design effect, from 25 to 75")
    tails: int = Field(ge=1, description="smallest number of the rarer answer, times the effect")


class SurveyRule(Frozen):
    """When one survey's own rule withholds an estimate; what it leaves out, it does not ask."""

    title: Label
    smallest_sample: int | None = Field(
        default=None, ge=1, description="answers that the estimate needs below the line"
    )
    smallest_numerator: int | None = Field(
        default=None, ge=1, description="answers that the estimate needs above the line"
    )
    largest_error_percent: float | None = Field(
        default=None, gt=0, description="relative standard error above which it is withheld"
    )
    smallest_percent: float | None = Field(
        default=None, gt=0, lt=100, description="estimates below it are withheld"
    )
    largest_percent: float | None = Field(
        default=None, gt=0, lt=100, description="estimates of this or more are withheld"
    )
    flagged_numerator: int | None = Field(
        default=None, ge=1, description="estimates with fewer answers above the line are flagged"
    )
    normal_range: NormalRange | None = None
    protection: Sentence | None = Field(
        default=None, description="the survey's own rule on privacy, for the expert to weigh"
    )
    source: Sentence


class ReliabilityRules(Frozen):
    """When rates are unsteady, and the rules of the surveys that have their own."""

    unstable_from_percent: float = Field(
        gt=0, description="relative standard error from which a rate is marked as unstable"
    )
    source: Sentence
    surveys: dict[SurveyName, SurveyRule]

    @model_validator(mode="after")
    def _for_every_survey(self) -> ReliabilityRules:
        if UNLISTED not in self.surveys:
            raise ValueError(f"surveys needs {UNLISTED!r}, the rule of every survey not listed")
        return self


class Reliability(Frozen):
    """What becomes of rates and means that are too unsteady to rely on."""

    survey: SurveyName | None = Field(
        default=None,
        description="survey in the rule pack, `unlisted` for any other; absent: not a survey",
    )
    sample: ColumnName | None = Field(
        default=None, description="the count of the people asked, where it is a survey"
    )
    design_effect: float = Field(
        default=1.0,
        ge=1,
        le=100,
        description="how much the survey's design widens its variance; 1 is a simple sample",
    )
    unstable: Literal["flagged", "withheld"] = Field(
        default="flagged",
        description="whether rates that the rule pack calls unstable are shown, or blank; code 4",
    )
    basis: Sentence = Field(description="where the sample and its design are described")

    @model_validator(mode="after")
    def _sample_of_survey(self) -> Reliability:
        if (self.survey is None) != (self.sample is None):
            raise ValueError("give survey and sample together, or neither")
        if self.survey is None and self.design_effect != 1:
            raise ValueError("design_effect: only a survey has one")
        return self


class IncompleteCells(Frozen):
    """Cells whose data are not complete yet: shown, and marked with code 5."""

    where: Annotated[dict[ColumnName, Label], Field(min_length=1)] = Field(
        description="label by dimension; a dimension left out stands for all its labels and totals"
    )
    measures: tuple[ColumnName, ...] = Field(
        default=(), description="the measures that are meant; absent: all"
    )
    reason: Sentence = Field(description="what is missing, in words for the public")


def broken_incomplete(
    incomplete: Iterable[IncompleteCells],
    labels: Mapping[str, frozenset[str] | None],
    measures: Sequence[str],
) -> Iterator[str]:
    """Say what the list of incomplete cells names in vain; None: only the rows can tell labels."""
    for entry in incomplete:
        for name, label in entry.where.items():
            if name not in labels:
                yield f"incomplete: {name!r} is not one of the dimensions {', '.join(labels)}"
            elif (known := labels[name]) is not None and label not in known:
                yield f"incomplete: {label!r} is no label of {name}: {', '.join(sorted(known))}"
        for measure in entry.measures:
            if measure not in measures:
                yield f"incomplete: {measure!r} is not one of the measures {', '.join(measures)}"


def broken_reliability(
    reliability: Reliability, parts: Mapping[str, str | None], made_of: Mapping[str, str]
) -> Iterator[str]:
    """Say what keeps the rules of a survey from reaching its estimates.

    `parts` maps each count to the one that it is a part of; `made_of` each rate and mean to what
    stands below its line.
    """
    if not made_of:
        yield "reliability: the table has no rate or mean, so nothing in it is an estimate"
    if reliability.sample is None:
        return
    if reliability.sample not in parts:
        yield f"reliability: {reliability.sample!r} is not one of the counts {', '.join(parts)}"
        return
    for name, below in made_of.items():
        if reliability.sample not in _wholes(below, parts):
            yield (
                f"reliability: {name!r} is an estimate from {below!r}, which is neither the sample "
                f"{reliability.sample!r} nor a part_of it"
            )


def _wholes(name: str | None, parts: Mapping[str, str | None]) -> list[str]:
    found: list[str] = []
    while name is not None and name not in found:
        found.append(name)
        name = parts.get(name)
    return found
