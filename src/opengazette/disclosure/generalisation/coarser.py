"""Coarser ways to publish one dimension, from hardly coarser to not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from opengazette.model.generalisation import (
    AsIs,
    Band,
    Bands,
    Categories,
    Generalisation,
    Period,
    ZipPrefix,
)
from opengazette.model.publication import Dimension

AREAS = ("residence", "service_location")
FLOORS = (20_001, 50_001, 100_001, 250_001, 560_001, 1_000_001, 2_000_001)
"""Populations at which a ladder of the guidelines changes, by which small areas are merged."""

EVERYWHERE = "All Areas"
SMALL_AREAS = "Smaller Areas"
OTHER = "Other"
_OPENS_AT = 85


@dataclass(frozen=True)
class Form:
    """One way to publish a dimension.

    `labels` gives each label of today the one it becomes; None where the dimension is left out.
    `rule` is what the contract would say; None for what it says today. `loss` is the share of
    the differences between labels that is lost: 0 nothing, 1 all of it.
    """

    dimension: str
    what: str
    labels: Mapping[str, str] | None
    rule: Generalisation | None
    loss: float


def forms(
    dimension: Dimension,
    labels: Sequence[str],
    weights: Mapping[str, int],
    people: Mapping[str, int] | None,
    *,
    needed: bool,
) -> tuple[Form, ...]:
    """List the ways to publish a dimension, the one of today first, then by loss.

    Shape: `labels` are the finest labels in the order of publication; `weights` counts the events
    of each, `people` those who live there, if known. A dimension that is `needed` (an area, or a
    period) is never left out, but becomes one label.

    What is not done: whether a merged area hangs together on the map is not looked at.
    """
    found = [Form(dimension.name, "as it is", {n: n for n in labels}, None, 0.0)]
    for what, into, rule in _merged(dimension, labels, weights, people):
        kept = len(set(into.values()))
        if 1 < kept < len(labels) or (needed and kept == 1 < len(labels)):
            found.append(Form(dimension.name, what, into, rule, _loss(len(labels), kept)))
    if not needed:
        found.append(Form(dimension.name, "left out", None, None, 1.0))
    return tuple(sorted(found, key=lambda form: form.loss))


def _loss(before: int, after: int) -> float:
    return round((before - after) / (before - 1), 4)


_Merge = tuple[str, dict[str, str], Generalisation]


def _merged(
    dimension: Dimension,
    labels: Sequence[str],
    weights: Mapping[str, int],
    people: Mapping[str, int] | None,
) -> Iterator[_Merge]:
    kind, rule = dimension.characteristic.kind, dimension.generalise
    plain = [label for label in labels if label != dimension.missing]
    if kind in AREAS:
        yield from _areas(dimension, labels, people)
    elif kind == "time":
        yield from _periods(rule, labels, plain)
    elif isinstance(rule, Bands) and len(plain) == len(labels):
        yield from _wider_bands(rule, plain)
    elif kind == "age" and isinstance(rule, AsIs) and all(label.isdecimal() for label in labels):
        yield from _ages(labels)
    elif not isinstance(rule, Bands | Period | ZipPrefix):
        yield from _to_other(dimension, plain, weights)


def _wider_bands(rule: Bands, labels: Sequence[str]) -> Iterator[_Merge]:
    bands = [band for band in rule.bands if band.label in labels]
    for size in range(2, len(bands)):
        groups = [bands[i : i + size] for i in range(0, len(bands), size)]
        wide = tuple(_joined(group) for group in groups)
        into = {b.label: w.label for group, w in zip(groups, wide, strict=True) for b in group}
        yield f"{len(wide)} wider bands", into, Bands(rule="bands", bands=wide)
    for size in range(2, len(bands)):
        for tail in (bands[-size:], bands[:size]):
            wide = tuple(b for b in bands if b not in tail)
            joined = _joined(tail)
            ordered = tuple(sorted((*wide, joined), key=lambda b: b.low))
            into = {b.label: joined.label if b in tail else b.label for b in bands}
            end = "upper" if tail[-1] is bands[-1] else "lower"
            yield f"{size} bands of the {end} end together", into, _bands(ordered)


def _bands(bands: tuple[Band, ...]) -> Bands:
    return Bands(rule="bands", bands=bands)


def _joined(bands: Sequence[Band]) -> Band:
    low, high = bands[0].low, bands[-1].high
    if len(bands) == 1:
        return bands[0]
    label = f"{low:g} or Older" if high is None else f"{low:g} to {high:g}"
    return Band(label=label, low=low, high=high)


def _ages(labels: Sequence[str]) -> Iterator[_Merge]:
    for width in (5, 10, 15, 20, 30):
        rule = Bands(rule="bands", every=width, open_at=_OPENS_AT)
        yield f"bands of {width} years", {n: _band_of(int(n), rule) for n in labels}, rule


def _band_of(number: int, rule: Bands) -> str:
    return next(b.label for b in reversed(rule.bands) if number >= b.low)


def _periods(rule: Generalisation, labels: Sequence[str], plain: Sequence[str]) -> Iterator[_Merge]:
    if isinstance(rule, Period) and rule.unit in ("month", "quarter", "half_year"):
        for unit in ("quarter", "half_year", "year"):
            into = {label: _within(label, unit) for label in labels}
            if all(into.values()):
                yield f"by {unit.replace('_', '-')}", into, Period(rule="period", unit=unit)
    years = [int(label) for label in plain if re.fullmatch(r"\d{4}", label)]
    if len(years) == len(labels) >= 2 and all(b == a + 1 for a, b in pairwise(sorted(years))):
        yield from _several_years(rule, sorted(years))


def _within(label: str, unit: str) -> str:
    """Return the longer period of a label; the same where it is no shorter; empty if unknown."""
    parts = re.fullmatch(r"(\d{4})-(?:(\d{2})|Q(\d)|H(\d))", label)
    if parts is None:
        return ""
    year, month, quarter, half = parts.groups()
    if unit == "year":
        return year
    quarter_of = (int(month) + 2) // 3 if month else int(quarter) if quarter else None
    if unit == "quarter":
        return f"{year}-Q{quarter_of}" if quarter_of else ""
    return f"{year}-H{(quarter_of + 1) // 2}" if quarter_of else f"{year}-H{half}"


def _several_years(rule: Generalisation, years: Sequence[int]) -> Iterator[_Merge]:
    """Join years by as many as divide them all: a period that lacks a year is none."""
    for size in range(2, len(years) + 1):
        if len(years) % size:
            continue
        starts = years[::size]
        into = {str(y): f"{s}-{s + size - 1}" for s in starts for y in range(s, s + size)}
        if isinstance(rule, Period):
            longer: Generalisation = Period(rule="period", unit="year", years=size, first=years[0])
        else:
            longer = _bands(
                tuple(Band(label=into[str(s)], low=s, high=s + size - 1) for s in starts)
            )
        yield f"{size} years together", into, longer


def _areas(
    dimension: Dimension, labels: Sequence[str], people: Mapping[str, int] | None
) -> Iterator[_Merge]:
    if isinstance(dimension.generalise, ZipPrefix):
        return
    above = {part: group for group, parts in dimension.groups.items() for part in parts}
    if dimension.groups and set(labels) <= set(above) and not set(dimension.groups) & set(above):
        into = {label: above[label] for label in labels}
        yield f"the {len(dimension.groups)} groups", into, _categories(dimension, into)
    for floor in FLOORS if people else ():
        small = [label for label in labels if (people or {}).get(label, floor) < floor]
        joined = sum((people or {})[label] for label in small)
        if len(small) > 1 and joined >= floor and SMALL_AREAS not in labels:
            into = {label: SMALL_AREAS if label in small else label for label in labels}
            what = f"{len(small)} areas of fewer than {floor:,} people together"
            yield what, into, _categories(dimension, into)
    everywhere = dimension.total or EVERYWHERE
    into = dict.fromkeys(labels, everywhere)
    yield "one area", into, _categories(dimension, into)


def _to_other(
    dimension: Dimension, labels: Sequence[str], weights: Mapping[str, int]
) -> Iterator[_Merge]:
    rule = dimension.generalise
    other = (rule.other if isinstance(rule, Categories) else None) or OTHER
    order = sorted((n for n in labels if n != other), key=lambda n: (weights.get(n, 0), n))
    missing = {dimension.missing: dimension.missing} if dimension.missing else {}
    for size in _sizes(1 if other in labels else 2, len(order)):
        small = order[:size]
        into = {label: other if label in small else label for label in labels} | missing
        what = f"the {size} smallest in {other!r}"
        yield what, into, _categories(dimension, into)


def _sizes(first: int, end: int) -> Iterator[int]:
    """Give every size up to a dozen, and fewer and fewer of the larger ones."""
    size = first
    while size < end:
        yield size
        size += max(1, size // 12)


def _categories(dimension: Dimension, into: Mapping[str, str]) -> Categories:
    """Say as categories which source values have each new label."""
    rule, groups = dimension.generalise, dict[str, list[str | int | bool]]()
    for old, new in into.items():
        if old == dimension.missing:
            continue
        own: tuple[str | int | bool, ...] = (old,)
        if isinstance(rule, Categories):
            own = rule.groups.get(old, ())
        groups.setdefault(new, []).extend(own)
    other = rule.other if isinstance(rule, Categories) else None
    return Categories(
        rule="categories",
        groups={label: tuple(values) for label, values in groups.items() if values},
        other=None if other is None else into.get(other, other),
    )
