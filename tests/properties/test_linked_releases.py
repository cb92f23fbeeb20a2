"""Cumulative releases against an attacker who tries every way in which counts can have grown."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit import PublishedTable, attack, audit
from opengazette.disclosure.complementary import count_weights, protect
from opengazette.disclosure.cumulative import Cumulative, cumulative
from opengazette.disclosure.linear_system import CellTable, Dimension, floors
from opengazette.disclosure.primary import Protection, SmallCountRule, primary_cells
from opengazette.errors import CannotProtect

RULE, RANGE = SmallCountRule(threshold=3), Protection(low=1, high=2)
SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
KEYS = tuple((code,) for code in SEX.codes)
LARGEST, MOST = 3, 8
# What two cells hold first and gain later; every cell of the joined table is a sum of these.
# Four of at most three come to twelve: no part of a shown total is larger.
EVERY = np.array(list(product(range(4 * LARGEST), repeat=4)))
FIRST, ADDED = np.array([[1, 1], [1, 0], [0, 1]]), np.zeros((3, 2), dtype=int)
INSIDE = np.block([[FIRST, ADDED], [FIRST, FIRST], [ADDED, FIRST]])
Hidden = np.ndarray


@st.composite
def two_releases(draw: st.DrawFn) -> Cumulative:
    count = st.integers(0, LARGEST)
    ends = [draw(count) for _ in range(4)]
    march, june, _ = np.split(INSIDE @ np.array(ends), 3)
    tables = {
        name: CellTable((SEX,), KEYS, {"n": counts})
        for name, counts in (("march", march), ("june", june))
    }
    return cumulative(tables)


def enumerated(grown: Cumulative, hidden: Hidden) -> tuple[np.ndarray, np.ndarray]:
    """Bound every cell over all growth that fits what is shown."""
    counts = grown.table.counts["n"]
    sums = EVERY @ INSIDE.T
    fits = (sums[:, ~hidden] == counts[~hidden]).all(1) & (sums[:, hidden] >= 1).all(1)
    return sums[fits].min(axis=0), sums[fits].max(axis=0)


def publish(grown: Cumulative, hidden: Hidden) -> PublishedTable:
    values = {"n": np.where(hidden, np.nan, grown.table.counts["n"])}
    return PublishedTable(grown.table.dimensions, grown.table.keys, values)


@settings(deadline=None, max_examples=60)
@given(two_releases())
def test_no_growth_that_fits_narrows_a_primary_cell(grown: Cumulative) -> None:
    table = grown.table
    try:
        pattern = protect(table, RULE, RANGE, weights=grown.weights(count_weights(table)))
    except CannotProtect:
        assume(False)
        raise
    hidden = grown.published(pattern.withheld)["n"]
    low, high = enumerated(grown, hidden)
    primary, floor = primary_cells(table.counts["n"], RULE), floors(table, least=1)["n"]
    needed = np.maximum(RANGE.low, floor[primary])
    assert (low[primary] <= needed).all()
    assert (high[primary] >= np.maximum(needed, RANGE.high)).all()
    assert audit(publish(grown, hidden), {"n": primary}, RANGE, RULE).passed


@settings(deadline=None, max_examples=60)
@given(two_releases(), st.lists(st.booleans(), min_size=9, max_size=9))
def test_the_audit_of_growth_agrees_with_enumeration(grown: Cumulative, chosen: list[bool]) -> None:
    counts = grown.table.counts["n"]
    hidden = grown.published({"n": np.array(chosen) & (counts > 0)})["n"]
    low, high = enumerated(grown, hidden)
    at = {key: i for i, key in enumerate(grown.table.keys)}
    for finding in attack(publish(grown, hidden), {"n": hidden}, Protection(0, MOST), RULE):
        i = at[finding.key]
        assert finding.low == low[i]
        assert min(finding.high, MOST) == min(high[i], MOST)
