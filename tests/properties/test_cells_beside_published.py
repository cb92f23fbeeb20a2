"""Tables protected beside what is published, against every pair of tables that fits both."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.standalone.attack import attack_cells
from opengazette.disclosure.standalone.given_cells import GivenCells, PublishedCells
from opengazette.disclosure.standalone.protection import (
    Options,
    ProtectedCells,
    demanded,
    protect_cells,
)
from opengazette.disclosure.standalone.published_beside import Beside
from opengazette.errors import CannotProtect, DisclosureRisk
from opengazette.model.cell_structure import CellStructure

# Four finest cells of at most twelve each.
EVERY = np.array(list(product(range(13), repeat=4)))
REGION = {"name": "region"}
SEX = {"name": "sex", "total": "T", "tree": {"T": ["f", "m"]}}
AGE = {"name": "age", "total": "all", "tree": {"all": ["0", "1"]}}


def structure(*dims: dict[str, Any]) -> CellStructure:
    return CellStructure.model_validate(
        {"dims": dims, "zero_policy": "publish", "threshold": 3}, strict=False
    )


BY_SEX, BY_AGE = structure(REGION, SEX), structure(REGION, AGE)
# Which finest cells each cell adds up: totals, then the two parts, for each region.
INSIDE = np.kron(np.eye(2, dtype=np.int64), np.array([[1, 1], [1, 0], [0, 1]]))


def table(form: CellStructure, finest: np.ndarray) -> GivenCells:
    keys = product(("north", "south"), form.dims[1].codes())
    return GivenCells(tuple(keys), INSIDE @ finest.ravel(), None)


def protected(form: CellStructure, cells: GivenCells, *beside: Beside) -> ProtectedCells:
    return protect_cells(
        form,
        cells,
        demanded("range", form),
        stop=lambda: False,
        progress=lambda _: None,
        options=Options(beside=beside),
    )


def public(found: ProtectedCells) -> PublishedCells:
    values = np.where(found.withheld, np.nan, found.cells.values.astype(float))
    return PublishedCells(found.cells.keys, values, found.cells.is_primary())


def fits(cells: PublishedCells) -> np.ndarray:
    grid, hidden = EVERY @ INSIDE.T, np.isnan(cells.values)
    fit = (grid[:, ~hidden] == cells.values[~hidden]).all(1) & (grid[:, hidden] >= 1).all(1)
    return np.asarray(grid[fit])


def read_together(one: PublishedCells, other: PublishedCells) -> tuple[np.ndarray, np.ndarray]:
    """List the tables of each that agree with one of the other in the totals of the regions."""
    found = [fits(one), fits(other)]
    totals = [{tuple(row) for row in rows[:, [0, 3]]} for rows in found]
    common = totals[0] & totals[1]
    first, second = (rows[[tuple(r) in common for r in rows[:, [0, 3]]]] for rows in found)
    return first, second


def covered(rows: np.ndarray, cells: PublishedCells) -> bool:
    """Tell whether every protected part can be anything from 1 to 3, as far as twelves reach."""
    parts = np.array([key[1] not in ("T", "all") for key in cells.keys])
    mine = rows[:, cells.primary & parts]
    return not mine.size or bool((mine.min(axis=0) <= 1).all() and (mine.max(axis=0) >= 3).all())


PEOPLE = st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 5]), min_size=8, max_size=8)


def two_tables(people: list[int]) -> tuple[GivenCells, GivenCells]:
    cube = np.array(people).reshape(2, 2, 2)
    return table(BY_SEX, cube.sum(axis=2)), table(BY_AGE, cube.sum(axis=1))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(PEOPLE)
def test_no_reader_of_both_tables_narrows_a_small_count_of_either(people: list[int]) -> None:
    by_sex, by_age = two_tables(people)
    before = public(protected(BY_AGE, by_age))
    try:
        now = public(protected(BY_SEX, by_sex, Beside("by age", BY_AGE, before)))
    except CannotProtect:
        return
    own, other = read_together(now, before)
    assert covered(own, now)
    assert covered(other, before)


@settings(deadline=None, max_examples=60)
@given(PEOPLE, st.lists(st.booleans(), min_size=6, max_size=6))
@example([0, 1, 1, 1, 0, 0, 0, 0], [True, True, False, False, False, False])
def test_the_attack_beside_a_table_finds_what_enumeration_finds(
    people: list[int], chosen: list[bool]
) -> None:
    by_sex, by_age = two_tables(people)
    before = public(protected(BY_AGE, by_age))
    hidden = np.array(chosen) & (by_sex.values > 0)
    values = np.where(hidden, np.nan, by_sex.values.astype(float))
    now = PublishedCells(by_sex.keys, values, hidden)
    found = attack_cells(
        BY_SEX,
        now,
        demanded("range", BY_SEX),
        n_proofs=0,
        small_may_show=True,
        beside=[Beside("by age", BY_AGE, replace(before, primary=np.zeros(6, dtype=np.bool_)))],
    )
    own, _ = read_together(now, before)
    at = {key: i for i, key in enumerate(now.keys)}
    for finding in found.findings:
        column = own[:, at[finding.key]]
        assert finding.proved
        assert finding.low == max(column.min(), 1) or finding.low <= 1
        assert finding.high == column.max() or finding.high >= 3
        assert finding.low != finding.high or column.min() == column.max()


@settings(deadline=None, max_examples=40)
@given(PEOPLE)
def test_what_was_shown_and_has_not_changed_is_shown_again(people: list[int]) -> None:
    by_sex, _ = two_tables(people)
    first = protected(BY_SEX, by_sex)
    again = protected(BY_SEX, by_sex, Beside("last year", BY_SEX, public(first), is_earlier=True))
    assert np.array_equal(first.withheld, again.withheld)


@settings(deadline=None, max_examples=40)
@given(PEOPLE, st.integers(0, 3))
def test_a_revised_table_is_protected_beside_the_old_one_or_refused(
    people: list[int], at: int
) -> None:
    finest = np.array(people).reshape(2, 2, 2).sum(axis=2)
    old = protected(BY_SEX, table(BY_SEX, finest))
    revised = finest.copy()
    revised[divmod(at, 2)] += 3
    assume(revised.sum(axis=1).max() <= 12)
    earlier = Beside("last year", BY_SEX, public(old), is_earlier=True)
    try:
        new = protected(BY_SEX, table(BY_SEX, revised), earlier)
    except CannotProtect:
        return
    unchanged = new.cells.values == old.cells.values
    assert not (new.withheld & unchanged & ~old.withheld).any()
    assert covered(fits(public(new)), public(new))


def test_a_table_that_is_safe_alone_can_be_given_away_by_another() -> None:
    finest = np.array([[2, 20], [30, 40]])
    by_sex = table(BY_SEX, finest)
    hidden = np.array([True, True, False, False, False, False])
    values = np.where(hidden, np.nan, by_sex.values.astype(float))
    naive = PublishedCells(by_sex.keys, values, np.arange(6) == 1)
    by_age = table(BY_AGE, np.array([[11, 11], [35, 35]]))
    shown = PublishedCells(by_age.keys, by_age.values.astype(float), np.zeros(6, dtype=np.bool_))
    owed = demanded("range", BY_SEX)
    assert attack_cells(BY_SEX, naive, owed, n_proofs=1).passed
    beside = Beside("by age", BY_AGE, shown)
    found = attack_cells(BY_SEX, naive, owed, n_proofs=1, beside=[beside])
    assert found.determined == 1
    assert [(p.key, p.relation, p.value) for p in found.proofs] == [(("north", "f"), "exactly", 2)]
    held = protected(BY_SEX, by_sex, beside)
    assert not held.withheld[0]
    assert held.withheld[[1, 2]].all()


def test_the_blanks_of_a_linked_table_are_kept_blank() -> None:
    by_sex = table(BY_SEX, np.array([[11, 11], [35, 35]]))
    by_age = table(BY_AGE, np.array([[2, 20], [30, 40]]))
    gone = np.array([True, True, False, False, False, False])
    values = np.where(gone, np.nan, by_age.values.astype(float))
    before = Beside("by age", BY_AGE, PublishedCells(by_age.keys, values, np.arange(6) == 1))
    alone = protected(BY_SEX, by_sex)
    assert not alone.withheld.any()
    owed = demanded("range", BY_SEX)
    together = attack_cells(BY_SEX, public(alone), owed, n_proofs=0, beside=[before])
    assert (together.n_beside, together.n_beside_failing) == (1, 1)
    assert not together.passed
    held = protected(BY_SEX, by_sex, before)
    assert held.withheld[0]
    assert held.attacked.passed


def test_another_count_for_the_same_cell_is_refused_with_the_file_and_no_value() -> None:
    by_sex = table(BY_SEX, np.array([[11, 11], [35, 35]]))
    by_age = table(BY_AGE, np.array([[17, 20], [35, 35]]))
    shown = PublishedCells(by_age.keys, by_age.values.astype(float), np.zeros(6, dtype=np.bool_))
    with pytest.raises(DisclosureRisk, match="1 cells of by age show another count") as refused:
        protected(BY_SEX, by_sex, Beside("by age", BY_AGE, shown))
    assert "37" not in str(refused.value)


def test_a_small_count_that_is_published_already_is_refused() -> None:
    by_sex = table(BY_SEX, np.array([[2, 20], [35, 35]]))
    shown = PublishedCells(by_sex.keys, by_sex.values.astype(float), np.zeros(6, dtype=np.bool_))
    with pytest.raises(CannotProtect, match="1 primary cells are shown"):
        protected(BY_SEX, by_sex, Beside("last year", BY_SEX, shown, is_earlier=True))


def test_blanks_that_nobody_explains_are_refused() -> None:
    by_sex = table(BY_SEX, np.array([[11, 11], [35, 35]]))
    by_age = table(BY_AGE, np.array([[2, 20], [30, 40]]))
    gone = np.array([False, True, True, False, False, False])
    values = np.where(gone, np.nan, by_age.values.astype(float))
    before = PublishedCells(by_age.keys, values, gone, is_told=False)
    with pytest.raises(CannotProtect, match="does not tell which of its blanks are primary, and 2"):
        protected(BY_SEX, by_sex, Beside("by age", BY_AGE, before))


def test_what_is_given_away_already_is_refused_and_not_blamed_on_the_table() -> None:
    by_sex = table(BY_SEX, np.array([[11, 11], [35, 35]]))
    by_age = table(BY_AGE, np.array([[2, 20], [30, 40]]))
    gone = np.arange(6) == 1
    values = np.where(gone, np.nan, by_age.values.astype(float))
    naive = Beside("by age", BY_AGE, PublishedCells(by_age.keys, values, gone))
    with pytest.raises(CannotProtect, match="1 protected cells of what is published beside"):
        protected(BY_SEX, by_sex, naive)


def test_tables_that_treat_zeros_in_another_way_are_not_read_together() -> None:
    by_sex = table(BY_SEX, np.array([[11, 11], [35, 35]]))
    other = BY_AGE.model_copy(update={"zero_policy": "primary"})
    by_age = table(BY_AGE, np.array([[11, 11], [35, 35]]))
    shown = PublishedCells(by_age.keys, by_age.values.astype(float), np.zeros(6, dtype=np.bool_))
    with pytest.raises(DisclosureRisk, match="by age says of zeros something else"):
        protected(BY_SEX, by_sex, Beside("by age", other, shown))


def test_an_earlier_release_may_have_blank_zeros_where_the_public_does_not_know() -> None:
    by_sex = table(BY_SEX, np.array([[2, 20], [0, 40]]))
    gone = np.array([False, True, True, False, True, True])
    values = np.where(gone, np.nan, by_sex.values.astype(float))
    then = PublishedCells(by_sex.keys, values, np.arange(6) == 1)
    found = protect_cells(
        BY_SEX,
        by_sex,
        demanded("range", BY_SEX),
        stop=lambda: False,
        progress=lambda _: None,
        options=Options(
            beside=(Beside("last year", BY_SEX, then, is_earlier=True),), may_be_zero=True
        ),
    )
    assert found.attacked.passed
    assert not found.withheld[[0, 3]].any()
