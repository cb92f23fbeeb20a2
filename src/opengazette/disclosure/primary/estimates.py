"""Which rates and means are too unsteady to rely on, whatever they tell of a person.

This is the policy, for whoever marks them and whoever checks the marks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.model.publication import PublicationTable, Rate
from opengazette.model.reliability import NormalRange, Reliability, ReliabilityRules, SurveyRule

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Unsteady:
    """The estimates of one rate or mean that a reader must not rely on.

    Shape: one flag per row. `withheld` are blank, `flagged` are shown and marked.
    """

    withheld: Mask
    flagged: Mask


def relative_error_percent(numerator: Floats, denominator: Floats, survey: float | None) -> Floats:
    """Return the relative standard error of rates, in percent; without end for no events at all.

    `survey` is the design effect of a sample: the error is that of a share of it. None: events
    of a whole population, whose number varies as a Poisson number does.

    Source: DDG 2.0, Figure 4; for samples, the variance of a proportion.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = 1.0 / numerator
        if survey is not None:
            variance = survey * np.maximum(1.0 - numerator / denominator, 0.0) / numerator
        error = 100.0 * np.sqrt(variance)
    return np.where(numerator > 0, error, np.inf)


def unsteady(
    true: pd.DataFrame, publication: PublicationTable, rules: ReliabilityRules
) -> dict[str, Unsteady]:
    """Find the estimates of a true publication table that are too unsteady to rely on.

    Shape: an entry for each rate and mean; none without `reliability` in the contract. What has
    no value is neither withheld nor flagged. A rate of no events at all stays shown, unless the
    survey's own rule asks for more answers. What is not done: the error of a mean, or of an
    amount per person, is not known, so that only the size of its sample counts.

    Source: DDG 2.0, Figure 4; 5.2; Appendix H, Table 35.
    """
    asked = publication.reliability
    if asked is None:
        return {}
    survey = rules.surveys[asked.survey] if asked.survey is not None else None
    sums = {m.name for m in publication.sums()}
    found: dict[str, Unsteady] = {}
    for rate in publication.rates():
        if rate.numerator in sums:
            found[rate.name] = _of_sample(true, rate.name, rate.denominator, survey)
        else:
            found[rate.name] = _of_rate(true, rate, asked, survey, rules)
    return found | {m.name: _of_sample(true, m.name, m.over, survey) for m in publication.means()}


def _of_rate(
    true: pd.DataFrame,
    rate: Rate,
    asked: Reliability,
    survey: SurveyRule | None,
    rules: ReliabilityRules,
) -> Unsteady:
    above, below = _floats(true, rate.numerator), _floats(true, rate.denominator)
    known = true[rate.name].notna().to_numpy()
    effect = asked.design_effect if survey is not None else None
    error = relative_error_percent(above, below, effect)
    unstable = error >= rules.unstable_from_percent
    gone = np.zeros(len(true), dtype=np.bool_)
    if survey is not None:
        gone = _against_survey(survey, above, below, error, asked.design_effect)
        unstable |= above < (survey.flagged_numerator or 0)
    if asked.unstable == "withheld":
        gone |= unstable & (above > 0)
    return Unsteady(gone & known, unstable & ~gone & known)


def _of_sample(true: pd.DataFrame, name: str, sample: str, survey: SurveyRule | None) -> Unsteady:
    shown = np.zeros(len(true), dtype=np.bool_)
    if survey is None:
        return Unsteady(shown, shown)
    few = _floats(true, sample) < (survey.smallest_sample or 0)
    return Unsteady(few & true[name].notna().to_numpy(), shown)


def _against_survey(
    survey: SurveyRule, above: Floats, below: Floats, error: Floats, effect: float
) -> Mask:
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100.0 * above / below
    gone = (below < (survey.smallest_sample or 0)) | (above < (survey.smallest_numerator or 0))
    if survey.largest_error_percent is not None:
        gone |= (error > survey.largest_error_percent) & (above > 0)
    if survey.smallest_percent is not None:
        gone |= percent < survey.smallest_percent
    if survey.largest_percent is not None:
        gone |= percent >= survey.largest_percent
    if survey.normal_range is not None:
        gone |= _outside_normal(survey.normal_range, above, below, effect)
    return np.asarray(gone, dtype=np.bool_)


def _outside_normal(limits: NormalRange, above: Floats, below: Floats, effect: float) -> Mask:
    """Mark samples that are too small for their share to vary as a normal number does."""
    rarer = np.minimum(above, below - above)
    middle = 4.0 * rarer > below
    return np.where(middle, below < limits.middle * effect, rarer < limits.tails * effect)


def _floats(table: pd.DataFrame, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
