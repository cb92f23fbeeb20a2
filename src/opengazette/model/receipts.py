"""What a step did, in names, counts and hashes; what a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Receipt:
    """What one step did: its facts are names, counts and hashes, never a value of a table."""

    step: str
    facts: dict[str, str | int | bool | None] = field(default_factory=dict)


Outcome = Literal["published", "unchanged", "rehearsed", "waiting", "refused", "failed"]
"""How a run ended; `failed` is a fault or something that did not answer."""


@dataclass(frozen=True)
class RunReport:
    """How the run of one dataset ended, in words and counts for the department's own staff.

    No value of a table, but more than the public table tells: how many cells are withheld for
    which reason, and the score, which says how small the smallest count is.
    """

    dataset: str
    title: str
    outcome: Outcome
    seconds: float
    rows: int | None = None
    primary: int | None = None
    complementary: int | None = None
    score: int | None = None
    address: str | None = None
    problem: str = ""
    remedy: str = ""
    known_since: str = ""
    plan: tuple[str, ...] = ()

    @property
    def is_failure(self) -> bool:
        """Tell whether the run ended in a way that should not have happened.

        A refusal that a person has recorded as known, with its day, is none.
        """
        return self.outcome in ("refused", "failed") and not self.known_since
