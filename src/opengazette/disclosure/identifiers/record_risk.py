"""How easily single records lead to a person: uniqueness, k-anonymity, l-diversity, risk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import roots_legendre

from opengazette.errors import DisclosureRisk
from opengazette.model.record_release import RecordLimits, RecordRelease
from opengazette.model.record_risk import Diversity, Measure, RecordRisk, WithoutColumn

#: Points and end of the integral: more of either changes no risk by a billionth.
_NODES = 200
_TAIL = 45.0


def record_risk(records: pd.DataFrame, asked: RecordRelease, limits: RecordLimits) -> RecordRisk:
    """Measure the risk of handing records over.

    Shape: one row for each record, one column for each listed one; an empty value is a value like
    any other. Without a population the recipient may know who is among the records, so the risk of
    a record is one by the size of its group. Where the records were drawn at random from a larger
    population it is the expected value of one by the number of people like it. What is not done:
    the records are not changed, and what a recipient knows beside the quasi-identifiers is a
    person's question.

    Raises:
        DisclosureRisk: there are no records, or more of them than people they were drawn from.

    Source: Franconi and Polettini, Individual risk estimation in mu-Argus, 2004;
    Machanavajjhala and others, l-diversity, 2007.
    """
    fraction = _sampling_fraction(len(records), asked)
    keys = list(asked.named("quasi_identifier"))
    group, sizes = _groups(records, keys)
    risks = individual_risks(sizes, fraction)
    return RecordRisk(
        records=len(records),
        groups=len(sizes),
        unique=int((sizes == 1).sum()),
        smallest_group=int(sizes.min()),
        below=int(sizes[sizes < limits.smallest_group].sum()),
        highest_risk=float(risks.max()),
        expected=float((risks * sizes).sum()),
        diversity=tuple(
            _diversity(name, records[name], group, sizes) for name in asked.named("sensitive")
        ),
        without=tuple(_without(records, keys, name) for name in keys),
    )


def individual_risks(sizes: NDArray[np.int64], fraction: float) -> NDArray[np.float64]:
    """Return the risk that a record of each group is identified.

    Units: `fraction` is the share of the population that the records are; at 1 the risk is one by
    the size of the group. The number of people like it is taken to be negative binomial.
    """
    if fraction >= 1:
        return 1 / sizes.astype(np.float64)
    different, where = np.unique(sizes, return_inverse=True)
    return _sampled_risks(different.astype(np.float64), fraction)[where]


def _sampled_risks(sizes: NDArray[np.float64], fraction: float) -> NDArray[np.float64]:
    """Integrate the risk, which as a hypergeometric function has no value for large groups.

    It is p times the integral of u^(f-1) / (p + (1-p) u) from 0 to 1; in x, with u^f = exp(-x),
    the integrand is smooth and gone where the integral ends.
    """
    nodes, shares = roots_legendre(_NODES)
    end = _TAIL - np.log(fraction)
    x = (nodes + 1) * end / 2
    held = fraction + (1 - fraction) * np.exp(-x / sizes[:, np.newaxis])
    integral = (np.exp(-x) / held) @ (shares * end / 2)
    risks: NDArray[np.float64] = np.minimum(fraction / sizes * integral, 1 / sizes)
    return risks


def measured(risk: RecordRisk, limits: RecordLimits) -> tuple[Measure, ...]:
    """Hold what was measured against the limits, in numbers of records and shares."""
    found = [
        Measure(
            "Smallest group that shares all quasi-identifiers (k)",
            f"{risk.smallest_group:,} ({risk.below:,} records in groups below the limit)",
            f"{limits.smallest_group:,} or more",
            risk.smallest_group >= limits.smallest_group,
        ),
        Measure(
            "Unique records",
            f"{risk.unique:,} ({risk.unique_percent:.2f} %)",
            f"{limits.most_unique_percent:g} % or less",
            risk.unique_percent <= limits.most_unique_percent,
        ),
        Measure(
            "Highest risk that one record is identified",
            f"{risk.highest_risk:.4f}",
            f"{limits.highest_risk:g} or less",
            risk.highest_risk <= limits.highest_risk,
        ),
        Measure(
            "Records expected to be identified",
            f"{risk.expected:,.1f} ({risk.expected_percent:.2f} %)",
            f"{limits.highest_expected_percent:g} % or less",
            risk.expected_percent <= limits.highest_expected_percent,
        ),
    ]
    return (*found, *(_measured_diversity(column, limits) for column in risk.diversity))


def _measured_diversity(column: Diversity, limits: RecordLimits) -> Measure:
    return Measure(
        f"Fewest values of {column.column} in one group (l)",
        f"{column.fewest:,} ({column.uniform:,} records in groups of one value)",
        f"{limits.fewest_sensitive_values:,} or more",
        column.fewest >= limits.fewest_sensitive_values,
    )


def _sampling_fraction(records: int, asked: RecordRelease) -> float:
    if records == 0:
        raise DisclosureRisk(f"{asked.id}: there are no records to examine.", "Give a larger file.")
    if asked.population is None:
        return 1.0
    if records > asked.population.people:
        raise DisclosureRisk(
            f"{asked.id}: there are more records than people they were drawn from.",
            "Correct population.people, or leave population out.",
        )
    return records / asked.population.people


def _groups(
    records: pd.DataFrame, keys: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each record's group, and the size of each group."""
    number = records.groupby(list(keys), sort=False, dropna=False).ngroup().to_numpy()
    return number.astype(np.int64), np.bincount(number).astype(np.int64)


def _diversity(
    column: str, values: pd.Series, group: NDArray[np.int64], sizes: NDArray[np.int64]
) -> Diversity:
    different = values.groupby(group).nunique(dropna=False).sort_index().to_numpy()
    return Diversity(column, int(different.min()), int(sizes[different == 1].sum()))


def _without(records: pd.DataFrame, keys: Sequence[str], column: str) -> WithoutColumn:
    others = [key for key in keys if key != column]
    if not others:
        return WithoutColumn(column, len(records), int(len(records) == 1))
    _, sizes = _groups(records, others)
    return WithoutColumn(column, int(sizes.min()), int((sizes == 1).sum()))
