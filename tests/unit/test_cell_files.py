"""What is read of a table of cells, and how mistakes are told without telling a count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opengazette.adapters.cell_files import (
    read_cells,
    read_long_cells,
    read_published_cells,
    read_structure,
    write_published_cells,
)
from opengazette.errors import ContractInvalid, ExtractRefused
from opengazette.model.cell_structure import CellStructure

SEX: dict[str, Any] = {"name": "sex", "total": "T", "tree": {"T": ["f", "m"]}}
META: dict[str, Any] = {"dims": [SEX], "zero_policy": "publish", "threshold": 10}
ROWS = "sex,value,primary\nf,7313,0\nm,4,1\nT,7317,0\n"


def structure(folder: Path, **changes: Any) -> CellStructure:
    file = folder / "META.json"
    file.write_text(json.dumps(META | changes))
    return read_structure(file)


def cells_file(folder: Path, text: str) -> Path:
    file = folder / "CELLS.csv"
    file.write_text(text)
    return file


def refusal(folder: Path, text: str, **changes: Any) -> str:
    with pytest.raises(ExtractRefused) as refused:
        read_cells(cells_file(folder, text), structure(folder, **changes))
    assert refused.value.remedy
    return str(refused.value)


def test_cells_are_read_in_the_order_of_the_rows(tmp_path: Path) -> None:
    cells = read_cells(cells_file(tmp_path, ROWS), structure(tmp_path))
    assert cells.keys == (("f",), ("m",), ("T",))
    assert cells.values.tolist() == [7313, 4, 7317]
    assert cells.is_primary().tolist() == [False, True, False]


def test_a_blank_weight_is_one(tmp_path: Path) -> None:
    file = cells_file(tmp_path, "sex,value,weight\nf,20,0.25\nm,20,\nT,40,12\n")
    weight = read_cells(file, structure(tmp_path)).weight
    assert weight is not None
    assert weight.tolist() == [0.25, 1.0, 12.0]


def test_a_table_tells_whether_it_tells_which_blanks_are_primary(tmp_path: Path) -> None:
    form = structure(tmp_path)
    told = cells_file(tmp_path, "sex,published,status\nf,20,published\nm,,primary\n")
    assert read_published_cells(told, form).is_told
    untold = cells_file(tmp_path, "sex,value\nf,20\nm,\n")
    assert not read_published_cells(untold, form).is_told


def test_without_a_column_of_flags_the_file_does_not_decide(tmp_path: Path) -> None:
    cells = read_cells(cells_file(tmp_path, "sex,value\nf,20\nT,20\n"), structure(tmp_path))
    assert cells.primary is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sex,value\nf,7313.5\nT,9\n", "column value: in 1 row"),
        ("sex,value\nf,-7313\nT,9\n", "(line 2)"),
        ("sex,value\nf,\nT,9\n", "whole number"),
        ("sex,value\nf,7313\nf,9\n", "line 2, 3"),
        ("sex,value\nx,7313\nT,9\n", "column sex: in 1 row it is a code"),
        ("sex,value,primary\nf,7313,yes\nT,9,0\n", "neither 0 nor 1"),
        ("sex,value,age\nf,7313,1\nT,9,1\n", "column 'age'"),
        ("sex,count\nf,7313\n", "no column 'value'"),
        ("sex,value\nf,7313,9\nT,9\n", "more or fewer fields"),
        (
            "sex,value,weight\nf,7313,0\nT,9,1\n",
            "column weight: in 1 row it is not a number above 0",
        ),
        ("sex,value,weight\nf,7313,-2\nT,9,cheap\n", "column weight: in 2 rows"),
        ("sex,value\n", "has no rows"),
    ],
)
def test_a_wrong_file_is_refused_by_column_and_line_never_by_value(
    tmp_path: Path, text: str, told: str
) -> None:
    message = refusal(tmp_path, text)
    assert told in message
    assert "7313" not in message


def test_another_number_of_cells_than_the_structure_says_is_refused(tmp_path: Path) -> None:
    assert "n_cells" in refusal(tmp_path, ROWS, n_cells=4)
    assert "n_primary" in refusal(tmp_path, ROWS, n_primary=2)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ExtractRefused, match="There is no file CELLS.csv"):
        read_cells(tmp_path / "CELLS.csv", structure(tmp_path))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"treshold": 10}, "did you mean `threshold`"),
        ({"threshold": 0}, "the least is 1"),
        ({"zero_policy": "hide"}, "use one of publish, primary"),
        ({"dims": []}, "dims"),
        ({"dims": [SEX, SEX]}, "'sex' stands here twice"),
        ({"dims": [SEX | {"name": "value"}]}, "name of another column"),
        ({"dims": [SEX | {"name": "weight"}]}, "name of another column"),
        ({"dims": [SEX | {"weights": {"x": 2}}]}, "'x' is no code of the tree"),
        ({"dims": [SEX | {"level_weights": [0]}]}, "level_weights"),
        ({"forced": [{"be": "shown", "where": {"age": "x"}, "reason": "why"}]}, "'age' is none"),
        ({"forced": [{"be": "shown", "where": {"sex": "f"}}]}, "reason"),
        ({"dims": [SEX | {"tree": {"T": ["f"], "m": ["x"]}}]}, "'m' is not below the total"),
        ({"dims": [SEX | {"tree": {"T": ["f", "g"], "f": ["g"]}}]}, "child of more than one"),
        ({"dims": [SEX | {"tree": {"T": ["f"], "f": ["T"]}}]}, "child of another code"),
        ({"dims": [SEX | {"tree": {"T": []}}]}, "has no child"),
    ],
)
def test_a_structure_that_breaks_the_form_is_refused_with_the_fix(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ContractInvalid) as refused:
        structure(tmp_path, **changes)
    assert told in str(refused.value)
    assert "META.json:" in str(refused.value)


def test_descriptive_fields_are_welcome(tmp_path: Path) -> None:
    described = structure(tmp_path, name="n", kind="real", seed=None, source="s", total=1, n_zero=0)
    assert described.name == "n"


def test_what_is_written_reads_back_as_published(tmp_path: Path) -> None:
    form = structure(tmp_path)
    given = read_cells(cells_file(tmp_path, ROWS), form)
    out = tmp_path / "new" / "OUT.csv"
    write_published_cells(out, ["sex"], given, np.array([True, True, False]))
    assert out.read_text() == (
        "sex,published,status\nf,,complementary\nm,,primary\nT,7317,published\n"
    )
    read = read_published_cells(out, form)
    assert np.isnan(read.values).tolist() == [True, True, False]
    assert read.primary.tolist() == [False, True, False]
    assert [file.name for file in out.parent.iterdir()] == ["OUT.csv"]


def test_a_table_of_others_has_every_blank_protected(tmp_path: Path) -> None:
    read = read_published_cells(
        cells_file(tmp_path, "sex,value\nf,\nm,\nT,30\n"), structure(tmp_path)
    )
    assert read.primary.tolist() == [True, True, False]


def test_a_status_that_does_not_fit_its_value_is_refused(tmp_path: Path) -> None:
    text = "sex,published,status\nf,,published\nm,5,primary\nT,30,published\n"
    with pytest.raises(ExtractRefused, match="column status: in 2 rows"):
        read_published_cells(cells_file(tmp_path, text), structure(tmp_path))


def test_a_long_table_names_its_own_dimensions(tmp_path: Path) -> None:
    names, cells = read_long_cells(cells_file(tmp_path, "a,b,value\nx,y,3\n"))
    assert names == ("a", "b")
    assert cells.keys == (("x", "y"),)
    with pytest.raises(ExtractRefused, match="no column but the counts"):
        read_long_cells(cells_file(tmp_path, "value\n3\n"))
