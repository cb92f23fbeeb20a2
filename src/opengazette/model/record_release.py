"""A release of single records: what is asked for, and the limits that a department has set."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from opengazette.model.frozen import FileName, Frozen, Label, Sentence

RecordRole = Literal["quasi_identifier", "sensitive", "other", "left_out"]
"""What a column of the records is.

* quasi_identifier: others may know it of a person, so records are compared by it.
* sensitive: what nobody shall learn of a person; it is looked at within each group of records.
* other: is handed over, and neither tells who somebody is nor is sensitive.
* left_out: is not handed over.
"""


class RecordLimits(Frozen):
    """What records must satisfy before a person of the department may decide on them."""

    smallest_group: int = Field(
        ge=2, description="k-anonymity: fewest records that share all quasi-identifiers"
    )
    fewest_sensitive_values: int = Field(
        ge=1, description="l-diversity: fewest values of a sensitive column in one such group"
    )
    highest_risk: float = Field(
        gt=0, le=1, description="highest risk that one record is identified, from 0 to 1"
    )
    highest_expected_percent: float = Field(
        gt=0, le=100, description="largest share of records expected to be identified, in percent"
    )
    most_unique_percent: float = Field(
        ge=0, le=100, description="largest share of unique records, in percent"
    )
    basis: Sentence = Field(description="who set these limits, where, and when")


class RecordColumn(Frozen):
    """One column of the records."""

    role: RecordRole
    not_identifying: Sentence | None = Field(
        default=None,
        description="why a column that looks like an identifier is none, with name and date",
    )


class Population(Frozen):
    """The people that the records were drawn from at random."""

    people: int = Field(ge=1)
    basis: Sentence = Field(description="how the records were drawn, and the source of the number")


class RecordRelease(Frozen):
    """A request to hand over single records. It is examined, never carried out."""

    id: FileName
    title: Sentence
    department: FileName = Field(description="file in config/departments; its limits apply")
    record_level: Literal[True] = Field(
        description="single records leave the department: said on purpose, or not at all"
    )
    recipient: Label = Field(description="who receives the records")
    reason: Sentence = Field(description="why a table does not do, and what records are for")
    columns: Annotated[dict[str, RecordColumn], Field(min_length=1)]
    population: Population | None = Field(
        default=None, description="absent: the recipient may know who is among the records"
    )

    @model_validator(mode="after")
    def _roles(self) -> RecordRelease:
        if not self.named("quasi_identifier"):
            raise ValueError("columns: name at least one quasi_identifier, or release a table")
        return self

    def named(self, role: RecordRole) -> tuple[str, ...]:
        """Return the columns of a role, in order."""
        return tuple(name for name, column in self.columns.items() if column.role == role)

    def released(self) -> tuple[str, ...]:
        """Return the columns that would be handed over, in order."""
        return tuple(name for name, column in self.columns.items() if column.role != "left_out")
