"""A chart in words, for those who do not see it and for the line above it."""

from __future__ import annotations

from opengazette.localportal.pages.chart_choice import Choice
from opengazette.localportal.pages.chart_points import Point, Points
from opengazette.localportal.showing import grouped_number


def measure_name(choice: Choice) -> str:
    """Name what is measured."""
    return choice.measure.name if choice.measure else "Number of rows"


def chart_title(choice: Choice) -> str:
    """Say what the chart shows: what is measured, by what, and where it is held."""
    by = [choice.by.column.name, *([choice.split.column.name] if choice.split else [])]
    return f"{measure_name(choice)} by {' and '.join(by).lower()}"


def slice_text(choice: Choice) -> str:
    """Say at which values the other columns are held; empty where none is."""
    return "; ".join(f"{one.column.name}: {value}" for one, value in choice.fixed)


def chart_text(choice: Choice, found: Points) -> str:
    """Tell the chart in a sentence or two: its kind, its range, and how much it does not show."""
    numbers = [point for point in found.points if point.number is not None]
    kind = {"line": "Line chart", "bars": "Bar chart", "map": "Map of counties"}[choice.kind]
    parts = [f"{kind} of {chart_title(choice)}"]
    if slice_text(choice):
        parts[0] += f" ({slice_text(choice)})"
    if numbers:
        lowest = min(numbers, key=lambda point: point.number or 0.0)
        highest = max(numbers, key=lambda point: point.number or 0.0)
        parts.append(f"From {_told(lowest)} to {_told(highest)}")
    missing = len(found.points) - len(numbers)
    if missing:
        parts.append(f"{missing} of {len(found.points)} points have no number and are marked so")
    return ". ".join(parts) + "."


def _told(point: Point) -> str:
    where = f"{point.at}, {point.series}" if point.series else point.at
    return f"{number_text(point.number)} ({where})"


def number_text(number: float | None) -> str:
    """Write a number of a chart as the table would."""
    if number is None:
        return ""
    return grouped_number(f"{number:.0f}" if number == int(number) else f"{number:.4g}")
