"""What a contract says for the assessment of its table: the rules that it must satisfy."""

from __future__ import annotations

import operator
from typing import Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import FileName, Frozen, Sentence
from opengazette.model.mitigation import Mitigation
from opengazette.model.special_class import SpecialClass


class PersonalCharacteristics(Frozen):
    """The answer to step 1 of the assessment."""

    present: bool
    basis: Sentence = Field(description="why, in one sentence that a lawyer can check")


class Denominator(Frozen):
    """Where the population that the events arise from is found, for step 2."""

    kind: Literal["measure", "reference", "people"]
    measure: str | None = Field(default=None, description="population measure of the table")
    dimension: str | None = Field(default=None, description="dimension joined to the reference")
    reference: FileName | None = Field(
        default=None, description="population table in config/standards/populations"
    )
    people: int | None = Field(default=None, ge=1, description="one number for every cell")
    basis: Sentence = Field(description="source and date of the numbers")

    @model_validator(mode="after")
    def _one_way(self) -> Denominator:
        needed = {
            "measure": {"measure"},
            "reference": {"dimension", "reference"},
            "people": {"people"},
        }
        given = {
            name
            for name in ("measure", "dimension", "reference", "people")
            if getattr(self, name) is not None
        }
        if given != needed[self.kind]:
            raise ValueError(
                f"a denominator of kind {self.kind!r} takes exactly: "
                f"{', '.join(sorted(needed[self.kind]))}"
            )
        return self


class HighRisk(Frozen):
    """Whether the people counted are a high-risk population, protected whatever the score."""

    present: bool
    basis: Sentence


class Reporting(Frozen):
    """The length of the period that one cell covers, for the score."""

    years: int | None = Field(default=None, ge=1, description="years added up in one cell")
    dimension: str | None = Field(
        default=None, description="time dimension whose periods are one cell each"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Reporting:
        if (self.years is None) == (self.dimension is None):
            raise ValueError("give either years or dimension")
        return self


class Disclosure(Frozen):
    """The rules that the table must satisfy before it leaves."""

    rule_pack: FileName = Field(default="calhhs-ddg-2.0", description="file in config/rulepacks")
    personal_characteristics: PersonalCharacteristics
    high_risk: HighRisk
    denominator: Denominator | None = Field(
        default=None, description="needed where personal characteristics are present"
    )
    reporting_period: Reporting
    statewide: Sentence | None = Field(
        default=None,
        exclude_if=operator.not_,
        description="who has decided that the whole state is the only area of the table, and on "
        "what ground; absent: without areas its smallest denominator stands for them",
    )
    mitigation: Mitigation | None = Field(
        default=None,
        exclude_if=operator.not_,
        description="a person's decision that a table above the limit needs no masking; absent: "
        "it is masked",
    )
    special_class: SpecialClass | None = Field(
        default=None,
        exclude_if=operator.not_,
        description="facility, budget or mandated report, with the reason; absent: none of these",
    )

    @model_validator(mode="after")
    def _people_counted(self) -> Disclosure:
        for name in ("statewide", "mitigation"):
            if getattr(self, name) is not None and not self.personal_characteristics.present:
                raise ValueError(f"{name} is for tables with personal characteristics")
        return self

    @model_validator(mode="after")
    def _denominator_known(self) -> Disclosure:
        if self.personal_characteristics.present and self.denominator is None:
            raise ValueError("personal characteristics are present: a denominator is needed")
        return self
