"""The receipt of one protected table of cells: what was asked, of which files, with what result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from opengazette.documentation.evidence import canonical_json

#: Why a search ended.
Ended = Literal["proven", "within the gap", "time limit", "interrupted", "rounds used up"]


@dataclass(frozen=True)
class FileMark:
    """A file by name and SHA-256."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Reached:
    """What the search reached: `cost` and `least` in the unit of the objective.

    Both are None where they would be a sum of withheld counts.
    """

    objective: str
    cost: float | None
    least: float | None
    gap: float
    proven: bool
    rounds: int
    ended: Ended


@dataclass(frozen=True)
class AuditCounts:
    """What the audit counted."""

    passed: bool
    attacked: int
    exposed: int
    narrow: int
    undecided: int
    determined: int
    attacked_beside: int
    failing_beside: int


@dataclass(frozen=True)
class ProtectionReceipt:
    """What a protection was: names, counts and hashes, no time of day and no count of people.

    `decisions` gives each reason for which cells were forced with the number of cells.
    """

    versions: Mapping[str, str]
    inputs: Mapping[str, tuple[FileMark, ...]]
    options: Mapping[str, str | float | bool]
    structure: str
    cells: int
    primary: int
    complementary: int
    beside: int
    reached: Reached
    audit: AuditCounts
    outputs: Mapping[str, FileMark]
    decisions: tuple[tuple[str, int], ...] = field(default=())

    def json(self) -> bytes:
        """Return the receipt as JSON, always the same for the same receipt."""
        told = asdict(self)
        told["decisions"] = [{"reason": why, "cells": n} for why, n in self.decisions]
        return canonical_json(told)
