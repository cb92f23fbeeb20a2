"""Periods as tables write them: years, halves, quarters, months, weeks and days."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, Literal

Unit = Literal["year", "half", "quarter", "month", "week", "day"]
_FORM: Final = re.compile(
    r"(?P<year>(?:1[5-9]|2[0-9])\d\d)"
    r"(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|W(?P<week>\d\d)"
    r"|(?P<month>\d\d)(?:-(?P<day>\d\d))?|(?P<until>(?:1[5-9]|2[0-9])\d\d)))?(?:\.0+)?"
)


@dataclass(frozen=True)
class Period:
    """The first day of a period, and how long such a period is."""

    start: date
    unit: Unit


#: A stretch this many times the usual one lacks a period; months and years differ by less.
_TOO_LONG: Final = 1.6


def breaks(starts: Sequence[date], usual: timedelta) -> list[date]:
    """Return a day within each stretch of sorted starts in which at least one period is missing."""
    return [
        before + (after - before) / 2
        for before, after in pairwise(starts)
        if after - before > _TOO_LONG * usual
    ]


def usual_stretch(starts: Collection[date]) -> timedelta:
    """Return the shortest time from one start to the next; for ever where there is only one."""
    ordered = sorted(set(starts))
    return min((after - before for before, after in pairwise(ordered)), default=timedelta.max)


def period(text: str) -> Period | None:
    """Read a period, or return None where the text is none."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    part = {name: int(digits) for name, digits in found.groupdict().items() if digits}
    year = part["year"]
    try:
        if "week" in part:
            return Period(date.fromisocalendar(year, part["week"], 1), "week")
        if "month" in part:
            start = date(year, part["month"], part.get("day", 1))
            return Period(start, "day" if "day" in part else "month")
    except ValueError:
        return None
    if "half" in part:
        return Period(date(year, 6 * part["half"] - 5, 1), "half")
    if "quarter" in part:
        return Period(date(year, 3 * part["quarter"] - 2, 1), "quarter")
    return Period(date(year, 1, 1), "year")
