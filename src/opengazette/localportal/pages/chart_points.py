# ruff: noqa: S608 - every name in these statements is the store's own, see Column.physical
"""The points of a chart. A cell that shows no number stays without one, and never is zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opengazette.localportal.pages.chart_choice import Choice
from opengazette.localportal.pages.counties import CALIFORNIA_COUNTIES
from opengazette.localportal.pages.profile import value_sql
from opengazette.localportal.showing import MARKS, annotation_of
from opengazette.localportal.store import Session
from opengazette.localportal.views import View

MOST_BARS: Final = 30
MOST_LINES: Final = 8
_MOST_POINTS: Final = 20_000
_NO_VALUE: Final = "No data"


@dataclass(frozen=True)
class Point:
    """One mark of a chart: a number, or the word for why there is none."""

    at: str
    series: str
    number: float | None
    missing: str = ""


@dataclass(frozen=True)
class Points:
    """The points of a chart, and what was left out of it, in words."""

    points: tuple[Point, ...]
    notes: tuple[str, ...]


def points_of(session: Session, view: View, choice: Choice) -> Points:
    """Read the points of a chart.

    Rows that share a point are added up, or averaged where the measure has decimals; if one of
    them has no number, the point has none.
    """
    measure = choice.measure
    note = view.column(annotation_of(view, measure) or "") if measure else None
    number = f"TRY_CAST({measure.physical} AS DOUBLE)" if measure else "1"
    gather = "avg" if measure is not None and measure.scale else "sum"
    gone = f"count(*) - count({measure.physical})" if measure else "0"
    code = f"min({note.physical}) FILTER ({number} IS NULL)" if note else "NULL"
    series = value_sql(choice.split.column) if choice.split else "''"
    where, bound = _slice(choice)
    rows = session.cursor.execute(
        f"SELECT {value_sql(choice.by.column)} AS place, {series} AS line, {gather}({number}),"
        f" {gone}, {code}, count(*) FROM {view.table} WHERE {where} GROUP BY place, line"
        f" ORDER BY min(number) LIMIT {_MOST_POINTS}",
        bound,
    ).fetchall()
    found = [
        Point(at, series or "", None, _word(code)) if gone else Point(at, series or "", value)
        for at, series, value, gone, code, _ in rows
    ]
    trimmed = _trimmed(choice, found)
    if measure is None or all(count == 1 for *_, count in rows):
        return trimmed
    word = "averaged" if gather == "avg" else "added up"
    return Points(trimmed.points, (f"Rows that share a point are {word}.", *trimmed.notes))


def _slice(choice: Choice) -> tuple[str, dict[str, object]]:
    conditions = [f"{choice.by.column.physical} IS NOT NULL"]
    bound: dict[str, object] = {}
    for at, (dimension, value) in enumerate(choice.fixed):
        conditions.append(f"{value_sql(dimension.column)} = $v{at}")
        bound[f"v{at}"] = value
    return " AND ".join(conditions), bound


def _word(code: object) -> str:
    mark = MARKS.get(str(code).strip()) if code is not None else None
    return mark.word if mark else _NO_VALUE


def _trimmed(choice: Choice, found: list[Point]) -> Points:
    if choice.kind == "line":
        return _few_lines(sorted(found, key=lambda point: point.at))
    if choice.kind == "map":
        counties = [one for one in found if one.at.casefold() in CALIFORNIA_COUNTIES]
        return Points(tuple(counties), ())
    return _few_bars(choice, found)


def _few_lines(found: list[Point]) -> Points:
    size: dict[str, float] = {}
    for point in found:
        size[point.series] = size.get(point.series, 0.0) + (point.number or 0.0)
    largest = sorted(size, key=lambda series: -size[series])[:MOST_LINES]
    notes: tuple[str, ...] = ()
    if len(size) > MOST_LINES:
        notes = (f"The {MOST_LINES} largest of {len(size)} lines are drawn.",)
    kept = tuple(point for point in found if point.series in largest)
    return Points(kept, notes)


def _few_bars(choice: Choice, found: list[Point]) -> Points:
    """Leave totals out of the bars that they add up, and the smallest bars."""
    sums = [one for one in (choice.by.total, *choice.by.subtotals) if one is not None]
    parts = [point for point in found if point.at not in sums]
    places = list(dict.fromkeys(point.at for point in parts))
    notes: list[str] = []
    if len(places) > MOST_BARS:
        size = dict.fromkeys(places, 0.0)
        for point in parts:
            size[point.at] += point.number or 0.0
        kept = set(sorted(places, key=lambda at: -size[at])[:MOST_BARS])
        parts = [point for point in parts if point.at in kept]
        notes.append(
            f"The {MOST_BARS} largest of {len(places)} are drawn. The table holds all, those"
            " without a number too."
        )
    drawn_not = [one for one in sums if any(point.at == one for point in found)]
    if len(drawn_not) == 1:
        notes.append(f"“{drawn_not[0]}”, which adds them up, is left out.")
    elif drawn_not:
        named = ", ".join(f"“{one}”" for one in drawn_not)
        notes.append(f"{named}, which add them up, are left out.")
    return Points(tuple(parts), tuple(notes))
