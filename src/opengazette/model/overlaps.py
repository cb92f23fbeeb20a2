"""Measures of one table that would tell of each other although nothing says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Literal

from opengazette.model.measures import Count, Mean, Measure, Population

_MONEY = re.compile(r"(?i)\$|€|£|\b(dollars?|usd|cents?|euros?|eur)\b")

Relation = Literal["same", "part", "whole", "apart", "crossed", "overlapping"]


def broken_overlaps(measures: Sequence[Measure], dimensions: Collection[str]) -> Iterator[str]:
    """Say which measures give others away: `dimensions` are the source columns of these.

    The contract must tell which counts are parts of which, and a number must not stand in the
    table twice. What is not done: counts that add up to others are found in the numbers.
    """
    counts = [m for m in measures if isinstance(m, Count)]
    yield from _same_column(measures, counts)
    for count in counts:
        for column in count.where:
            if column in dimensions:
                yield (
                    f"measure {count.name!r}: where chooses by {column!r}, which a dimension shows "
                    "already; its numbers would stand in the table twice"
                )
    wholes = {m.name: _wholes(m, {c.name: c for c in counts}) for m in counts}
    for one, other in combinations(counts, 2):
        if one.column == other.column:
            yield from _undeclared(one, other, wholes)


def broken_money(
    measures: Sequence[Measure], units: Mapping[str, str | None], *, personal: bool
) -> Iterator[str]:
    """Say which amounts of money are not marked as such; `units` are those of source columns.

    A count is protected where it is small itself, an amount where few people make it up.
    """
    for measure in measures if personal else ():
        match measure:
            case Count() | Population() | Mean():
                unit = f"{measure.unit} {units.get(measure.column or '') or ''}"
            case _:
                continue
        if _MONEY.search(unit) is None:
            continue
        if isinstance(measure, Mean):
            if not measure.financial:
                yield f"measure {measure.name!r}: a mean of money needs financial: true"
        else:
            yield f"measure {measure.name!r}: money is added up by a sum, not a {measure.kind}"


def relation(one: Count, other: Count) -> Relation:
    """Tell how the records of two counts lie to each other by what chooses them."""
    shared = one.where.keys() & other.where.keys()
    ours = {c: set(map(str, one.where[c])) for c in one.where}
    theirs = {c: set(map(str, other.where[c])) for c in other.where}
    if any(not ours[c] & theirs[c] for c in shared):
        return "apart"
    part = theirs.keys() <= ours.keys() and all(ours[c] <= theirs[c] for c in theirs)
    whole = ours.keys() <= theirs.keys() and all(theirs[c] <= ours[c] for c in ours)
    if part and whole:
        return "same"
    if part or whole:
        return "part" if part else "whole"
    return "overlapping" if any(ours[c] != theirs[c] for c in shared) else "crossed"


def _same_column(measures: Sequence[Measure], counts: Sequence[Count]) -> Iterator[str]:
    counted = {m.column: m.name for m in counts if m.column is not None}
    for measure in measures:
        if isinstance(measure, Mean | Population) and measure.column in counted:
            yield (
                f"measure {measure.name!r}: {measure.column!r} is what {counted[measure.column]!r} "
                "adds up and would give its numbers away; publish a rate of the counts"
            )


def _wholes(count: Count, counts: Mapping[str, Count]) -> set[str]:
    found: set[str] = set()
    name = count.part_of
    while name is not None and name in counts and name not in found:
        found.add(name)
        name = counts[name].part_of
    return found


def _undeclared(one: Count, other: Count, wholes: Mapping[str, set[str]]) -> Iterator[str]:
    match relation(one, other):
        case "overlapping":
            yield (
                f"measures {one.name!r} and {other.name!r} count some of the same records; count "
                "these apart, so that each count is a part of another or has no record of it"
            )
        case "part" if other.name not in wholes[one.name]:
            yield f"measure {one.name!r} counts some of {other.name!r}: needs part_of: {other.name}"
        case "whole" if one.name not in wholes[other.name]:
            yield f"measure {other.name!r} counts some of {one.name!r}: needs part_of: {one.name}"
        case _:
            return
