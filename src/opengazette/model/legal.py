"""The law that a department's table stands under, and how its standard is met."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import Frozen, Label, Sentence
from opengazette.model.statutes import StatuteTopic

Regime = Literal["ipa", "hipaa", "part2", "public_record"]
"""A body of law that decides what must be shown before a release.

* ipa: the California Information Practices Act, Civil Code 1798 and following.
* hipaa: the Privacy Rule, 45 CFR 164.514.
* part2: records of substance use disorder treatment, 42 CFR Part 2.
* public_record: the source itself is open to the public.
"""

HIPAA_STANDARD: tuple[Regime, ...] = ("hipaa", "part2")
"""Regimes under which data are de-identified by 45 CFR 164.514(b) alone."""

ExpertRole = Literal[
    "Statistical De-Identification Expert", "Statistical De-Identification Supervisor Expert"
]


class Determination(Frozen):
    """An expert's signed determination that is on file."""

    expert: Label = Field(description="name of the person who signed it")
    role: ExpertRole
    signed_on: date
    reference: Sentence = Field(description="where the signed document is filed")
    approval: Sentence | None = Field(
        default=None, description="reference of the Peer Review Team's approval of the expert"
    )


class HipaaStandard(Frozen):
    """By which of its two methods the standard of 45 CFR 164.514(b) is met."""

    method: Literal["safe_harbor", "expert_determination"]
    basis: Sentence = Field(
        description="safe_harbor: who states that nobody knows how the rest could identify a "
        "person; expert_determination: why the table is released although it is outside Safe Harbor"
    )
    determination: Determination | None = Field(
        default=None, description="expert_determination: the signed document, once there is one"
    )

    @model_validator(mode="after")
    def _one_method(self) -> HipaaStandard:
        if self.method == "safe_harbor" and self.determination is not None:
            raise ValueError("safe_harbor takes no determination: choose one of the two methods")
        return self


def _is_absent(value: object) -> bool:
    """Leave an unused part out of the contract's fingerprint."""
    return value is None or value == ()


class Legal(Frozen):
    """The law that the department's table stands under."""

    regimes: Annotated[tuple[Regime, ...], Field(min_length=1)]
    authority: Sentence = Field(description="the law or policy that lets it be published")
    hipaa_standard: HipaaStandard | None = Field(
        default=None,
        description="needed at the gate where regimes name `hipaa` or `part2`",
        exclude_if=_is_absent,
    )
    statutes: tuple[StatuteTopic, ...] = Field(
        default=(),
        description="topics of the statute index that legal services consult; cited as evidence",
        exclude_if=_is_absent,
    )

    @model_validator(mode="after")
    def _consistent(self) -> Legal:
        if len(set(self.regimes)) != len(self.regimes):
            raise ValueError("regimes: name each once")
        if len(set(self.statutes)) != len(self.statutes):
            raise ValueError("statutes: name each topic once")
        if self.hipaa_standard is not None and not self.needs_hipaa_standard:
            raise ValueError("hipaa_standard is only for the regimes hipaa and part2")
        return self

    @property
    def needs_hipaa_standard(self) -> bool:
        """Tell whether only 45 CFR 164.514(b) de-identifies these data."""
        return any(regime in HIPAA_STANDARD for regime in self.regimes)
