"""A refusal that people know of and leave as it is: one file of config/refusals."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from opengazette.model.frozen import DatasetId, Frozen, Label, Sentence


class KnownRefusal(Frozen):
    """Why a dataset is refused every night, for now; a night that is refused so has not failed.

    Nothing is published by it, and a refusal of another kind is a failure all the same.
    """

    dataset: DatasetId = Field(description="the file's name without .yaml")
    error: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]+$")] = Field(
        description="the error that the run ends with, as the runbook names it"
    )
    reason: Sentence = Field(description="why it is left as it is, and what is done about it")
    decided_by: Label
    since: date
