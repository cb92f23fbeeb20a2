"""The first whole solution that an attack begins with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from opengazette.disclosure.audit.amid import amid
from opengazette.disclosure.audit.part import Part

SUMS = np.array(
    [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]],
    dtype=np.float64,
)


def part(sums: list[float], *, least: float = 1.0) -> Part:
    """Two rows of three withheld counts, and two of their three columns, whose sums are shown."""
    row = np.array(sums)
    low = np.full(6, least)
    return Part(np.arange(6), sparse.csr_array(SUMS), row, row, low, np.full(6, np.inf))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=6, max_size=6), st.integers(1, 8))
def test_what_is_found_is_whole_and_fits(above: list[int], room: int) -> None:
    true = 1.0 + np.array(above)
    asked = part((SUMS @ true).tolist())
    found = amid(asked, room)
    assert found is not None
    assert (found == np.rint(found)).all()
    assert asked.holds(found)


@pytest.mark.parametrize("room", [1, 4])
def test_every_cell_lies_as_far_above_the_least_as_was_asked_where_all_can(room: int) -> None:
    true = np.array([1.0, 30, 20, 30, 1, 20])
    found = amid(part((SUMS @ true).tolist()), room)
    assert found is not None
    assert (found >= 1 + room).all()


def test_where_nothing_fits_nothing_is_found() -> None:
    assert amid(part([2.0, 9.0, 5.0, 5.0]), 1) is None
