"""Tables that the guidelines treat in a way of their own: facilities, budgets, mandated reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import Frozen, Label, Sentence


class FacilityClass(Frozen):
    """Facilities, providers and places of service: what they are is public, whom they serve not."""

    kind: Literal["facility"]
    clients: Literal["anyone", "particular"] = Field(
        description="particular: that somebody goes there tells what they are, as with a "
        "children's hospital; anyone: it does not"
    )
    reason: Sentence = Field(description="why, in one sentence that a lawyer can check")


class BudgetClass(Frozen):
    """Money that was or will be spent."""

    kind: Literal["budget"]
    figures: Literal["projection", "actual"]
    tied_to_members: bool = Field(
        description="whether a figure can be tied to numbers of members or services"
    )
    reason: Sentence = Field(description="why, in one sentence that a lawyer can check")


class MandatedReportClass(Frozen):
    """A report that a law demands; it is de-identified like any other unless the law forbids it."""

    kind: Literal["mandated_report"]
    law: Label = Field(description="the section that demands the report")
    requires_characteristics: bool = Field(
        description="whether the law expressly requires the personal characteristics themselves"
    )
    decided_by: Label | None = Field(
        default=None,
        description="who in Legal Services read it so, with the date; needed where it does",
    )
    reason: Sentence = Field(description="what the law requires, in one sentence")

    @model_validator(mode="after")
    def _decided(self) -> MandatedReportClass:
        if self.requires_characteristics != (self.decided_by is not None):
            raise ValueError(
                "decided_by names who read the law to require personal characteristics: give it "
                "where requires_characteristics is true, and only there"
            )
        return self


SpecialClass = Annotated[
    FacilityClass | BudgetClass | MandatedReportClass, Field(discriminator="kind")
]


def special_words(special: SpecialClass) -> str:
    """Say what a special class comes to, for step 1 of the assessment.

    Source: CalHHS Data De-Identification Guidelines, 5.3 to 5.5.
    """
    match special:
        case FacilityClass(clients="anyone"):
            said = "Services of a facility or provider whose clients are anyone"
        case FacilityClass():
            said = "Services of a facility or provider that tell something of the clients"
        case BudgetClass(figures=figures, tied_to_members=tied):
            can = "can" if tied else "cannot"
            said = f"Budget, {figures} figures that {can} be tied to members or services"
        case MandatedReportClass(law=law, requires_characteristics=required):
            does = "expressly requires" if required else "does not require"
            said = f"Report demanded by {law}, which {does} personal characteristics"
    return f"{said}: {special.reason}"


def broken_special(
    special: SpecialClass, *, personal: bool, kinds: Collection[str]
) -> Iterator[str]:
    """Say where a special class contradicts the rest of the contract.

    `personal` is the answer to step 1, `kinds` what the dimensions tell.
    """
    match special:
        case FacilityClass(clients=clients):
            if not {"facility", "service_location"} & set(kinds):
                yield "special_class: no dimension is a facility or a place of service"
            if clients == "particular" and not personal:
                yield (
                    "special_class: whom these facilities serve tells something of the clients, so "
                    "that personal_characteristics.present must be true"
                )
        case BudgetClass(tied_to_members=True) if not personal:
            yield (
                "special_class: figures that can be tied to members or services are assessed; set "
                "personal_characteristics.present to true"
            )
        case MandatedReportClass(requires_characteristics=True) if not personal:
            yield (
                "special_class: the law is said to require personal characteristics, but "
                "personal_characteristics.present is false"
            )
