"""A person's consent that the columns of a public table become others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import Field

from opengazette.model.frozen import DatasetId, Frozen, Label, Sentence


class ShownColumn(Frozen):
    """A column as the portal has it."""

    name: Label
    type: Label


class ColumnChange(Frozen):
    """One file of config/column-changes: these columns may become those, and no others.

    Once the public sees the new columns the file lets nothing more through.
    """

    dataset: DatasetId
    before: tuple[ShownColumn, ...] = Field(description="columns that the public sees, in order")
    after: tuple[ShownColumn, ...] = Field(description="the columns that it is to see, in order")
    approver: Label = Field(description="name of the person who approved")
    role: Label = Field(description="role in which the person approved")
    approved_on: date
    reason: Sentence = Field(description="why those who use the table must change their programs")

    def covers(self, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
        """Tell whether it is exactly this change of columns, types and order."""
        return _pairs(self.before) == list(before.items()) and _pairs(self.after) == list(
            after.items()
        )


def shown(columns: Mapping[str, str]) -> tuple[ShownColumn, ...]:
    """Return columns by name and type, in their order."""
    return tuple(ShownColumn(name=name, type=kind) for name, kind in columns.items())


def _pairs(columns: Iterable[ShownColumn]) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in columns]
