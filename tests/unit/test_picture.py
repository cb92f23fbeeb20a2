"""The picture shows where a table is blank, and nothing of what is hidden."""

from __future__ import annotations

import pandas as pd

from opengazette.documentation.picture import LONGEST_SIDE, withheld_picture


def table(blank: set[tuple[str, str, str]]) -> pd.DataFrame:
    keys = [(c, a, s) for c in "xyz" for a in "ab" for s in ("f", "m")]
    counts = [pd.NA if key in blank else 20 for key in keys]
    frame = pd.DataFrame(keys, columns=["county", "age", "sex"])
    return frame.assign(visits=pd.array(counts, dtype="Int64"))


def test_tiles_count_cells_over_the_two_longest_dimensions() -> None:
    picture = withheld_picture(
        table({("x", "a", "f"), ("x", "a", "m"), ("y", "b", "f")}),
        ["county", "age", "sex"],
        "visits",
    )
    tiles = {
        (row, column): tile
        for row, line in picture.rows
        for column, tile in zip(picture.columns, line, strict=True)
    }
    assert (picture.row_dimension, picture.column_dimension) == ("county", "age")
    assert [tiles[("x", "a")].percent, tiles[("y", "b")].percent, tiles[("z", "a")].percent] == [
        100,
        50,
        0,
    ]
    assert [tiles[("x", "a")].shade, tiles[("y", "b")].shade, tiles[("z", "a")].shade] == [4, 2, 0]
    assert picture.left_out == 0


def test_one_dimension_is_a_single_column() -> None:
    frame = pd.DataFrame({"year": ["2020", "2021"], "births": pd.array([5, pd.NA], dtype="Int64")})
    picture = withheld_picture(frame, ["year"], "births")
    assert picture.column_dimension is None
    assert [[tile.withheld for tile in line] for _, line in picture.rows] == [[0], [1]]


def test_a_long_table_is_cut_and_says_so() -> None:
    names = [f"c{n:03}" for n in range(LONGEST_SIDE + 6)]
    frame = pd.DataFrame({"place": names, "n": pd.array([1] * len(names), dtype="Int64")})
    picture = withheld_picture(frame, ["place"], "n")
    assert (len(picture.rows), picture.left_out) == (LONGEST_SIDE, 6)


def test_of_too_many_categories_those_with_most_withheld_are_drawn_in_order() -> None:
    names = [f"c{n:03}" for n in range(LONGEST_SIDE + 6)]
    counts = [pd.NA if n in (3, LONGEST_SIDE + 5) else 1 for n in range(len(names))]
    frame = pd.DataFrame({"place": names, "n": pd.array(counts, dtype="Int64")})
    drawn = [name for name, _ in withheld_picture(frame, ["place"], "n").rows]
    assert drawn == [*names[: LONGEST_SIDE - 1], names[-1]]
