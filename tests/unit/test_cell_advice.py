"""What is said of a table that nothing protects, and whether what is advised helps."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from opengazette.disclosure.standalone.advice import changes
from opengazette.disclosure.standalone.given_cells import (
    GivenCells,
    PublishedCells,
    flagged,
    rule_of,
)
from opengazette.disclosure.standalone.protection import Options, demanded, protect_cells
from opengazette.disclosure.standalone.published_beside import Beside
from opengazette.disclosure.standalone.redrawn import merged, without_code
from opengazette.errors import CannotProtect
from opengazette.model.cell_structure import CellStructure

ROW = {"name": "row", "total": "T", "tree": {"T": ["ab", "c"], "ab": ["a", "b"]}}
COLUMN = {"name": "column", "total": "T", "tree": {"T": ["x", "y", "z"]}}
ROWS = {"T": [0, 1, 2], "ab": [0, 1], "a": [0], "b": [1], "c": [2]}
COLUMNS = {"T": [0, 1, 2], "x": [0], "y": [1], "z": [2]}
KEYS = tuple(product(ROWS, COLUMNS))
# All totals are to be shown, and row a holds people in one column only besides the small count.
KEEP = [
    {"be": "shown", "where": {"column": "T"}, "reason": "These totals are in the annual report."},
    {"be": "shown", "where": {"row": "T"}, "reason": "So are these."},
    {"be": "shown", "where": {"row": "ab"}, "reason": "And these."},
]
INNER = np.array([[3, 17, 0], [30, 50, 4], [20, 60, 70]])


def structure(**more: Any) -> CellStructure:
    return CellStructure.model_validate(
        {"dims": (ROW, COLUMN), "zero_policy": "publish", "threshold": 10, "forced": KEEP} | more,
        strict=False,
    )


def given(inner: np.ndarray = INNER) -> GivenCells:
    values = [inner[np.ix_(ROWS[row], COLUMNS[column])].sum() for row, column in KEYS]
    return GivenCells(KEYS, np.array(values), None)


def refused(form: CellStructure, cells: GivenCells, **chosen: Any) -> CannotProtect:
    with pytest.raises(CannotProtect) as caught:
        protect(form, cells, **chosen)
    return caught.value


def protect(form: CellStructure, cells: GivenCells, **chosen: Any) -> None:
    protect_cells(
        form,
        cells,
        demanded("range", form),
        stop=lambda: False,
        progress=lambda _: None,
        options=Options(**chosen),
    )


def test_the_cells_that_no_pattern_protects_are_named_without_a_count() -> None:
    error = refused(structure(), given())
    assert "b / z" in error.problem
    assert "--advise" in error.remedy
    assert not any(str(n) in str(error) for n in (3, 4, 17, 30, 50, 70))


def test_only_what_helps_is_advised() -> None:
    form, cells = structure(), given()
    advised = refused(form, cells, advise=True).remedy
    assert advised.startswith("Each of these would help: ")
    rule = rule_of(form)
    flags = flagged(cells, rule, trust_flags=False)
    hopeless = (("b", "z"),)
    tried = list(changes(form, flags, hopeless, Options()))
    assert len(tried) > 3
    for change in tried:
        if f" {change.words}" in advised:
            protect(change.structure, change.cells)
        else:
            refused(change.structure, change.cells)


def test_where_no_single_change_helps_that_is_said() -> None:
    every = [
        {"be": "shown", "where": {"row": row}, "reason": "Everything is to be shown."}
        for row in ROWS
    ]
    error = refused(structure(forced=every), given(), advise=True)
    assert "Each of these" in error.remedy or "No single change" in error.remedy


def test_a_table_that_does_not_add_up_keeps_its_own_refusal() -> None:
    cells = given()
    cells.values[0] += 7313
    error = refused(structure(), cells, advise=True)
    assert "does not add up" in error.problem
    assert "7" not in str(error)


def test_beside_other_tables_no_category_is_merged() -> None:
    form, cells = structure(), flagged(given(), rule_of(structure()), trust_flags=False)
    shown = PublishedCells(KEYS[:1], cells.values[:1].astype(float), np.array([False]))
    beside = (Beside("earlier", form, shown, is_earlier=True),)
    words = [c.words for c in changes(form, cells, (("b", "z"),), Options(beside=beside))]
    assert words
    assert not any(word.startswith("merge") for word in words)


def test_merged_categories_add_up_and_keep_the_table_whole() -> None:
    form, cells = merged(structure(), given(), 1, "y", "z")
    assert form.dims[1].tree == {"T": ("x", "y + z")}
    found = dict(zip(cells.keys, cells.values.tolist(), strict=True))
    assert found["a", "y + z"] == 17
    assert found["b", "y + z"] == 54
    assert found["T", "T"] == INNER.sum()


def test_two_categories_that_are_all_of_a_total_become_that_total() -> None:
    form, cells = merged(structure(), given(), 0, "a", "b")
    assert form.dims[0].tree == {"T": ("ab", "c")}
    assert {key[0] for key in cells.keys} == {"T", "ab", "c"}


def test_a_total_that_is_left_out_leaves_its_parts_to_the_one_above() -> None:
    form, cells = without_code(structure(), given(), 0, "ab")
    assert form.dims[0].tree == {"T": ("a", "b", "c")}
    assert [each.reason for each in form.forced] == [KEEP[0]["reason"], KEEP[1]["reason"]]
    assert {key[0] for key in cells.keys} == {"T", "a", "b", "c"}
    top, _ = without_code(structure(), given(), 0, "T")
    assert top.dims[0].total is None
    assert top.dims[0].tree == {"ab": ("a", "b")}


def test_a_merged_cell_is_primary_if_it_is_still_small() -> None:
    cells = flagged(given(), rule_of(structure()), trust_flags=False)
    _, after = merged(structure(), cells, 1, "y", "z")
    flags = dict(zip(after.keys, after.is_primary(), strict=True))
    assert not flags["b", "y + z"]
    assert flags["a", "x"]
