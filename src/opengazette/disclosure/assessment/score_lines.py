"""The points of one variable, in the words that explain them."""

from __future__ import annotations

from dataclasses import dataclass

from opengazette.model.rulepack import Ladder, RulePack


@dataclass(frozen=True)
class ScoreLine:
    """The points of one variable: what was found, never a count or a label of the table."""

    variable: str
    found: str
    points: int
    source: str


def on_ladder(variable: str, what: str, number: int, ladder: Ladder, pack: RulePack) -> ScoreLine:
    """Return the points of a number on a ladder, and its band in words."""
    band = ladder.band(number, pack.readings.overlapping_bands)
    return ScoreLine(variable, f"{what}: {band.text}", band.points, ladder.source)
