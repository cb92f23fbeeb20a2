"""A refusal that people know of and leave as it is: one file of config/refusals."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from opengazette import errors
from opengazette.model.frozen import DatasetId, Frozen, Label, Sentence

#: Refusals that may hide another one every night: somebody must read each of them.
NEVER_KNOWN = ("DisclosureRisk", "AuditFailed")


def _named_by_the_runbook(error: str) -> str:
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type))
    if error not in {kind.__name__ for kind in kinds if issubclass(kind, errors.Refused)}:
        raise ValueError("no refusal of that name is in the runbook")
    if error in NEVER_KNOWN:
        raise ValueError(f"{error} is never known: somebody reads it each time")
    return error


class KnownRefusal(Frozen):
    """Why a dataset is refused every night, for now; a night that is refused so has not failed.

    Nothing is published by it. A refusal of another kind, or the same kind for another reason, is
    a failure all the same.
    """

    dataset: DatasetId = Field(description="the file's name without .yaml")
    error: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Z][A-Za-z]+$"),
        AfterValidator(_named_by_the_runbook),
    ] = Field(
        description="the error that the run ends with, as the runbook names it; never "
        "DisclosureRisk or AuditFailed"
    )
    says: Annotated[str, StringConstraints(min_length=10, strip_whitespace=True)] = Field(
        description="words of the error's message, without the numbers that change from night to "
        "night; where the message does not hold them, the refusal is another one"
    )
    reason: Sentence = Field(description="why it is left as it is, and what is done about it")
    decided_by: Label
    since: date

    def is_of(self, error: errors.OpenGazetteError) -> bool:
        """Tell whether a run has ended in this refusal and no other."""
        return type(error).__name__ == self.error and self.says in error.problem
