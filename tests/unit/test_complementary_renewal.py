"""A pattern is made cheaper one neighbourhood after the other."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.attack import shortfalls
from opengazette.disclosure.complementary.cuts import Cuts, cut, row_cuts
from opengazette.disclosure.complementary.freedom import Freedom
from opengazette.disclosure.complementary.given_away import GivenAway
from opengazette.disclosure.complementary.network import Network
from opengazette.disclosure.complementary.program import Program, Work
from opengazette.disclosure.complementary.relations import Relations
from opengazette.disclosure.complementary.renewal import Renewal
from opengazette.disclosure.complementary.witnesses import Shortfall, Witnesses, fractional

SIDE = 5
Mask = NDArray[np.bool_]


def grid(*small: tuple[int, int], fall: float = 4.0, asked: float = 1.0) -> Network:
    """Return the inner cells of a square table whose margins are all shown."""
    cells = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    rows = np.zeros((2 * SIDE, SIDE * SIDE))
    for at in range(SIDE):
        rows[at, cells[at]] = 1.0
        rows[SIDE + at, cells[:, at]] = 1.0
    hidden = pattern(*small)
    return Network(
        matrix=sparse.csr_array(rows),
        fall=np.full(SIDE * SIDE, fall),
        hidden=hidden,
        free=~hidden,
        cost=np.ones(SIDE * SIDE),
        up=np.zeros(SIDE * SIDE),
        down=np.zeros(SIDE * SIDE),
        either=np.where(hidden, asked, 0.0),
        members=(),
        work=Work(spent=1e9),
    )


def pattern(*cells: tuple[int, int]) -> Mask:
    withheld = np.zeros((SIDE, SIDE), dtype=np.bool_)
    for row, column in cells:
        withheld[row, column] = True
    return withheld.reshape(-1)


def renewal(network: Network) -> Renewal:
    cuts = Cuts()
    cuts.add(row_cuts(network))
    freedom = Freedom(network, network.hidden)
    return Renewal(network, cuts, GivenAway(network, Relations(network), freedom), 1e-3)


def proved(network: Network, withheld: Mask) -> Witnesses:
    found = Witnesses()
    assert not list(shortfalls(network, withheld, network.demands(), found, whole=True))
    return found


HEXAGON = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 0))
SQUARE = ((0, 0), (0, 1), (1, 0), (1, 1))


def test_a_cell_moves_as_soon_as_the_pattern_lets_it() -> None:
    network = grid((0, 0))
    freedom = Freedom(network, network.hidden)
    assert isinstance(freedom.met((0, 0)), Shortfall)
    freedom.under(pattern(*SQUARE))
    met = freedom.met((0, 0))
    assert not isinstance(met, Shortfall)
    assert met[0].tolist() == np.flatnonzero(pattern(*SQUARE)).tolist()
    assert np.abs(met[1]).tolist() == [1, 1, 1, 1]
    freedom.under(network.hidden)
    assert isinstance(freedom.met((0, 0)), Shortfall)


def test_why_a_cell_cannot_move_becomes_a_cut_that_the_pattern_does_not_obey() -> None:
    network = grid((0, 0))
    lacking = pattern((0, 0), (0, 1), (1, 1))
    miss = Freedom(network, lacking).met((0, 0))
    assert isinstance(miss, Shortfall)
    made = cut(network, miss)
    assert made is not None
    assert not made.met_by(lacking)
    assert made.met_by(pattern(*SQUARE))


def test_a_cell_that_may_fall_no_further_than_others_let_it_moves_in_whole_numbers() -> None:
    network = grid((0, 0), (1, 1), fall=1.0)
    freedom = Freedom(network, pattern(*SQUARE))
    met = freedom.whole((0, 0))
    assert met is not None
    assert not fractional(met[1])
    assert set(network.met_by(met)) == {(0, 0), (6, 0)}
    freedom.under(network.hidden)
    assert freedom.whole((0, 0)) is None


def test_a_dearer_pattern_becomes_the_cheapest_and_stays_proved() -> None:
    network, withheld = grid((0, 0)), pattern(*HEXAGON)
    found = renewal(network).attempted(withheld, proved(network, withheld))
    assert found is not None
    assert int(found.withheld.sum()) == 4
    assert set(network.demands()) <= set(found.witnesses.moves)
    assert all(found.withheld[at].all() for at, _ in found.witnesses.moves.values())
    assert network.matrix @ moved(found.witnesses) == pytest.approx(0.0)


def moved(witnesses: Witnesses) -> NDArray[np.float64]:
    total = np.zeros(SIDE * SIDE)
    for at, by in witnesses.moves.values():
        total[at] += by
    return total


def test_the_cheapest_pattern_is_left_as_it_is_until_no_neighbourhood_is_left() -> None:
    network, withheld = grid((0, 0)), pattern(*SQUARE)
    search, known = renewal(network), proved(network, withheld)
    tried = 0
    while not search.ended:
        assert search.attempted(withheld, known) is None
        tried += 1
    assert 3 <= tried <= 20


def test_what_takes_more_work_than_allowed_is_given_up_and_the_next_is_not() -> None:
    work = Work()
    program = Program(sparse.csr_array(np.eye(2)), np.zeros(2), np.ones(2), work=work)
    finished = list[str]()
    with work.at_most(0.0):
        program.minimise(np.ones(2))
        program.minimise(np.ones(2))
        finished.append("inside")
    assert program.minimise(np.ones(2)) is not None
    assert finished == []
