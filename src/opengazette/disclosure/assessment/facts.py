"""What is measured in a publication table for its score: the data decide, not a declaration."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from opengazette.disclosure.assessment.denominators import (
    area_population,
    finest_labels,
    smallest_denominator,
    smallest_listed,
)
from opengazette.model.contract import Contract
from opengazette.model.generalisation import AsIs, Bands, Categories, Period, ZipPrefix
from opengazette.model.publication import Characteristic, Dimension
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import TimeUnit

VariableKind = Literal["age", "sex", "race_ethnicity", "expected_payer", "other"]

STATE = 39_538_223
"""People of California (2020 census): any number above the highest band scores alike."""

LAST_AGE = 99
"""The last age that the guidelines tabulate; a band that ends above it is open-ended."""

RESIDENTS_ONLY = "residents_only"
"""Level of a service location whose service is given to residents alone."""

PERIODS: tuple[tuple[str, TimeUnit], ...] = (
    (r"\d{4}", "year"),
    (r"\d{4}-?H[12]", "half_year"),
    (r"\d{4}-?Q[1-4]", "quarter"),
    (r"\d{4}-(0[1-9]|1[0-2])", "month"),
)
UNITS: tuple[TimeUnit, ...] = ("year", "half_year", "quarter", "month", "week")
AGES = re.compile(r"(\d+)\s*(?:[-–]|to)\s*(\d+)")
OPEN_AGES = re.compile(r"(\d+)\s*(?:\+|(?:years )?(?:and|or) (?:over|older|above|more))", re.I)
"""Ages as labels write them: `5 to 9`, `85+`, `85 or older`; they may be finer than declared."""

YEARS = re.compile(r"(\d{4})\s*[-–]\s*(\d{4})")


@dataclass(frozen=True)
class Variable:
    """A personal characteristic as the table shows it.

    `groups` counts its finest labels. `population` is the statewide population or enrolment of
    the smallest group. For ages `width` is the narrowest closed band in years, both ends
    counted, and `opens_at` the age at which an open-ended band begins.
    """

    name: str
    kind: VariableKind
    groups: int
    level: str | None = None
    population: int | None = None
    width: int | None = None
    opens_at: int | None = None


@dataclass(frozen=True)
class TableFacts:
    """What the score of one table is computed from: private, as it holds the smallest count.

    `smallest_count` leaves zeros out; None where every count is zero. `periods` holds what one
    cell covers by each time dimension: a number of whole years, or a unit. `variables` are all
    crossed with each other. Of the populations at least one is known. `statewide` says that a
    person has recorded the whole state as the only area.
    """

    smallest_count: int | None
    periods: tuple[int | TimeUnit, ...]
    has_zeros: bool = False
    variables: tuple[Variable, ...] = ()
    residence_population: int | None = None
    service_population: int | None = None
    service_place: str | None = None
    statewide: bool = False


def table_facts(
    contract: Contract, table: pd.DataFrame, populations: Mapping[str, PopulationTable]
) -> TableFacts:
    """Measure a true publication table.

    Shape: `table` with or without margins; margins do not change what is found.
    The smallest area decides: totals and groups are larger. Without an area in the table, its
    people are taken to be as many as the smallest denominator, unless a person has recorded that
    the whole state is the only area.

    Raises:
        DisclosureRisk: the population of an area is not known.
        ContractInvalid: a population table is missing, or lacks labels of the table.
    """
    publication = contract.publication
    counts = table[[m.name for m in publication.counts()]]
    smallest = counts.where(counts.gt(0)).min().min()
    labels = {d.name: finest_labels(d, table) for d in publication.dimensions}
    homes = _smallest(contract, table, populations, "residence")
    served, place = _services(contract, table, populations)
    if any(_residents_only(d) for d in publication.dimensions):
        homes = served if homes is None else min(homes, served or homes)
    if contract.disclosure.statewide is not None:
        homes = STATE
    elif homes is None and served is None and place is None:
        homes = smallest_denominator(contract, table, populations) or 0
    found = [_variable(d, labels[d.name], populations, contract) for d in publication.dimensions]
    return TableFacts(
        smallest_count=None if pd.isna(smallest) else int(smallest),
        has_zeros=bool(counts.eq(0).any(axis=None)),
        periods=_periods(contract, labels),
        variables=tuple(v for v in found if v is not None),
        residence_population=homes,
        service_population=served,
        service_place=place,
        statewide=contract.disclosure.statewide is not None and not _names_facilities(contract),
    )


def meets_safe_harbor(facts: TableFacts) -> bool:
    """Tell whether nothing but statewide events of whole years is shown.

    Source: CalHHS Data De-Identification Guidelines 2.0, Appendix I, order of rules, 4.
    """
    elsewhere = facts.service_population is not None or facts.service_place is not None
    whole = all(period == "year" or isinstance(period, int) for period in facts.periods)
    alone = not facts.variables and not elsewhere
    return facts.statewide and alone and whole and bool(facts.periods)


def is_other(what: Characteristic) -> bool:
    """Tell whether a dimension scores as another variable of the person.

    What is counted does, unless a person has recorded on what ground it tells nothing of anyone.
    """
    return what.kind == "other" or (what.kind == "event" and what.basis is None)


def _smallest(
    contract: Contract,
    table: pd.DataFrame,
    populations: Mapping[str, PopulationTable],
    kind: Literal["residence", "service_location"],
) -> int | None:
    areas = [d for d in contract.publication.dimensions if d.characteristic.kind == kind]
    return min(
        (
            area_population(contract, d, finest_labels(d, table), table, populations)
            for d in areas
            if not _is_place(d)
        ),
        default=None,
    )


def _services(
    contract: Contract, table: pd.DataFrame, populations: Mapping[str, PopulationTable]
) -> tuple[int | None, str | None]:
    dimensions = contract.publication.dimensions
    places = [d.characteristic.level for d in dimensions if _is_place(d)]
    return _smallest(contract, table, populations, "service_location"), next(iter(places), None)


def _names_facilities(contract: Contract) -> bool:
    return any(d.characteristic.kind == "facility" for d in contract.publication.dimensions)


def _is_place(dimension: Dimension) -> bool:
    what = dimension.characteristic
    return what.kind == "service_location" and what.level not in (None, RESIDENTS_ONLY)


def _residents_only(dimension: Dimension) -> bool:
    what = dimension.characteristic
    return what.kind == "service_location" and what.level == RESIDENTS_ONLY


def _variable(
    dimension: Dimension,
    labels: tuple[str, ...],
    populations: Mapping[str, PopulationTable],
    contract: Contract,
) -> Variable | None:
    what, kind = dimension.characteristic, dimension.characteristic.kind
    if kind == "age":
        width, opens_at = _age_bands(dimension, labels)
        return Variable(
            dimension.name, "age", len(labels), what.level, width=width, opens_at=opens_at
        )
    if is_other(what):
        kind = "other"
    if kind not in ("sex", "race_ethnicity", "expected_payer", "other"):
        return None
    known = [what.smallest_population] if what.smallest_population is not None else []
    if what.reference is not None:
        known.append(smallest_listed(contract, dimension, what.reference, labels, populations))
    return Variable(dimension.name, kind, len(labels), what.level, min(known, default=None))


def _age_bands(dimension: Dimension, labels: tuple[str, ...]) -> tuple[int | None, int | None]:
    rule, shown = dimension.generalise, set(labels) - {dimension.missing}
    if isinstance(rule, Bands):
        bands = [b for b in rule.bands if b.label in shown]
        closed = [int(b.high - b.low + 1) for b in bands if b.high is not None]
        opened = [int(b.low) for b in bands if b.high is None or b.high > LAST_AGE]
        return min(closed, default=None), max(opened, default=None)
    if isinstance(rule, Categories):
        groups = [rule.groups.get(label, ()) for label in shown]
        return min((_whole_years(values) for values in groups), default=1), None
    level = dimension.characteristic.level or ""
    if not level.isdecimal() or any(re.fullmatch(r"\d+(\.\d+)?", label) for label in shown):
        return 1, None
    return _labelled_bands(int(level), shown)


def _labelled_bands(years: int, labels: Collection[str]) -> tuple[int | None, int | None]:
    """Measure bands that come as text; none is wider than the `years` that are recorded."""
    closed = [found for found in map(AGES.search, labels) if found]
    opened = [int(found[1]) for found in map(OPEN_AGES.search, labels) if found]
    widths = [int(found[2]) - int(found[1]) + 1 for found in closed]
    return min([years, *widths]), max(opened, default=None)


def _whole_years(values: tuple[Any, ...]) -> int:
    ages = sorted(v for v in values if isinstance(v, int) and not isinstance(v, bool))
    whole = (
        len(ages) == len(values) and ages == list(range(ages[0], ages[-1] + 1)) if ages else False
    )
    return len(ages) if whole else 1


def _periods(
    contract: Contract, labels: Mapping[str, tuple[str, ...]]
) -> tuple[int | TimeUnit, ...]:
    period = contract.disclosure.reporting_period
    found: list[int | TimeUnit] = [] if period.years is None else [period.years]
    for dimension in contract.publication.dimensions:
        if dimension.characteristic.kind == "time" or dimension.name == period.dimension:
            found.extend(_covered(dimension, labels[dimension.name]))
    return tuple(dict.fromkeys(found))


def _covered(dimension: Dimension, labels: tuple[str, ...]) -> list[int | TimeUnit]:
    rule, level = dimension.generalise, dimension.characteristic.level
    declared: TimeUnit = next((unit for unit in UNITS if unit == level), "week")
    match rule:
        case Period():
            return [rule.years if rule.years > 1 else rule.unit]
        case Bands() if all(band.low >= 1000 for band in rule.bands):
            return [1 if b.high is None else int(b.high - b.low + 1) for b in rule.bands]
        case Bands():
            return [declared]
        case AsIs() | Categories() | ZipPrefix():
            return [_read(label, declared) for label in labels if label != dimension.missing]


def _read(label: str, declared: TimeUnit) -> int | TimeUnit:
    for pattern, unit in PERIODS:
        if re.fullmatch(pattern, label):
            return unit
    years = YEARS.fullmatch(label)
    return int(years[2]) - int(years[1]) + 1 if years else declared
