"""What the rules for sums of money promise, whatever the contributions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from opengazette.disclosure.primary.dominance import (
    dominant_cells,
    largest_contributions,
    p_percent_cells,
)

GIVEN = st.lists(st.integers(1, 500), min_size=1, max_size=8)
PERCENT = st.integers(1, 99)


def dominant(amounts: list[int], n: int, k: float) -> bool:
    largest, total = of_one_cell(amounts)
    return bool(dominant_cells(largest, total, n=n, k=k)[0])


def p_percent(amounts: list[int], p: float) -> bool:
    largest, total = of_one_cell(amounts)
    return bool(p_percent_cells(largest, total, p=p)[0])


def of_one_cell(amounts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    cells = np.zeros(len(amounts), dtype=np.int64)
    largest = largest_contributions(np.array(amounts), cells, n_cells=1, top=3)
    return largest, np.array([sum(amounts)])


@given(GIVEN, PERCENT)
def test_p_percent_is_how_close_the_second_can_come_to_the_first(
    amounts: list[int], p: int
) -> None:
    first, second, *_ = [*sorted(amounts, reverse=True), 0]
    estimate = sum(amounts) - second
    assert p_percent(amounts, p) == (100 * (estimate - first) < p * first)


@given(GIVEN, st.integers(1, 3), PERCENT)
def test_dominance_is_the_share_of_the_largest(amounts: list[int], n: int, k: int) -> None:
    share = sum(sorted(amounts, reverse=True)[:n])
    assert dominant(amounts, n, k) == (100 * share > k * sum(amounts))


@given(GIVEN, GIVEN, st.integers(1, 3), PERCENT)
def test_two_safe_cells_of_different_people_make_a_safe_cell(
    one: list[int], other: list[int], n: int, percent: int
) -> None:
    if not (dominant(one, n, percent) or dominant(other, n, percent)):
        assert not dominant(one + other, n, percent)
    if not (p_percent(one, percent) or p_percent(other, percent)):
        assert not p_percent(one + other, percent)


@given(GIVEN, PERCENT)
def test_a_cell_of_one_or_two_people_never_passes(amounts: list[int], percent: int) -> None:
    assert p_percent(amounts[:2], percent)
    assert dominant(amounts[:2], 2, percent)


@given(GIVEN, st.integers(1, 3), PERCENT, st.integers(2, 1000))
def test_the_unit_of_money_changes_nothing(
    amounts: list[int], n: int, percent: int, factor: int
) -> None:
    scaled = [factor * amount for amount in amounts]
    assert dominant(amounts, n, percent) == dominant(scaled, n, percent)
    assert p_percent(amounts, percent) == p_percent(scaled, percent)


@given(GIVEN, st.integers(1, 3), PERCENT, st.randoms(use_true_random=False))
def test_the_order_of_contributors_changes_nothing(
    amounts: list[int], n: int, percent: int, random: object
) -> None:
    turned = list(amounts)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert dominant(amounts, n, percent) == dominant(turned, n, percent)
    assert p_percent(amounts, percent) == p_percent(turned, percent)
