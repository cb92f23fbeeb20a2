"""Why a table above the limit may be released without masking: a recorded decision."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from opengazette.model.frozen import Frozen, Label, Sentence


class Mitigation(Frozen):
    """Why a table above the limit may be released without masking.

    Source: CalHHS Data De-Identification Guidelines, 4.3.1 (features of the dataset that lessen
    the risk, documented). It never lets small counts of a high-risk population out.
    """

    reason: Sentence = Field(description="the features of the data that lessen the risk")
    expert: Label = Field(description="name and role of the person who decided it")
    on: date = Field(description="day of the decision")

    @property
    def text(self) -> str:
        """Return the decision in one line."""
        return f"{self.reason} ({self.expert}, {self.on})"
