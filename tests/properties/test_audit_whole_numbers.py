"""The quick attack against one that simply tries every whole solution."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import sparse

from opengazette.disclosure.audit import attack as audit_attack
from opengazette.disclosure.audit.attack import Verdict, verdicts, widths
from opengazette.disclosure.audit.bounds import tightened
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.knowledge import Knowledge
from opengazette.disclosure.audit.part import Part

TOP = 5


@st.composite
def facts(draw: st.DrawFn) -> Knowledge:
    """Some sums of a few counts, each published, a bound, or known to a share; one table fits."""
    n = draw(st.integers(1, 6))
    true = np.array(draw(st.lists(st.integers(0, TOP), min_size=n, max_size=n)), dtype=float)
    factor = st.sampled_from([-1.0, 0.0, 0.0, 1.0, 1.0, 0.5, 2.0])
    rows = np.array(
        draw(st.lists(st.lists(factor, min_size=n, max_size=n), min_size=1, max_size=5))
    )
    sums, slack = rows @ true, np.array([draw(st.sampled_from([0, 0, 0, 1, 99])) for _ in rows])
    high = np.where(slack == 99, np.inf, sums + slack)
    return Knowledge(
        np.arange(n), sparse.csr_array(rows), sums, high, np.zeros(n), np.full(n, float(TOP))
    )


def every_solution(known: Knowledge) -> np.ndarray:
    """List all whole solutions: one row each."""
    grid = np.array(list(product(range(TOP + 1), repeat=len(known.low))), dtype=float)
    sums = grid @ known.matrix.toarray().T
    fits = (sums >= known.row_low - 1e-9) & (sums <= known.row_high + 1e-9)
    return grid[fits.all(axis=1)]


def by_cell(found: list[Verdict]) -> dict[int, Verdict]:
    return {verdict.cell: verdict for verdict in found}


@settings(deadline=None, max_examples=150)
@given(facts(), st.integers(0, TOP), st.integers(0, TOP))
def test_every_end_short_of_the_demand_is_exact(known: Knowledge, one: int, other: int) -> None:
    low, high = float(min(one, other)), float(max(one, other))
    cells = every_solution(known)
    wanted = np.arange(len(known.low))
    demand = np.full(len(wanted), low), np.full(len(wanted), high)
    found = by_cell(list(verdicts(known, wanted, *demand)))
    assert sorted(found) == wanted.tolist()
    for cell, verdict in found.items():
        least, most = cells[:, cell].min(), cells[:, cell].max()
        assert verdict.proved
        assert (verdict.low <= low) == (least <= low)
        assert (verdict.high >= high) == (most >= high)
        assert verdict.low == least or verdict.low <= low
        assert verdict.high == most or verdict.high >= high


@settings(deadline=None, max_examples=150)
@given(facts(), st.integers(1, TOP))
def test_every_interval_is_exact_or_wide_enough(known: Knowledge, width: int) -> None:
    cells = every_solution(known)
    found = by_cell(list(widths(known, np.arange(len(known.low)), width)))
    for cell, verdict in found.items():
        least, most = cells[:, cell].min(), cells[:, cell].max()
        assert verdict.proved
        if most - least < width:
            assert (verdict.low, verdict.high) == (least, most)
        else:
            assert least <= verdict.low <= verdict.high - width <= most - width


@settings(deadline=None, max_examples=150)
@given(facts())
def test_no_solution_lies_beyond_what_single_facts_say(known: Knowledge) -> None:
    part = tightened(Part.around(known, np.arange(len(known.low))))
    cells = every_solution(known)
    assume(len(cells))
    assert (part.low <= cells.min(axis=0)).all()
    assert (part.high >= cells.max(axis=0)).all()


@settings(deadline=None, max_examples=100)
@given(facts(), st.data())
def test_wanting_fewer_cells_changes_no_verdict(known: Knowledge, data: st.DataObject) -> None:
    every = np.arange(len(known.low))
    some = np.array(sorted(data.draw(st.sets(st.sampled_from(every.tolist()), min_size=1))))
    ends = np.full(len(every), -1.0), np.full(len(every), TOP + 1.0)
    whole = by_cell(list(verdicts(known, every, *ends)))
    for verdict in verdicts(known, some, ends[0][some], ends[1][some]):
        assert (verdict.low, verdict.high) == (whole[verdict.cell].low, whole[verdict.cell].high)


@st.composite
def guesses(draw: st.DrawFn, known: Knowledge) -> Guess:
    """Some values, perhaps a solution, and moves: to another solution, in parts, or anywhere."""
    cells, n = every_solution(known), len(known.low)
    anywhere = st.lists(st.integers(0, TOP), min_size=n, max_size=n).map(np.array)
    one = st.sampled_from(list(cells)) if len(cells) else anywhere
    values = draw(st.one_of(one, anywhere)).astype(float)
    moves = [
        (draw(st.one_of(one, anywhere)) - values)
        * draw(st.sampled_from([1.0, 1.0, -1.0, 0.5, 2.0]))
        for _ in range(draw(st.integers(0, 4)))
    ]
    return Guess.at(values, sparse.csr_array(np.array(moves).reshape(-1, n)))


@settings(deadline=None, max_examples=150)
@given(facts(), st.data())
def test_no_guess_changes_a_verdict_right_or_wrong(known: Knowledge, data: st.DataObject) -> None:
    wanted = np.arange(len(known.low))
    ends = np.full(len(wanted), -1.0), np.full(len(wanted), TOP + 1.0)
    told = replace(known, guess=data.draw(guesses(known)))
    assert by_cell(list(verdicts(told, wanted, *ends))) == by_cell(
        list(verdicts(known, wanted, *ends))
    )


def test_moves_that_fit_settle_everything_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    square = sparse.csr_array(np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]))
    sums = np.full(4, 6.0)
    known = Knowledge(np.arange(4), square, sums, sums, np.zeros(4), np.full(4, 6.0))
    swap = sparse.csr_array(np.array([[2.0, -2.0, -2.0, 2.0]]))
    told = replace(known, guess=Guess.at(np.full(4, 3.0), swap))
    with monkeypatch.context() as patched:
        patched.setattr(audit_attack.Search, "move", None)
        patched.setattr(audit_attack.Search, "push", None)
        patched.setattr(audit_attack.Search, "limit", None)
        found = list(verdicts(told, np.arange(4), np.full(4, 1.0), np.full(4, 5.0)))
    assert {(each.low, each.high, each.proved) for each in found} == {(1.0, 5.0, True)}


# The whole-number solver fails on this one, unless it is told to simplify nothing.
UNDONE = Knowledge(
    np.arange(4),
    sparse.csr_array(
        np.array([[0.0, 1.0, 1.0, 0.0], [1.0, -1.0, 0.5, -1.0], [0.5, -1.0, -1.0, 1.0]])
    ),
    np.array([1.0, 2.5, 1.5]),
    np.array([1.0, 2.5, 1.5]),
    np.zeros(4),
    np.full(4, float(TOP)),
)


@settings(deadline=None, max_examples=100)
@given(facts(), st.integers(1, TOP))
@example(UNDONE, 4)
def test_moving_single_cells_alone_gives_the_same_verdicts(known: Knowledge, high: int) -> None:
    every = np.arange(len(known.low))
    ends = np.zeros(len(every)), np.full(len(every), float(high))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(audit_attack, "FEW", len(every))
        moved = by_cell(list(verdicts(known, every, *ends)))
    for cell, verdict in by_cell(list(verdicts(known, every, *ends))).items():
        assert moved[cell].proved
        assert (moved[cell].high >= high) == (verdict.high >= high)
        assert moved[cell].high == verdict.high or verdict.high >= high


def beside_each_other(several: list[Knowledge]) -> Knowledge:
    n = sum(len(each.low) for each in several)
    rows = sparse.csr_array(sparse.block_diag([each.matrix for each in several], format="csr"))

    def all_of(name: str) -> np.ndarray:
        return np.concatenate([getattr(each, name) for each in several])

    ends = [all_of(name) for name in ("row_low", "row_high", "low", "high")]
    return Knowledge(np.arange(n), rows, *ends)


@settings(deadline=None, max_examples=50)
@given(st.lists(facts(), min_size=2, max_size=4), st.integers(1, TOP))
def test_attacking_parts_at_the_same_time_changes_no_verdict(
    several: list[Knowledge], high: int
) -> None:
    known = beside_each_other(several)
    every = np.arange(len(known.low))
    ends = np.zeros(len(every)), np.full(len(every), float(high))
    one_by_one = list(verdicts(known, every, *ends))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(audit_attack, "LARGE", 1)
        assert list(verdicts(known, every, *ends)) == one_by_one
