"""Which further cells are withheld, on tables small enough to follow by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from opengazette.disclosure.complementary.pattern import Pattern, Protection, level_weights, protect
from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.errors import CannotProtect

RULE, RANGE = SmallCountRule(), Protection()


def one_way(*counts: int) -> CellTable:
    codes = tuple(f"A{i + 1}" for i in range(len(counts)))
    age = Dimension("age", "Total", {"Total": codes}, ("Total", *codes))
    return CellTable(
        (age,), tuple((c,) for c in age.codes), {"n": np.array([sum(counts), *counts])}
    )


def two_way(ends: list[list[int]]) -> CellTable:
    cells = np.array(ends)
    rows, columns = (
        tuple(f"{name}{i}" for i in range(n)) for name, n in zip("rc", cells.shape, strict=True)
    )
    row = Dimension("row", "T", {"T": rows}, ("T", *rows))
    column = Dimension("column", "T", {"T": columns}, ("T", *columns))
    full = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1), dtype=np.int64)
    full[1:, 1:], full[0, 1:], full[1:, 0] = cells, cells.sum(axis=0), cells.sum(axis=1)
    full[0, 0] = cells.sum()
    return CellTable((row, column), tuple(product(row.codes, column.codes)), {"n": full.ravel()})


def hidden(table: CellTable, pattern: Pattern, measure: str = "n") -> list[str]:
    return [
        "/".join(key)
        for key, gone in zip(table.keys, pattern.withheld[measure], strict=True)
        if gone
    ]


def test_a_table_without_small_counts_is_published_whole() -> None:
    table = one_way(0, 11, 40)
    pattern = protect(table, RULE, RANGE)
    assert hidden(table, pattern) == []
    assert (pattern.n_primary, pattern.n_complementary) == (0, 0)


def test_a_lone_small_count_takes_the_smallest_neighbour_with_it() -> None:
    table = one_way(4, 12, 50, 90)
    assert hidden(table, protect(table, RULE, RANGE)) == ["A1", "A2"]


def test_a_neighbour_with_too_little_room_does_not_serve() -> None:
    """With 9 to share between two cells neither can be 9 or 10, so the total or a third goes."""
    table = one_way(4, 5, 30, 90)
    pattern = protect(table, RULE, RANGE)
    assert hidden(table, pattern) == ["A1", "A2", "A3"]
    assert pattern.n_complementary == 1


def test_a_small_count_in_a_two_way_table_takes_a_rectangle() -> None:
    table = two_way([[5, 20, 30], [40, 25, 60], [70, 80, 90]])
    pattern = protect(table, RULE, RANGE)
    assert hidden(table, pattern) == ["r0/c0", "r0/c1", "r1/c0", "r1/c1"]


def test_the_bound_says_how_good_a_pattern_is() -> None:
    pattern = protect(two_way([[5, 20, 30], [40, 25, 60], [70, 80, 90]]), RULE, RANGE, gap=0.0)
    assert 3.0 <= pattern.lower_bound <= pattern.cost < 3.1


def test_true_zeros_stay() -> None:
    table = one_way(10, 14, 10, 10, 0, 0, 0, 30)
    assert hidden(table, protect(table, RULE, RANGE)) == ["A1", "A3", "A4"]


def test_a_parent_with_one_child_goes_with_it() -> None:
    place = Dimension("place", "CA", {"CA": ("x", "y"), "x": ("x1",)}, ("CA", "x", "y", "x1"))
    table = CellTable((place,), tuple((c,) for c in place.codes), {"n": np.array([25, 3, 22, 3])})
    assert hidden(table, protect(table, RULE, RANGE)) == ["x", "y", "x1"]


def test_only_the_part_of_a_table_that_holds_small_counts_is_touched() -> None:
    year = Dimension("year", None, {}, ("2023", "2024"))
    sex = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
    keys = tuple(product(year.codes, sex.codes))
    table = CellTable((year, sex), keys, {"n": np.array([60, 20, 40, 43, 3, 40])})
    assert hidden(table, protect(table, RULE, RANGE)) == ["2024/f", "2024/m"]


def test_cells_that_must_be_published_stay() -> None:
    table = one_way(4, 12, 50, 90)
    keep = {"n": np.array([key == ("A2",) for key in table.keys])}
    assert hidden(table, protect(table, RULE, RANGE, must_publish=keep)) == ["A1", "A3"]


def test_a_small_count_that_must_be_published_is_refused() -> None:
    table = one_way(4, 12)
    with pytest.raises(CannotProtect, match=r"^1 cells of 'n' must be published"):
        protect(table, RULE, RANGE, must_publish={"n": np.array([False, True, False])})


def test_what_no_pattern_protects_is_refused_with_measure_and_counts() -> None:
    table = one_way(4, 5, 30)
    keep = {"n": np.array([True, False, False, True])}
    with pytest.raises(CannotProtect, match=r"small counts of 'n': .* has 2 small counts"):
        protect(table, RULE, RANGE, must_publish=keep)


def test_weights_decide_what_goes_first() -> None:
    table = one_way(4, 12, 50, 90)
    weights = {"n": np.array([9.0, 1.0, 5.0, 5.0, 1.0])}
    assert hidden(table, protect(table, RULE, RANGE, weights=weights)) == ["A1", "A4"]


def test_a_price_on_levels_keeps_totals() -> None:
    table = two_way([[5, 20], [40, 25]])
    dear = level_weights(table, step=2.0)["n"]
    assert dear[0] > dear[1] > dear[-1]
    pattern = protect(table, RULE, RANGE, weights={"n": dear})
    assert hidden(table, pattern) == ["r0/c0", "r0/c1", "r1/c0", "r1/c1"]


def test_a_measure_outside_the_rule_is_never_withheld() -> None:
    table = one_way(4, 12, 50)
    both = CellTable(
        table.dimensions, table.keys, {**table.counts, "people": table.counts["n"] * 2}
    )
    pattern = protect(both, SmallCountRule(measures=("n",)), RANGE)
    assert hidden(both, pattern) == ["A1", "A2"]
    assert hidden(both, pattern, "people") == []


def test_zeros_that_are_withheld_take_neighbours_too() -> None:
    table = one_way(0, 12, 50)
    pattern = protect(table, SmallCountRule(zeros_shown=False), Protection(low=0))
    assert hidden(table, pattern) == ["A1", "A2"]


def test_a_part_bounded_by_its_shown_whole_is_given_more_room() -> None:
    """At most 11 of 14 can be f, so m would be at least 3: the pair alone is too narrow."""
    sex = Dimension("sex", "T", {"T": ("f", "m", "x")}, ("T", "f", "m", "x"))
    counts = {"tests": np.array([91, 11, 30, 50]), "positives": np.array([34, 5, 9, 20])}
    table = CellTable((sex,), tuple((c,) for c in sex.codes), counts, {"positives": "tests"})
    pattern = protect(table, RULE, RANGE)
    assert hidden(table, pattern, "tests") == []
    assert hidden(table, pattern, "positives") == ["f", "m", "x"]


def test_a_whole_whose_part_is_zero_is_not_withheld_for_it() -> None:
    sex = Dimension("sex", "T", {"T": ("f", "m", "x")}, ("T", "f", "m", "x"))
    counts = {"tests": np.array([180, 40, 60, 80]), "positives": np.array([24, 0, 4, 20])}
    table = CellTable((sex,), tuple((c,) for c in sex.codes), counts, {"positives": "tests"})
    pattern = protect(table, RULE, RANGE)
    assert hidden(table, pattern, "tests") == []
    assert hidden(table, pattern, "positives") == ["m", "x"]
