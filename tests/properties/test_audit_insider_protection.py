"""Patterns that keep even those in doubt who are in the table themselves."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit.audit import PublishedTable, audit
from opengazette.disclosure.audit.insiders import singletons
from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.masking.insiders import withheld_from_insiders
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.errors import CannotProtect

SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
AGE = Dimension("age", "T", {"T": ("0", "1", "2")}, ("T", "0", "1", "2"))


def cross(ends: np.ndarray) -> CellTable:
    for axis in range(2):
        ends = np.concatenate([ends.sum(axis=axis, keepdims=True), ends], axis=axis)
    keys = tuple(product(SEX.codes, AGE.codes))
    return CellTable((SEX, AGE), keys, {"n": ends.ravel()})


def one_way(*counts: int) -> CellTable:
    codes = tuple("abcd"[: len(counts) - 1])
    age = Dimension("age", "T", {"T": codes}, ("T", *codes))
    return CellTable((age,), tuple((c,) for c in age.codes), {"n": np.array(counts)})


def publish(table: CellTable, hidden: np.ndarray) -> PublishedTable:
    values = {"n": np.where(hidden, np.nan, table.counts["n"])}
    return PublishedTable(table.dimensions, table.keys, values)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([0, 1, 1, 2, 3, 5, 8]), min_size=6, max_size=6))
def test_no_insider_narrows_a_cell_of_somebody_else(cells: list[int]) -> None:
    rule, demand = SmallCountRule(threshold=3), Protection(1, 2)
    table = cross(np.array(cells).reshape(2, 3))
    try:
        pattern = protect(table, rule, demand)
        hidden = withheld_from_insiders(table, rule, demand, pattern)["n"]
    except CannotProtect:
        assume(False)
        raise
    shown = publish(table, hidden)
    people = singletons(shown, table.counts)
    assert audit(shown, pattern.primary, demand, rule, insiders=people).passed
    assert not (pattern.withheld["n"] & ~hidden).any()


def test_a_row_of_one_and_ten_needs_a_third_withheld_cell() -> None:
    rule, demand = SmallCountRule(), Protection()
    table = one_way(81, 1, 10, 30, 40)
    pattern = protect(table, rule, demand)
    assert pattern.withheld["n"].tolist() == [False, True, True, False, False]
    hidden = withheld_from_insiders(table, rule, demand, pattern)["n"]
    assert hidden.tolist() == [False, True, True, True, False]


def test_a_cell_that_must_be_published_stays() -> None:
    rule, demand = SmallCountRule(), Protection()
    table = one_way(81, 1, 10, 30, 40)
    kept = {"n": np.array([True, False, False, True, False])}
    pattern = protect(table, rule, demand, must_publish=kept)
    hidden = withheld_from_insiders(table, rule, demand, pattern, must_publish=kept)["n"]
    assert hidden.tolist() == [False, True, True, False, True]


def test_a_pattern_that_leaves_insiders_in_doubt_is_left_as_it_is() -> None:
    rule, demand = SmallCountRule(), Protection()
    table = one_way(71, 1, 30, 40)
    pattern = protect(table, rule, demand)
    hidden = withheld_from_insiders(table, rule, demand, pattern)["n"]
    assert np.array_equal(hidden, pattern.withheld["n"])
