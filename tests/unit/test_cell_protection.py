"""Tables that stand alone: what each protection gives, against every whole solution."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from opengazette.disclosure.audit.proof import proofs
from opengazette.disclosure.standalone.given_cells import (
    GivenCells,
    PublishedCells,
    published_table,
)
from opengazette.disclosure.standalone.inferred_totals import inferred_structure
from opengazette.disclosure.standalone.protection import (
    Options,
    ProtectedCells,
    attack_cells,
    demanded,
    protect_cells,
)
from opengazette.errors import CannotProtect, SettingsInvalid
from opengazette.model.cell_structure import CellStructure, CodeTree

CODES = ("T", "a", "b", "c")
KEYS = tuple(itertools.product(CODES, CODES))
TREE = {"T": ("a", "b", "c")}


def structure(zero_policy: str = "publish", threshold: int = 4) -> CellStructure:
    dims = tuple(CodeTree(name=name, total="T", tree=TREE) for name in ("row", "column"))
    return CellStructure.model_validate(
        {"dims": dims, "zero_policy": zero_policy, "threshold": threshold}
    )


def given(inner: np.ndarray, primary: np.ndarray | None = None) -> GivenCells:
    full = np.zeros((4, 4), dtype=np.int64)
    full[1:, 1:] = inner
    full[0, :], full[:, 0] = full.sum(axis=0), full.sum(axis=1)
    full[0, 0] = inner.sum()
    return GivenCells(KEYS, full.ravel(), primary)


def protected(
    cells: GivenCells, wish: str, *, trust_flags: bool = False, form: CellStructure | None = None
) -> ProtectedCells:
    form = form or structure()
    return protect_cells(
        form,
        cells,
        demanded(wish, form),
        stop=lambda: False,
        progress=lambda _: None,
        options=Options(trust_flags=trust_flags),
    )


def solutions(found: ProtectedCells, least: int) -> np.ndarray:
    """List every table of whole counts that fits what is published."""
    values, gone = found.cells.values.reshape(4, 4), found.withheld.reshape(4, 4)
    inner = [tuple(at) for at in np.argwhere(gone[1:, 1:]) + 1]
    shown = np.where(gone, values[0, 0], values)
    tops = [min(shown[row, 0], shown[0, column], shown[0, 0]) for row, column in inner]
    chosen = np.stack(np.meshgrid(*[np.arange(least, top + 1) for top in tops], indexing="ij"))
    tables = np.repeat(values[None], chosen[0].size, axis=0)
    for at, column in zip(inner, chosen.reshape(len(inner), -1), strict=True):
        tables[:, at[0], at[1]] = column
    margins = tables.copy()
    margins[:, 1:, 0] = tables[:, 1:, 1:].sum(axis=2)
    margins[:, 0, 1:] = tables[:, 1:, 1:].sum(axis=1)
    margins[:, 0, 0] = tables[:, 1:, 1:].sum(axis=(1, 2))
    fits = np.where(gone, margins >= least, margins == values).all(axis=(1, 2))
    return margins[fits].reshape(-1, 16)


@pytest.mark.parametrize("wish", ["exact", "range", "width:2"])
@pytest.mark.parametrize("seed", range(6))
def test_every_primary_cell_is_left_with_what_it_is_owed(wish: str, seed: int) -> None:
    inner = np.random.default_rng(seed).choice(
        [0, 1, 2, 3, 5, 6], size=(3, 3), p=[0.2] + [0.16] * 5
    )
    cells, form = given(inner), structure(threshold=2)
    found = protected(cells, wish, form=form)
    possible = solutions(found, 1)[:, found.cells.is_primary()]
    assert (possible == cells.values[found.cells.is_primary()]).all(axis=1).any()
    low, high = possible.min(axis=0), possible.max(axis=0)
    if wish == "range":
        single = [key for key, is_ in zip(KEYS, found.cells.is_primary(), strict=True) if is_]
        inside = np.array(["T" not in key for key in single], dtype=bool)
        assert (low[inside] <= 1).all()
        assert (high >= 2).all()
    else:
        assert (high - low >= (1 if wish == "exact" else 2)).all()


def test_exact_protection_withholds_the_fewest_possible() -> None:
    cells = given(np.array([[3, 20, 30], [20, 30, 40], [30, 40, 50]]))
    found = protected(cells, "exact")
    assert found.pattern.n_complementary == found.least_complementary == 3
    assert found.gap == 0.0


def test_no_wider_protection_costs_less() -> None:
    cells = given(np.array([[3, 5, 30], [2, 30, 6], [30, 5, 50]]))
    costs = [
        protected(cells, wish).pattern.n_complementary for wish in ("exact", "width:2", "range")
    ]
    assert costs == sorted(costs)


def test_a_flagged_cell_is_protected_though_it_is_large() -> None:
    flags = np.zeros(16, dtype=np.bool_)
    flags[KEYS.index(("a", "a"))] = True
    found = protected(given(np.full((3, 3), 20), flags), "exact")
    assert found.withheld[KEYS.index(("a", "a"))]
    assert int(found.withheld.sum()) == 4


def test_a_small_count_without_a_flag_is_refused_unless_flags_are_trusted() -> None:
    cells = given(np.array([[3, 20, 30], [20, 30, 40], [30, 40, 50]]), np.zeros(16, dtype=np.bool_))
    with pytest.raises(CannotProtect, match="1 counts from 1 to 4 are not flagged"):
        protected(cells, "range")
    assert not protected(cells, "range", trust_flags=True).withheld.any()


def test_a_flagged_zero_is_refused_where_zeros_are_shown() -> None:
    inner, flags = np.full((3, 3), 20), np.zeros(16, dtype=np.bool_)
    inner[0, 0], flags[KEYS.index(("a", "a"))] = 0, True
    with pytest.raises(CannotProtect, match="1 true zeros are flagged"):
        protected(given(inner, flags), "exact")


def test_zeros_can_be_primary_themselves() -> None:
    inner = np.full((3, 3), 20)
    inner[0, 0] = 0
    found = protected(given(inner), "range", form=structure("primary"))
    assert found.withheld[KEYS.index(("a", "a"))]
    assert found.attacked.result.passed


def test_a_table_that_does_not_add_up_is_refused_without_its_counts() -> None:
    cells = given(np.full((3, 3), 20))
    cells.values[0] += 7313
    with pytest.raises(CannotProtect) as refused:
        protected(cells, "exact")
    assert "7" not in str(refused.value)


def test_an_unknown_protection_is_refused() -> None:
    for wish in ("safe", "width:", "width:0", "width:x", "exact:2"):
        with pytest.raises(SettingsInvalid, match="width:N"):
            demanded(wish, structure())


def blanked(cells: GivenCells, *blank: tuple[str, str]) -> PublishedCells:
    gone = np.array([key in blank for key in cells.keys])
    return PublishedCells(cells.keys, np.where(gone, np.nan, cells.values.astype(float)), gone)


def test_a_cell_that_a_total_gives_away_comes_with_the_sum_that_does_it() -> None:
    cells = given(np.array([[3, 20, 30], [20, 30, 40], [30, 40, 50]]))
    found = attack_cells(
        structure(), blanked(cells, ("a", "a")), demanded("exact", structure()), n_proofs=5
    )
    assert found.determined == found.result.n_narrow == 1
    (proof,) = found.proofs
    assert (proof.key, proof.relation, proof.value) == (("a", "a"), "exactly", 3)
    assert proof.steps[-1].endswith("so [a / a] = 3.")


def test_a_proof_adds_and_subtracts_several_totals() -> None:
    cells = given(np.array([[3, 2, 30], [20, 30, 40], [30, 40, 50]]))
    public = blanked(cells, ("a", "a"), ("a", "b"), ("b", "a"), ("a", "T"))
    table = published_table(structure(), public)
    (proof,) = proofs(table, "value", ("a", "b"), least=1)
    assert (proof.relation, proof.value) == ("exactly", 2)
    (proof,) = proofs(table, "value", ("b", "a"), least=1)
    assert (proof.relation, proof.value) == ("exactly", 20)


def test_a_proof_of_a_bound_says_what_the_others_hold_at_least() -> None:
    cells = given(np.array([[2, 3, 30], [3, 30, 40], [30, 40, 50]]))
    public = blanked(cells, ("a", "a"), ("a", "b"), ("b", "a"), ("b", "b"))
    found = proofs(published_table(structure(), public), "value", ("a", "a"), least=1)
    assert [(p.relation, p.value) for p in found] == [("at most", 4)]
    assert "1 or more" in found[0].steps[-1]


def test_a_cell_that_nothing_narrows_has_no_proof() -> None:
    cells = given(np.full((3, 3), 20))
    public = blanked(cells, *KEYS)
    assert proofs(published_table(structure(), public), "value", ("a", "a"), least=1) == ()


def test_totals_are_found_where_each_dimension_has_just_one() -> None:
    cells = given(np.array([[3, 20, 31], [20, 30, 40], [30, 44, 50]]))
    form = inferred_structure(cells, ("row", "column"), threshold=10, zero_policy="publish")
    assert [(dim.total, dim.tree) for dim in form.dims] == [("T", TREE), ("T", TREE)]


def test_totals_that_cannot_be_told_are_refused_with_what_to_do() -> None:
    cells = given(np.array([[3, 20, 31], [20, 30, 40], [30, 44, 50]]))
    inner = [i for i, key in enumerate(KEYS) if key[1] != "T"]
    without = GivenCells(tuple(KEYS[i] for i in inner), cells.values[inner], None)
    with pytest.raises(CannotProtect, match="No code of 'column'.*structure"):
        inferred_structure(without, ("row", "column"), threshold=10, zero_policy="publish")
    twins = GivenCells((("T",), ("a",)), np.array([5, 5]), None)
    with pytest.raises(CannotProtect, match="More than one code of 'row'"):
        inferred_structure(twins, ("row",), threshold=10, zero_policy="publish")
