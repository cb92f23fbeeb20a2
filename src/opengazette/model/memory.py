"""What a contract says of its table's past and of other tables from the same records."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from opengazette.model.frozen import ColumnName, DatasetId, Frozen, Sentence


class Growth(Frozen):
    """In which way the counts only grow, so that a difference of two is itself a count of people.

    What was added is protected like a count: a difference of 1 to the threshold - 1 must not
    follow from what is shown.
    """

    over: ColumnName | None = Field(
        default=None,
        description="time dimension along which each count includes all periods before it",
    )
    between_releases: bool = Field(
        default=False, description="whether each release counts everybody since the same day"
    )
    basis: Sentence = Field(description="how the department adds up, and what corrections it makes")

    @model_validator(mode="after")
    def _grows(self) -> Growth:
        if self.over is None and not self.between_releases:
            raise ValueError("give over, between_releases or both; else leave `growth` out")
        return self


class LinkedDataset(Frozen):
    """Another dataset made from the same records, whose public releases say more of this one."""

    dataset: DatasetId = Field(description="id of the other dataset; it must name this one too")
    names: dict[ColumnName, ColumnName] = Field(
        default_factory=dict,
        description="its name of a dimension or count, by the name here; absent: the same name",
    )
    basis: Sentence = Field(description="why both are counted from the same records")


LinkedDatasets = Annotated[
    tuple[LinkedDataset, ...],
    Field(description="other datasets from the same records; what they show is held against this"),
]
