"""What a steward decides about suppression: which cells go rather than others, and who said so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import ColumnName, Frozen, Label, Sentence


class ForcedCells(Frozen):
    """Cells shown or withheld because a person decided so; no decision shows a small count."""

    be: Literal["shown", "withheld"] = Field(
        description="shown: not withheld to protect others; withheld: protected like a small count"
    )
    where: Annotated[dict[ColumnName, Label], Field(min_length=1)] = Field(
        description="label by dimension; a dimension left out stands for all its labels and totals"
    )
    measures: tuple[ColumnName, ...] = Field(
        default=(), description="the counts that are meant; absent: all"
    )
    width: int | None = Field(
        default=None,
        ge=1,
        description="withheld: in how wide a range the public must be left; absent: the threshold",
    )
    reason: Sentence
    decided_by: Label = Field(description="person or body, with the date if there is one")

    @model_validator(mode="after")
    def _width_of_withheld(self) -> ForcedCells:
        if self.be == "shown" and self.width is not None:
            raise ValueError("width: only cells that are withheld leave anybody in a range")
        return self


class Suppression(Frozen):
    """Which cells are withheld rather than others, and what the table tells of it."""

    objective: Literal["count", "sum"] = Field(
        default="count",
        description="count: withhold as few cells as possible; sum: cells that hold little in all",
    )
    keep_totals: int = Field(
        default=0,
        ge=0,
        le=100,
        description="cells withheld rather than one total, more for each level of totals above",
    )
    least_interesting: dict[ColumnName, Annotated[tuple[Label, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="labels by dimension whose cells are withheld rather than others",
    )
    forced: tuple[ForcedCells, ...] = Field(
        default=(), description="cells that a person wants shown or withheld"
    )
    annotation: Literal["merged", "distinguish-where-safe"] = Field(
        default="merged",
        description="whether codes tell small counts from others, where that gives nothing away",
    )
    singletons: bool = Field(
        default=False,
        description="true: who knows to be the only one in a cell learns no other cell by it",
    )


def broken_references(
    suppression: Suppression,
    labels: Mapping[str, frozenset[str] | None],
    counts: Sequence[str],
) -> Iterator[str]:
    """Say what a suppression names in vain.

    `labels` holds the labels of each dimension, None where only the rows can tell them.
    """
    named = [
        ("least_interesting", name, label)
        for name, chosen in suppression.least_interesting.items()
        for label in chosen
    ]
    named += [("forced", name, c) for f in suppression.forced for name, c in f.where.items()]
    for field, name, label in named:
        if name not in labels:
            yield f"{field}: {name!r} is not one of the dimensions {', '.join(labels)}"
        elif (known := labels[name]) is not None and label not in known:
            yield f"{field}: {label!r} is no label of {name}: {', '.join(sorted(known))}"
    for forced in suppression.forced:
        for measure in forced.measures:
            if measure not in counts:
                yield f"forced: {measure!r} is not one of the counts {', '.join(counts)}"
