"""Which chart a table gets: what stands on its axis, what is measured, which slice it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from opengazette.localportal.pages.profile import Dimension, Profile
from opengazette.localportal.views import Column

ChartKind = Literal["line", "bars", "map"]
_MOST_SERIES: Final = 6
#: The parameters of a chart stand apart from those of the table.
PREFIX: Final = "chart."


@dataclass(frozen=True)
class Choice:
    """One chart. `measure` is None where rows are counted; `split` is one line or bar for each."""

    kind: ChartKind
    by: Dimension
    measure: Column | None
    split: Dimension | None
    fixed: tuple[tuple[Dimension, str], ...]

    def parameters(self) -> dict[str, object]:
        """Return it as the parameters that ask for it."""
        asked: dict[str, object] = {f"{PREFIX}by": self.by.field}
        if self.measure is not None:
            asked[f"{PREFIX}of"] = self.measure.field_name
        asked[f"{PREFIX}split"] = self.split.field if self.split else "-"
        asked |= {f"{PREFIX}is.{one.field}": value for one, value in self.fixed}
        return asked


def axes(profile: Profile) -> list[Dimension]:
    """Return the dimensions that can stand on an axis, times first."""
    able = [one for one in profile.dimensions if len(one.values) > 1]
    return sorted(able, key=lambda one: not one.is_time)


def choose(profile: Profile, sent: Mapping[str, str]) -> Choice | None:
    """Choose a chart: what was asked for as far as it fits, else what suits the table best.

    A line where there is a time, else a map of the counties of California, else bars. What does
    not stand on the axis is held at its total, or else at its latest or first value, so that
    nothing is added up over a withheld cell. None where the table has nothing to draw.
    """
    able = axes(profile)
    if not able:
        return None
    asked = {name.removeprefix(PREFIX): text for name, text in sent.items() if PREFIX in name[:6]}
    by = next((one for one in able if one.field == asked.get("by")), _first(able))
    measure = next(
        (column for column in profile.measures if column.field_name == asked.get("of")),
        profile.measures[0] if profile.measures else None,
    )
    kind: ChartKind = "line" if by.is_time else "map" if by.is_counties else "bars"
    split = None if kind == "map" else _split(profile, by, asked.get("split"))
    held = [
        one
        for one in (*profile.dimensions, *profile.summed)
        if one is not by
        and one is not split
        and (profile.unique or one.has_sums or one.field in _held(asked))
    ]
    fixed = tuple((one, _value(one, asked.get(f"is.{one.field}", ""))) for one in held)
    return Choice(kind, by, measure, split, tuple(pair for pair in fixed if pair[1]))


def _first(able: list[Dimension]) -> Dimension:
    counties = [one for one in able if one.is_counties]
    return able[0] if able[0].is_time or not counties else counties[0]


def _held(asked: Mapping[str, str]) -> set[str]:
    return {name.removeprefix("is.") for name, text in asked.items() if text and "is." in name}


def _split(profile: Profile, by: Dimension, asked: str | None) -> Dimension | None:
    others = [one for one in profile.dimensions if one is not by and len(one.values) > 1]
    if asked:
        return next((one for one in others if one.field == asked), None)
    if not by.is_time or not profile.unique:
        return None
    few = [one for one in others if not one.has_sums and len(one.values) <= _MOST_SERIES]
    return few[0] if few else None


def _value(one: Dimension, asked: str) -> str:
    if asked in one.values:
        return asked
    if one.total is not None:
        return one.total
    if not one.values:
        return ""
    return one.values[-1] if one.is_time else one.values[0]
