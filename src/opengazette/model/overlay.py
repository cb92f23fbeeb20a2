"""A department's own guideline: values of a rule pack that it changes, and what lets it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from opengazette.model.frozen import FileName, Frozen, Label, Sentence

ValuePath = Annotated[
    str,
    StringConstraints(
        pattern=r"^(thresholds|readings|scores|amounts|reliability|percents)(\.[a-z0-9_]+)+$"
    ),
]
"""Where a value stands in a rule pack: names and numbers of list entries (from 0), with dots."""


class Filing(Frozen):
    """What makes a department's guideline stand.

    Source: DDG 1.0 (a copy filed with the Office of the Agency Information Officer, after
    consultation of the Peer Review Team); DDG 2.0 (approval by the Peer Review Team).
    """

    kind: Literal["prt_approval", "oaio_filing"]
    record: Label = Field(description="number or place of the approval or of the filed copy")
    on: date = Field(description="day of the approval or filing")
    prt_consulted: date | None = Field(
        default=None, description="day on which the Peer Review Team was consulted"
    )
    covers: Annotated[tuple[ValuePath, ...], Field(min_length=1)] = Field(
        description="the values that were approved or filed; a path covers all below it"
    )

    @model_validator(mode="after")
    def _consulted(self) -> Filing:
        if self.kind == "oaio_filing" and self.prt_consulted is None:
            raise ValueError("a filed guideline needs prt_consulted, the day of the consultation")
        if self.prt_consulted is not None and self.prt_consulted > self.on:
            raise ValueError("prt_consulted lies after the filing")
        return self

    def covers_value(self, path: str) -> bool:
        """Tell whether a value was approved or filed."""
        return any(path == whole or path.startswith(f"{whole}.") for whole in self.covers)


class ChangedValue(Frozen):
    """One value of the base that the department changes."""

    path: ValuePath
    was: int | float | str = Field(
        description="the value of the base, so that a new base is noticed"
    )
    to: int | float | str
    reason: Sentence


class Overlay(Frozen):
    """One file of config/overlays: a rule pack that is another one with changed values."""

    name: FileName = Field(description="the file's name; contracts use it as their rule_pack")
    base: FileName = Field(description="file in config/rulepacks")
    department: FileName = Field(description="file in config/departments")
    reference: Sentence = Field(description="title, version and date of the department's guideline")
    filing: Filing
    changes: Annotated[tuple[ChangedValue, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _once(self) -> Overlay:
        paths = [change.path for change in self.changes]
        if len(set(paths)) != len(paths):
            raise ValueError("a value is changed twice")
        return self
