"""A standing approval: who lets which releases of a dataset go out, and within what limits."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from opengazette.model.frozen import DatasetId, Frozen, Label, Sentence, Sha256


class RiskEnvelope(Frozen):
    """The limits within which the approver expects every later release to lie."""

    highest_score: int | None = Field(
        default=None, description="largest publication score; absent: no score is computed"
    )
    largest_withheld_percent: float = Field(
        ge=0, le=100, description="largest share of count cells that may be withheld"
    )
    fewest_rows: int = Field(ge=1, description="a release with fewer rows needs a new approval")


class Approval(Frozen):
    """One file of config/approvals. A change of contract or rule pack voids it."""

    dataset: DatasetId
    contract: Sha256 = Field(description="fingerprint of the contract that was approved")
    rule_pack: Sha256 = Field(
        description="fingerprint of the rule pack and of the population tables it is used with"
    )
    envelope: RiskEnvelope
    approver: Label = Field(description="name of the person who approved")
    role: Label = Field(description="role in which the person approved")
    approved_on: date
    reason: Sentence = Field(description="what the approval rests on")
