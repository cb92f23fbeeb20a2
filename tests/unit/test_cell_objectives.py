"""What shall be least when a table stands alone: cells, counts, weights, change."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from opengazette.disclosure.standalone.attack import attack_cells
from opengazette.disclosure.standalone.given_cells import GivenCells, PublishedCells, cell_table
from opengazette.disclosure.standalone.prices import Objective, prices
from opengazette.disclosure.standalone.protection import (
    Options,
    ProtectedCells,
    demanded,
    protect_cells,
)
from opengazette.errors import CannotProtect
from opengazette.model.cell_structure import CellStructure

ROW = {"name": "row", "total": "T", "tree": {"T": ["a", "b", "c"]}}
COLUMN = {"name": "column", "total": "T", "tree": {"T": ["x", "y"]}}
KEYS = tuple(product("Tabc", "Txy"))
INNER = np.array([[3, 40], [30, 50], [20, 60]])


def structure(*dims: dict[str, Any], **more: Any) -> CellStructure:
    return CellStructure.model_validate(
        {"dims": dims or (ROW, COLUMN), "zero_policy": "publish", "threshold": 4} | more,
        strict=False,
    )


def given(inner: np.ndarray = INNER, weight: np.ndarray | None = None) -> GivenCells:
    full = np.zeros((4, 3), dtype=np.int64)
    full[1:, 1:] = inner
    full[0, 1:], full[1:, 0], full[0, 0] = inner.sum(axis=0), inner.sum(axis=1), inner.sum()
    return GivenCells(KEYS, full.ravel(), None, weight)


def protected(
    form: CellStructure, cells: GivenCells, wish: str = "exact", **chosen: Any
) -> ProtectedCells:
    return protect_cells(
        form,
        cells,
        demanded(wish, form),
        stop=lambda: False,
        progress=lambda _: None,
        options=Options(**chosen),
    )


def complementary(found: ProtectedCells) -> set[tuple[str, ...]]:
    gone = found.withheld & ~found.cells.is_primary()
    return {key for key, is_ in zip(found.cells.keys, gone, strict=True) if is_}


def passes(form: CellStructure, cells: GivenCells, withheld: np.ndarray) -> bool:
    values = np.where(withheld, np.nan, cells.values.astype(float))
    public = PublishedCells(cells.keys, values, cells.is_primary())
    return attack_cells(form, public, demanded("exact", form), n_proofs=0).passed


def least_cost(form: CellStructure, cells: GivenCells, worth: np.ndarray) -> float:
    """Try every pattern, the cheapest first."""
    free = np.flatnonzero(~cells.is_primary())
    patterns = np.array(list(product([False, True], repeat=len(free))))
    for chosen in patterns[np.argsort(patterns @ worth[free], kind="stable")]:
        withheld = cells.is_primary().copy()
        withheld[free[chosen]] = True
        if passes(form, cells, withheld):
            return float(worth[free[chosen]].sum())
    raise AssertionError


@pytest.mark.parametrize("objective", ["count", "sum", "weights"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_pattern_of_all_that_there_are_costs_less(objective: Objective, seed: int) -> None:
    rng = np.random.default_rng(seed)
    inner = rng.integers(1, 12, size=(3, 2))
    inner[0, 0] = 3
    inner[1:] += 8
    form, cells = structure(), given(inner, rng.integers(1, 9, size=12).astype(float))
    found = protected(form, cells, objective=objective)
    worth = prices(objective, form, found.cells, cell_table(form, cells)).worth
    assert found.certificate.cost == pytest.approx(least_cost(form, found.cells, worth))
    assert found.certificate.is_proven


def test_a_category_of_little_interest_goes_first() -> None:
    plain = complementary(protected(structure(), given()))
    other = ROW | {"weights": {"c": 0.1}} if ("b", "x") in plain else ROW | {"weights": {"b": 0.1}}
    cheap = "c" if ("b", "x") in plain else "b"
    found = complementary(protected(structure(other, COLUMN), given()))
    assert {key[0] for key in found} == {"a", cheap}


def test_totals_can_be_made_the_first_to_go() -> None:
    form = structure(ROW | {"level_weights": [0.1, 1]}, COLUMN | {"level_weights": [0.1, 1]})
    assert complementary(protected(form, given())) == {("T", "x"), ("a", "T"), ("T", "T")}
    assert not any("T" in key for key in complementary(protected(structure(), given())))


def test_a_cell_has_a_weight_of_its_own_beside_those_of_its_codes() -> None:
    weight = np.ones(12)
    weight[[KEYS.index(key) for key in (("c", "x"), ("c", "y"))]] = 0.1
    found = protected(structure(), given(weight=weight))
    assert complementary(found) == {("a", "y"), ("c", "x"), ("c", "y")}
    assert found.certificate.cost == pytest.approx(1.2)


def test_levels_and_categories_multiply() -> None:
    dim = structure(ROW | {"weights": {"a": 0.5}, "level_weights": [4, 2]}, COLUMN).dims[0]
    assert dim.code_weights() == {"T": 4.0, "a": 1.0, "b": 2.0, "c": 2.0}


def test_what_was_withheld_last_time_is_withheld_again() -> None:
    cells = given()
    plain = protected(structure(), cells)
    other = "c" if ("b", "x") in complementary(plain) else "b"
    then = np.array([key[0] in ("a", other) and key[1] != "T" for key in KEYS])
    values = np.where(then, np.nan, cells.values.astype(float))
    previous = PublishedCells(KEYS, values, then & (cells.values < 5))
    found = protected(structure(), cells, previous=previous)
    assert np.array_equal(found.withheld, then)
    assert not found.certificate.counts_cells
    assert found.certificate.is_proven


def test_a_search_within_a_gap_may_end_early_and_says_so() -> None:
    found = protected(structure(), given(), "range", gap=0.9)
    assert found.attacked.passed
    assert 0.0 <= found.gap <= 0.9
    assert found.certificate.least <= found.n_complementary


def forced(be: str, reason: str = "It stands in the annual report.", **where: str) -> Any:
    return ({"be": be, "where": where, "reason": reason},)


def test_a_cell_that_shall_be_shown_is_never_given_for_another() -> None:
    plain = complementary(protected(structure(), given()))
    kept = sorted(plain)[-1]
    form = structure(forced=forced("shown", row=kept[0], column=kept[1]))
    found = protected(form, given())
    assert kept not in complementary(found)
    assert found.because == (("It stands in the annual report.", 1),)


def test_a_cell_that_shall_be_withheld_is_protected_like_a_small_count() -> None:
    found = protected(structure(forced=forced("withheld", row="c", column="y")), given())
    at = KEYS.index(("c", "y"))
    assert found.cells.is_primary()[at]
    assert found.attacked.result.n_protected == 2


def test_a_decision_about_many_cells_leaves_out_those_that_cannot_follow() -> None:
    cells = given(np.array([[3, 40], [30, 50], [20, 0]]))
    found = protected(structure(forced=forced("withheld", row="c")), cells)
    assert [found.withheld[KEYS.index(("c", code))] for code in "Txy"] == [True, True, False]
    assert found.because == (("It stands in the annual report.", 2),)


def test_a_small_count_is_shown_by_nobodys_decision() -> None:
    with pytest.raises(CannotProtect, match="1 cells are forced to be shown but withheld"):
        protected(structure(forced=forced("shown", row="a", column="x")), given())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"forced": forced("shown", sex="f")}, "'sex' is none of the dims"),
        ({"forced": forced("shown", row="z")}, "'z' is no code of 'row'"),
        ({"dims": [ROW | {"weights": {"z": 2}}]}, "'z' is no code of the tree"),
        ({"dims": [ROW | {"weights": {"a": 0}}]}, "greater than 0"),
    ],
)
def test_a_wrong_weight_or_decision_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        structure(**changes)
