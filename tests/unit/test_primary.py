"""Which counts the policy withholds by itself."""

from __future__ import annotations

import numpy as np
import pytest

from opengazette.disclosure.primary.counts import SmallCountRule, primary_cells
from opengazette.errors import CannotProtect


def withheld(rule: SmallCountRule, *counts: float) -> list[bool]:
    return [bool(gone) for gone in primary_cells(np.array(counts), rule)]


def test_the_boundary_is_the_policy() -> None:
    assert withheld(SmallCountRule(), 0, 1, 10, 11) == [False, True, True, False]


def test_the_threshold_is_the_smallest_count_that_may_be_shown() -> None:
    assert withheld(SmallCountRule(threshold=5), 0, 4, 5) == [False, True, False]


def test_zeros_are_withheld_where_the_policy_says_so() -> None:
    assert withheld(SmallCountRule(zeros_shown=False), 0, 1, 11) == [True, True, False]


def test_a_rule_may_be_for_some_measures_alone() -> None:
    rule = SmallCountRule(measures=("cases",))
    assert rule.applies_to("cases")
    assert not rule.applies_to("population")


@pytest.mark.parametrize("bad", [-1, 2.5, float("nan")], ids=["negative", "fraction", "missing"])
def test_what_is_no_count_is_refused_without_quoting_it(bad: float) -> None:
    with pytest.raises(CannotProtect, match=r"^1 of 3 counts are missing, negative or fractional"):
        primary_cells(np.array([20, bad, 3]), SmallCountRule())
