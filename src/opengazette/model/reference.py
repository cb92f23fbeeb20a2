"""Small public look-up tables that contracts refer to by name."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from opengazette.model.frozen import FileName, Frozen, Label, Sentence
from opengazette.model.record_release import RecordLimits
from opengazette.model.source import ColumnType


class PopulationTable(Frozen):
    """People living in each area: one file of config/standards/populations."""

    id: FileName
    title: Sentence
    source: Sentence = Field(description="where the numbers come from")
    as_of: date
    people: Annotated[dict[Label, Annotated[int, Field(ge=0)]], Field(min_length=1)]


class DataElement(Frozen):
    """A data element of the department's standards: a column may name it."""

    label: Label
    type: ColumnType
    definition: Sentence
    allowed: tuple[str | int | bool, ...] | None = None
    lowest: float | None = None
    highest: float | None = None
    source: Sentence = Field(description="standard that defines the element")


class DataElements(Frozen):
    """config/standards/elements.yaml."""

    elements: Annotated[dict[FileName, DataElement], Field(min_length=1)]


class Department(Frozen):
    """One file of config/departments."""

    id: FileName
    name: Label
    publisher: Label = Field(description="name that the public sees as the publisher")
    steward: Label = Field(description="role or person who answers for the data")
    covered_entity: bool = Field(description="whether HIPAA applies to it")
    record_limits: RecordLimits | None = Field(
        default=None, description="limits for single records; absent: none are handed over"
    )
