"""What a contract says of the department's table: where it is and which columns are read."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from opengazette.model.frozen import FileName, Frozen, Label, Sentence, SourceName

ColumnType = Literal["text", "integer", "number", "boolean", "date"]

Role = Literal["identifier", "quasi_identifier", "dimension", "measure", "attribute"]
"""What a column may do.

* identifier: names one person or record; read only to validate, never leaves.
* quasi_identifier: a personal characteristic that is generalised before it is published.
* dimension: a category that is published as it is or merged.
* measure: a number that is added up.
* attribute: read to choose or to check records, never published.
"""


class Source(Frozen):
    """The department's table and how far it may shrink overnight."""

    database: FileName = Field(description="name of the connection in config/databases.yaml")
    table: SourceName = Field(description="table or view to read")
    fewest_rows: int = Field(
        ge=1, description="an extract with fewer rows is refused: the source is broken"
    )
    largest_drop_percent: int = Field(
        default=20,
        ge=0,
        le=100,
        description="an extract that shrank by more than this since the last release is refused",
    )


class NotIdentifying(Frozen):
    """A person's word that a column which looks like an identifier names nobody."""

    reason: Sentence = Field(description="why its values name nobody")
    decided_by: Label = Field(description="name and role of the person who decided")
    decided_on: date = Field(description="day of the decision")


class Column(Frozen):
    """A column that may be read. What is not listed is never read, so never published."""

    element: FileName | None = Field(
        default=None,
        description="data element of config/standards/elements.yaml; gives type and allowed values",
    )
    type: ColumnType | None = Field(
        default=None, description="kind of value; needed where no data element is named"
    )
    role: Role = Field(description="what the column may do")
    label: Label = Field(description="name that a person reads")
    definition: Sentence | None = Field(
        default=None, description="one sentence: what a value means and how it comes about"
    )
    unit: Label | None = Field(default=None, description="unit of a measure")
    required: bool = Field(default=True, description="whether an empty value is an error")
    unique: bool = Field(default=False, description="whether a repeated value is an error")
    allowed: tuple[str | int | bool, ...] | None = Field(
        default=None, description="the only values that may occur"
    )
    lowest: float | None = Field(default=None, description="smallest number that may occur")
    highest: float | None = Field(default=None, description="largest number that may occur")
    not_identifying: NotIdentifying | None = Field(
        default=None,
        # A contract that says nothing of it keeps the fingerprint that it was approved under.
        exclude_if=lambda decision: decision is None,
        description="needed where the column looks like an identifier and is to be used as it is",
    )
