"""What in a publication table lies outside HIPAA's Safe Harbor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from opengazette.disclosure.assessment.us_states import is_state_or_wider
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Bands
from opengazette.model.publication import Dimension

#: An age above this is shown only in one category of 90 or older.
OLDEST_AGE = 89

#: Whole years; after a year, 01 to 12 is a month unless the label says that it is a fiscal year.
_YEAR = re.compile(
    r"\d{4}(\s*[-–/]\s*(\d{4}|1[3-9]|[2-9]\d))?|FY ?\d{4}(\s*[-–/]\s*(\d{2}|\d{4}))?"
)
_OPEN = re.compile(r"\+|over|older|above|more|plus", re.IGNORECASE)


@dataclass(frozen=True)
class Obstacle:
    """One dimension that Safe Harbor does not allow: no label is quoted."""

    dimension: str
    identifier: Literal["B", "C"]
    reason: str


def safe_harbor_obstacles(contract: Contract, table: pd.DataFrame) -> tuple[Obstacle, ...]:
    """List the dimensions of a table that Safe Harbor does not allow.

    Shape: the published table, with or without margins; the labels decide, not a declaration.
    What is not done: the other identifiers (names, numbers, addresses) are looked for in
    `identifiers`; three-digit ZIP codes are taken for too small an area; whether anybody knows
    how the rest could identify a person is a person's statement.

    Source: 45 CFR 164.514(b)(2)(i), B and C.
    """
    return tuple(
        obstacle
        for dimension in contract.publication.dimensions
        for obstacle in _obstacles(dimension, _labels(dimension, table), contract)
    )


def _labels(dimension: Dimension, table: pd.DataFrame) -> tuple[str, ...]:
    beside = {dimension.total, dimension.missing, *dimension.groups}
    return tuple(sorted(set(table[dimension.name].dropna().astype(str)) - beside))


def _obstacles(
    dimension: Dimension, labels: tuple[str, ...], contract: Contract
) -> Iterator[Obstacle]:
    kind, name = dimension.characteristic.kind, dimension.name
    if kind in ("residence", "service_location") and not all(map(is_state_or_wider, labels)):
        yield Obstacle(name, "B", "it shows areas smaller than a state")
    period = contract.disclosure.reporting_period.dimension
    if (kind == "time" or name == period) and not all(map(_YEAR.fullmatch, labels)):
        yield Obstacle(name, "C", "it shows dates finer than a year")
    if kind == "age" and not _ages_pooled(dimension, labels):
        yield Obstacle(name, "C", f"it tells ages above {OLDEST_AGE} apart")


def _ages_pooled(dimension: Dimension, labels: tuple[str, ...]) -> bool:
    """Tell whether ages above 89 are shown in no category narrower than 90 or older."""
    rule = dimension.generalise
    if isinstance(rule, Bands):
        shown = [band for band in rule.bands if band.label in labels]
        return all(
            band.low <= OLDEST_AGE + 1 if band.high is None else band.high <= OLDEST_AGE
            for band in shown
        )
    return all(map(_label_pooled, labels))


def _label_pooled(label: str) -> bool:
    ages = [int(number) for number in re.findall(r"\d+", label)]
    if not ages:
        return True
    return ages[0] <= OLDEST_AGE + 1 if _OPEN.search(label) else max(ages) <= OLDEST_AGE
