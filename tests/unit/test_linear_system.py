"""The equations of a table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from opengazette.disclosure.tables.linear_system import CellTable, Dimension, LinearSystem, floors
from opengazette.errors import CannotProtect

SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
AGE = Dimension("age", "T", {"T": ("0", "1", "2")}, ("T", "0", "1", "2"))
PLACE = Dimension(
    "place",
    "CA",
    {"CA": ("north", "south"), "north": ("n1", "n2")},
    ("CA", "north", "south", "n1", "n2"),
)


def two_way() -> CellTable:
    keys = tuple(product(SEX.codes, AGE.codes))
    ends = np.array([[4, 5, 6], [7, 0, 9]])
    with_totals = np.zeros((3, 4), dtype=np.int64)
    with_totals[1:, 1:] = ends
    with_totals[0, 1:], with_totals[1:, 0] = ends.sum(axis=0), ends.sum(axis=1)
    with_totals[0, 0] = ends.sum()
    return CellTable((SEX, AGE), keys, {"n": with_totals.ravel()})


def test_a_two_way_table_has_one_equation_per_total() -> None:
    system = LinearSystem.of(two_way())
    n_totals = 6
    assert system.matrix.shape == (n_totals, 12)
    assert np.linalg.matrix_rank(system.matrix.toarray()) == n_totals


def test_true_values_satisfy_every_equation() -> None:
    table = two_way()
    assert not (LinearSystem.of(table).matrix @ table.counts["n"]).any()


def test_a_tree_of_any_depth_gives_an_equation_per_parent() -> None:
    table = CellTable((PLACE,), tuple((c,) for c in PLACE.codes), {"n": np.array([10, 7, 3, 5, 2])})
    assert LinearSystem.of(table).matrix.toarray().tolist() == [
        [0, 1, 0, -1, -1],
        [1, -1, -1, 0, 0],
    ]


def test_a_dimension_without_total_splits_the_table() -> None:
    year = Dimension("year", None, {}, ("2023", "2024"))
    keys = tuple(product(year.codes, SEX.codes))
    table = CellTable((year, SEX), keys, {"n": np.array([3, 1, 2, 9, 4, 5])})
    assert LinearSystem.of(table).matrix.toarray().tolist() == [
        [1, -1, -1, 0, 0, 0],
        [0, 0, 0, 1, -1, -1],
    ]


def test_every_measure_has_the_equations_and_a_part_adds_a_remainder_per_cell() -> None:
    keys = tuple((c,) for c in SEX.codes)
    counts = {"tests": np.array([30, 10, 20]), "positives": np.array([7, 3, 4])}
    table = CellTable((SEX,), keys, counts, {"positives": "tests"})
    system = LinearSystem.of(table)
    assert system.matrix.shape == (2 + 3, 6 + 3)
    assert system.values(table).tolist() == [30, 10, 20, 7, 3, 4, 23, 7, 16]
    assert not (system.matrix @ system.values(table)).any()


def test_a_missing_combination_is_a_zero_or_an_unknown_as_the_contract_says() -> None:
    table = CellTable((SEX,), (("T",), ("f",)), {"n": np.array([5, 5])})
    assert LinearSystem.of(table).matrix.toarray().tolist() == [[1, -1]]
    unknown = replace(table, counts={"n": np.array([9, 5])}, absent="unknown")
    system = LinearSystem.of(unknown)
    assert system.matrix.toarray().tolist() == [[1, -1, -1]]
    assert system.values(unknown).tolist() == [9, 5, 4]


@pytest.mark.parametrize(
    "table",
    [
        CellTable((SEX,), (("T",), ("f",), ("m",)), {"n": np.array([9, 4, 4])}),
        CellTable((SEX,), (("T",), ("f",)), {"n": np.array([9, 4])}),
        CellTable(
            (Dimension("x", None, {}, ("a",)),),
            (("a",),),
            {"whole": np.array([3]), "part": np.array([4])},
            {"part": "whole"},
        ),
    ],
    ids=["sum is wrong", "missing child", "part over whole"],
)
def test_a_table_that_does_not_add_up_is_refused_with_counts_alone(table: CellTable) -> None:
    with pytest.raises(CannotProtect, match=r"does not add up: 1 of its"):
        LinearSystem.of(table).values(table)


def test_shown_zeros_reveal_how_small_a_total_can_be() -> None:
    assert floors(two_way(), least=1)["n"].tolist() == [5, 2, 1, 2, 3, 1, 1, 1, 2, 1, 0, 1]


def test_a_whole_is_at_least_its_part() -> None:
    counts = {"tests": np.array([9, 9, 0]), "positives": np.array([2, 2, 0])}
    table = CellTable((SEX,), (("T",), ("f",), ("m",)), counts, {"positives": "tests"})
    assert floors(table, least=1)["tests"].tolist() == [1, 1, 0]
