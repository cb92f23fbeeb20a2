"""Gaps that are seen close by are closed by the fewest cells, and taught to the search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary import closing
from opengazette.disclosure.complementary.closing import closed_nearby, covered
from opengazette.disclosure.complementary.construction import construct
from opengazette.disclosure.complementary.cuts import Cut, Cuts
from opengazette.disclosure.complementary.network import Columns, Network, Unprotectable, networks
from opengazette.disclosure.complementary.relations import Relations
from opengazette.disclosure.complementary.start import Start
from opengazette.disclosure.complementary.verification import verify_network
from opengazette.disclosure.complementary.witnesses import Demand
from opengazette.disclosure.tables.linear_system import CellTable, Dimension, LinearSystem

SIDE = 6
Mask = NDArray[np.bool_]


def table(counts: NDArray[np.int64]) -> CellTable:
    """Return a square table with all its totals."""
    codes = tuple("abcdefghij"[: len(counts)])
    both = tuple(Dimension(n, "T", {"T": codes}, ("T", *codes)) for n in ("row", "column"))
    whole = np.pad(counts, ((1, 0), (1, 0)))
    whole[0, 1:], whole[1:, 0] = counts.sum(axis=0), counts.sum(axis=1)
    whole[0, 0] = counts.sum()
    keys = tuple((r, c) for r in both[0].codes for c in both[1].codes)
    return CellTable(both, keys, {"n": whole.reshape(-1)})


def small_ones(*small: tuple[int, int]) -> tuple[CellTable, Columns]:
    counts = np.full((SIDE, SIDE), 40, dtype=np.int64)
    for row, column in small:
        counts[row, column] = 5
    made = table(counts)
    values = made.counts["n"]
    hidden, nothing = values <= 10, np.zeros(len(values))
    return made, Columns(
        cell=np.ones(len(values), dtype=np.bool_),
        fall=(values - 1).astype(np.float64),
        hidden=hidden,
        free=~hidden,
        cost=1 + made.levels() / 100,
        up=nothing,
        down=nothing,
        either=hidden.astype(np.float64),
    )


def network_of(made: CellTable, columns: Columns) -> Network:
    (only,) = networks(LinearSystem.of(made).matrix, columns)
    return only


def closed(network: Network, cuts: Cuts) -> Mask:
    relations = Relations(network)
    return closed_nearby(network, network.hidden, network.demands(), relations, cuts)


def test_no_few_equations_give_a_closed_demand_away() -> None:
    network = network_of(*small_ones((0, 0), (2, 3), (5, 5)))
    relations = Relations(network)
    before = [relations.nearby(demand, network.hidden) for demand in network.demands()]
    assert all(made is not None and not made.met_by(network.hidden) for made in before)
    withheld = closed(network, Cuts())
    assert withheld[network.hidden].all()
    assert all(relations.nearby(demand, withheld) is None for demand in network.demands())


def test_a_lone_cell_gets_the_three_that_move_with_it() -> None:
    network = network_of(*small_ones((0, 0)))
    assert int(closed(network, Cuts()).sum()) == 4


def test_what_was_learnt_is_obeyed_and_known_to_the_search() -> None:
    network, cuts = network_of(*small_ones((0, 0), (2, 3), (5, 5))), Cuts()
    withheld = closed(network, cuts)
    assert cuts.all
    assert all(cut.met_by(withheld) for cut in cuts.all)
    assert not all(cut.met_by(network.hidden) for cut in cuts.all)


def test_the_same_gaps_are_closed_in_the_same_way() -> None:
    network = network_of(*small_ones((0, 0), (2, 3), (5, 5)))
    assert (closed(network, Cuts()) == closed(network, Cuts())).all()


def test_a_demand_that_nothing_can_meet_is_named() -> None:
    network = network_of(*small_ones((0, 0)))
    shown = replace(network, free=np.zeros(network.size, dtype=np.bool_))
    with pytest.raises(Unprotectable) as refused:
        closed(shown, Cuts())
    assert shown.hidden[refused.value.column]


def test_demands_are_left_open_where_the_work_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "WORK", 0.0)
    network = network_of(*small_ones((0, 0)))
    assert (closed(network, Cuts()) == network.hidden).all()


def test_cells_that_serve_many_cuts_cover_them() -> None:
    network = network_of(*small_ones((0, 0)))
    free = np.flatnonzero(network.free)
    cuts = [Cut(np.sort(free[[0, other]]), np.ones(2)) for other in (1, 2, 3)]
    assert np.flatnonzero(covered(network, network.hidden, cuts) & network.free).tolist() == [
        int(free[0])
    ]


def test_a_construction_asks_to_close_what_it_has_no_witness_for_and_proves_what_is_added() -> None:
    made, columns = small_ones((0, 0), (2, 3), (5, 5))
    asked = list[tuple[int, int]]()

    def with_all(withheld: Mask, unmet: list[tuple[int, int]]) -> Mask:
        asked.extend(unmet)
        return withheld | columns.free

    built = construct(made, columns, close=with_all)
    assert built is not None
    assert not built.unmet
    assert {cell for cell, _ in asked} <= set(np.flatnonzero(columns.hidden).tolist())


def test_a_start_speaks_of_the_columns_of_its_network() -> None:
    made, columns = small_ones((0, 0), (2, 3), (5, 5))
    network = network_of(made, columns)

    def same(pattern: Mask, demands: list[Demand]) -> Mask:
        assert pattern.shape == (network.size,)
        assert set(demands) <= set(network.demands())
        return pattern

    started = Start(made, columns)(network, same)
    assert started is not None
    withheld, witnesses = started
    assert withheld[network.hidden].all()
    flags = np.zeros(len(columns.cell), dtype=np.bool_)
    for column in np.flatnonzero(withheld):
        flags[network.members[column]] = True
    verify_network(LinearSystem.of(made), columns, flags, network, witnesses.moves)


def test_a_start_asks_nothing_of_cells_of_another_network() -> None:
    made, columns = small_ones((0, 0), (2, 3))
    network = network_of(made, columns)
    gone = int(np.flatnonzero(columns.hidden)[0])
    column = next(i for i, each in enumerate(network.members) if gone in each)
    part = sparse.csr_array(network.matrix)
    kept = np.arange(network.size) != column
    smaller = replace(
        network,
        matrix=sparse.csr_array(part[:, np.flatnonzero(kept)]),
        members=tuple(m for i, m in enumerate(network.members) if i != column),
        **{
            name: getattr(network, name)[kept]
            for name in ("fall", "hidden", "free", "cost", "up", "down", "either")
        },
    )
    started = Start(made, columns)(smaller, lambda pattern, _: pattern)
    assert started is not None
    assert set(started[1].moves) <= set(smaller.demands())
