"""In large parts the attack moves several cells at the same time."""

from __future__ import annotations

import os

import numpy as np
import pytest
from scipy import sparse

from opengazette.disclosure.audit import moves
from opengazette.disclosure.audit.aims import Aim
from opengazette.disclosure.audit.attack import Attack, Verdict
from opengazette.disclosure.audit.part import Part
from opengazette.disclosure.audit.search import Search

SIDE = 7
LOW, HIGH = 2.0, 9.0
N_CELLS = SIDE * SIDE


@pytest.fixture(autouse=True)
def _only_single_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Search, "push", lambda *_: None)


def square() -> Part:
    """Withheld counts with the sums of their rows and columns; the first row has little."""
    true = np.random.default_rng(7).integers(1, 12, size=(SIDE, SIDE)).astype(np.float64)
    true[0] = 1.0
    true[0, 0] = 3.0
    row = np.kron(np.eye(SIDE), np.ones(SIDE))
    column = np.kron(np.ones(SIDE), np.eye(SIDE))
    sums = np.concatenate([true.sum(axis=1), true.sum(axis=0)])
    return Part(
        np.arange(N_CELLS),
        sparse.csr_array(np.vstack([row, column])),
        sums,
        sums,
        np.ones(N_CELLS),
        np.full(N_CELLS, np.inf),
    )


def attacked() -> list[Verdict]:
    aim = Aim(np.full(N_CELLS, LOW), np.full(N_CELLS, HIGH))
    return Attack(square(), np.arange(N_CELLS), aim).run()


def clipped(found: list[Verdict]) -> list[tuple[float, float, bool]]:
    """Return what is asked of a verdict: how much of the demanded interval it covers."""
    return [(max(each.low, LOW), min(each.high, HIGH), each.proved) for each in found]


def test_what_several_solvers_find_is_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = clipped(attacked())
    monkeypatch.setattr(moves, "LARGE", 1)
    together = clipped(attacked())
    assert together == alone
    # The first row has room for two persons more than one in each cell.
    assert together[0] == (LOW, 3.0, True)
    assert (LOW, HIGH, True) in together


@pytest.mark.parametrize("n_threads", [2, 16])
def test_no_verdict_depends_on_the_number_of_threads(
    n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "LARGE", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    by_one = attacked()
    monkeypatch.setattr(os, "cpu_count", lambda: n_threads)
    assert attacked() == by_one


def test_an_end_that_was_seen_meanwhile_is_not_sought_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = list[tuple[int, float]]()
    seek = moves.Moves.to

    def noted(mover: moves.Moves, i: int, end: float, *, dives: int) -> object:
        asked.append((i, end))
        return seek(mover, i, end, dives=dives)

    monkeypatch.setattr(moves, "LARGE", 1)
    monkeypatch.setattr(moves.Moves, "to", noted)
    attacked()
    assert 0 < len(asked) < 2 * N_CELLS
