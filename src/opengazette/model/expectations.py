"""What a dataset's columns cannot say of its rows: one file of the folder expectations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from opengazette.model.frozen import DatasetId, Frozen, Sentence

Severity = Literal["critical", "warning", "info"]
"""critical stops the release; warning and info go into the report."""

ExpectationType = Annotated[str, StringConstraints(pattern=r"^expect_[a-z][a-z_]*$")]
"""The name of an expectation as Great Expectations lists it, in small letters."""


class Expectation(Frozen):
    """One thing that must be true of the department's rows."""

    type: ExpectationType = Field(
        description="name of the expectation, such as expect_column_values_to_match_regex"
    )
    kwargs: dict[str, JsonValue] = Field(
        default_factory=dict, description="arguments of the expectation, such as column and regex"
    )
    severity: Severity = Field(description="what follows when it is not met")
    reason: Sentence = Field(description="why it must hold; the department reads it")


class ExpectationFile(Frozen):
    """One file of expectations; a dataset that needs none has no file."""

    dataset: DatasetId = Field(description="the file's name without .yaml")
    expectations: Annotated[tuple[Expectation, ...], Field(min_length=1)] = Field(
        description="what must be true of the rows"
    )
