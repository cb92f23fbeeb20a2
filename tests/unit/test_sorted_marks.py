"""Marks come back in order, however many lie on disk meanwhile."""

from __future__ import annotations

import hashlib

import pytest

from opengazette.documentation.sorted_marks import SortedMarks

MARKS = [hashlib.sha256(str(number % 900).encode()).digest() for number in range(1_000)]


@pytest.mark.parametrize("most_held", [1, 7, 250, 999, 1_000, 5_000])
@pytest.mark.parametrize("count", [0, 1, 7, 1_000])
def test_marks_come_back_in_order_and_as_often_as_they_came(count: int, most_held: int) -> None:
    with SortedMarks(most_held) as marks:
        for at in range(0, count, 3):
            marks.add(MARKS[at : min(at + 3, count)])
        assert b"".join(marks.in_order()) == b"".join(sorted(MARKS[:count]))


def test_no_more_marks_are_held_than_allowed() -> None:
    with SortedMarks(100) as marks:
        for mark in MARKS:
            marks.add([mark])
            assert len(marks._held) < 100 * 32
