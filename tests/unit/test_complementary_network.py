"""The connected parts of a table, as the masker sees them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from opengazette.disclosure.complementary.network import Columns, Network, networks


def known(width: int, **given: list[float]) -> Columns:
    """Take every column for a free cell that costs 1, unless given otherwise."""
    values = {
        name: np.array(given.get(name, [default] * width), dtype=np.float64)
        for name, default in (("cell", 1), ("hidden", 0), ("up", 0), ("fall", 5), ("cost", 1))
    }
    hidden = values["hidden"] > 0
    free = np.array(given.get("free", ~hidden), dtype=np.bool_)
    return Columns(
        cell=values["cell"] > 0,
        fall=values["fall"],
        hidden=hidden,
        free=free,
        cost=values["cost"],
        up=values["up"],
        down=np.zeros(width),
        either=np.zeros(width),
    )


def parts(rows: list[list[float]], columns: Columns) -> list[Network]:
    return list(networks(sparse.csr_array(np.array(rows, dtype=np.float64)), columns))


def members(network: Network) -> list[list[int]]:
    return [group.tolist() for group in network.members]


def test_parts_that_share_no_equation_are_apart_and_keep_their_own_rows() -> None:
    columns = known(6, hidden=[1, 0, 0, 1, 0, 0], up=[3, 0, 0, 4, 0, 0])
    first, second = parts([[1, 0, -1, 0, -1, 0], [0, -1, 0, 1, 0, -1]], columns)
    assert members(first) == [[0], [2], [4]]
    assert members(second) == [[1], [3], [5]]
    assert first.matrix.toarray().tolist() == [[1, -1, -1]]
    assert second.matrix.toarray().tolist() == [[-1, 1, -1]]
    assert second.up.tolist() == [0, 4, 0]
    assert second.hidden.tolist() == [False, True, False]


def test_a_part_without_a_demand_is_left_out() -> None:
    columns = known(6, hidden=[1, 0, 0, 1, 0, 0], up=[0, 0, 0, 4, 0, 0])
    (only,) = parts([[1, 0, -1, 0, -1, 0], [0, -1, 0, 1, 0, -1]], columns)
    assert members(only) == [[1], [3], [5]]


def test_cells_that_an_equation_makes_equal_are_one_that_costs_all_and_falls_least() -> None:
    columns = known(4, hidden=[0, 1, 0, 0], up=[0, 3, 0, 0], fall=[9, 2, 5, 5], cost=[4, 1, 1, 1])
    (only,) = parts([[1, -1, 0, 0], [1, 0, -1, -1]], columns)
    assert members(only) == [[0, 1], [2], [3]]
    assert only.matrix.toarray().tolist() == [[1, -1, -1]]
    assert only.hidden.tolist() == [True, False, False]
    assert (only.fall[0], only.cost[0], only.up[0]) == (2, 5, 3)


def test_a_published_column_is_dropped_and_what_it_leaves_equal_is_merged() -> None:
    columns = known(3, hidden=[0, 1, 0], up=[0, 3, 0], free=[False, False, True])
    (only,) = parts([[1, -1, -1]], columns)
    assert members(only) == [[1], [2]]
    assert only.matrix.toarray().tolist() == [[-1, -1]]


def test_a_row_that_repeats_another_with_any_sign_is_said_once() -> None:
    columns = known(3, hidden=[1, 0, 0], up=[3, 0, 0])
    (only,) = parts([[1, -1, -1], [-1, 1, 1], [1, -1, -1], [0, 0, 0]], columns)
    assert only.matrix.toarray().tolist() == [[1, -1, -1]]


def test_a_remainder_that_equals_a_shown_cell_is_as_public_as_the_cell() -> None:
    columns = known(4, cell=[1, 1, 1, 0], hidden=[0, 1, 0, 1], up=[0, 3, 0, 0])
    (only,) = parts([[1, -1, -1, 0], [0, 0, 1, -1]], columns)
    assert members(only) == [[0], [1], [2, 3]]
    assert only.hidden.tolist() == [False, True, False]
    assert only.free.tolist() == [True, False, True]


def test_a_table_in_which_nothing_may_move_has_no_part() -> None:
    assert parts([[1, -1, -1]], known(3, free=[0, 0, 0])) == []
