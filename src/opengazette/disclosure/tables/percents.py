"""Whole percents of three categories in the place of their counts, and what they must keep to."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.errors import CannotProtect
from opengazette.model.percents import PercentRules, WholePercents
from opengazette.model.publication import ANNOTATION_SUFFIX, PublicationTable

Counts = NDArray[np.int64]
_PERCENT = re.compile(r"([<>]?)(\d{1,3})%")


def whole_percents(
    true: pd.DataFrame, publication: PublicationTable, wanted: WholePercents, rules: PercentRules
) -> pd.DataFrame:
    """Return the public table of a variable in whole percents, without any count.

    Shape: the rows of `true`, in order; the dimensions, the percents as text, and their empty
    annotation. More than nobody and less than one percent is `<1%`, more than 99 and less than
    everybody `>99%`; halves are rounded up. What is not done: percents need not sum to 100.

    Raises:
        CannotProtect: a period has other than the number of categories that the rules name, or
            too few people in all.

    Source: CalHHS Data De-Identification Guidelines 2.0, 4.4.4.
    """
    count = publication.counts()[0].name
    counts = true[count].to_numpy(dtype=np.int64)
    totals, categories = _of_periods(true, publication, wanted, counts)
    _refuse(totals, categories, wanted, rules)
    texts = [_text(n, whole) for n, whole in zip(counts.tolist(), totals.tolist(), strict=True)]
    columns = {name: true[name] for name in publication.key()}
    columns[wanted.name] = pd.Series(texts, index=true.index, dtype="str")
    columns[wanted.name + ANNOTATION_SUFFIX] = pd.Series("", index=true.index, dtype="str")
    return pd.DataFrame(columns)


def false_percents(
    public: pd.DataFrame, true: pd.DataFrame, publication: PublicationTable, wanted: WholePercents
) -> int:
    """Count the percents that are not those of the true counts: worked out in whole numbers."""
    counts = true[publication.counts()[0].name].to_numpy(dtype=np.int64)
    totals, _ = _of_periods(true, publication, wanted, counts)
    shown = public[wanted.name].astype(str)
    rows = zip(shown, counts.tolist(), totals.tolist(), strict=True)
    return sum(not _fits(text, count, whole) for text, count, whole in rows)


def _of_periods(
    true: pd.DataFrame, publication: PublicationTable, wanted: WholePercents, counts: Counts
) -> tuple[Counts, Counts]:
    """Return, for each row, the people and the categories of its period."""
    periods = [name for name in publication.key() if name != wanted.of]
    number = true.groupby(periods).ngroup().to_numpy() if periods else np.zeros(len(true), int)
    totals, categories = np.zeros((2, int(number.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(totals, number, counts)
    np.add.at(categories, number, 1)
    return totals[number], categories[number]


def _refuse(totals: Counts, categories: Counts, wanted: WholePercents, rules: PercentRules) -> None:
    other = int((categories != rules.categories).sum())
    if other or not len(totals):
        raise CannotProtect(
            f"Whole percents of {wanted.of!r} need exactly {rules.categories} categories; {other} "
            "rows stand in a period that has more or fewer.",
            "Merge categories, write `combinations: complete`, or publish counts.",
        )
    few = int((totals < rules.smallest_total).sum()) // rules.categories
    if few:
        raise CannotProtect(
            f"Whole percents of {wanted.of!r} need at least {rules.smallest_total:,} people in all "
            f"categories together; {few} periods have fewer, and a whole percent of them is "
            "fewer people than may be told.",
            "Add up several years, publish a wider area, or publish counts.",
        )


def _text(count: int, whole: int) -> str:
    if 0 < 100 * count < whole:
        return "<1%"
    if 0 < 100 * (whole - count) < whole:
        return ">99%"
    return f"{(200 * count + whole) // (2 * whole)}%"


def _fits(text: str, count: int, whole: int) -> bool:
    found = _PERCENT.fullmatch(text)
    if found is None:
        return False
    sign, percent = found[1], int(found[2])
    if sign == "<":
        return percent == 1 and count > 0 and 100 * count < whole
    if sign == ">":
        return percent == 99 and count < whole and 100 * count > 99 * whole
    if percent in (0, 100):
        return 100 * count == percent * whole
    near = abs(2 * (100 * count - percent * whole)) <= whole
    return near and whole <= 100 * count <= 99 * whole
