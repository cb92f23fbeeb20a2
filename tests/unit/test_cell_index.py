"""Finding cells by the numbers of their codes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.disclosure.tables.cell_index import CellIndex
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.errors import CannotProtect

SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
AGE = Dimension("age", None, {}, ("0", "1"))


def table(keys: tuple[tuple[str, ...], ...]) -> CellTable:
    return CellTable((SEX, AGE), keys, {"n": np.ones(len(keys), dtype=np.int64)})


def test_codes_are_numbered_as_the_dimensions_list_them() -> None:
    some = table((("m", "0"), ("T", "1")))
    assert some.codes.dtype == np.int32
    assert some.codes.tolist() == [[2, 0], [0, 1]]


def test_every_cell_is_found_at_its_own_codes() -> None:
    whole = table(tuple(product(SEX.codes, AGE.codes))[::-1])
    assert whole.cell_at(whole.codes).tolist() == list(range(6))


def test_a_missing_combination_and_an_unknown_code_are_no_cell() -> None:
    some = table((("m", "0"), ("T", "1")))
    asked = np.array([[[2, 0], [2, 1]], [[-1, 1], [0, 2]]], dtype=np.int32)
    assert some.cell_at(asked).tolist() == [[0, -1], [-1, -1]]


def test_a_table_without_cells_has_none_anywhere() -> None:
    assert table(()).cell_at(np.zeros((2, 2), dtype=np.int32)).tolist() == [-1, -1]


def test_a_key_outside_the_codes_is_refused_without_its_code() -> None:
    with pytest.raises(CannotProtect, match="1 cells have a code that dimension 'sex'") as refused:
        table((("secret", "0"),)).cell_at(np.zeros((1, 2), dtype=np.int32))
    assert "secret" not in str(refused.value)


@given(st.data(), st.sampled_from([3, 300]))
def test_however_many_dimensions_there_are_cells_are_found(data: st.DataObject, size: int) -> None:
    width = data.draw(st.integers(1, 40))
    row = st.lists(st.integers(0, size - 1), min_size=width, max_size=width)
    rows = data.draw(st.lists(row, min_size=1, max_size=6, unique_by=tuple))
    codes, others = np.array(rows, dtype=np.int32), data.draw(st.lists(row, max_size=4))
    index = CellIndex.of(codes, [size] * width)
    asked = np.array([*rows, *others], dtype=np.int32)
    assert index.at(asked).tolist() == [
        rows.index(one) if one in rows else -1 for one in [*rows, *others]
    ]
