"""The picture of a publication table: where it is blank, at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

#: Rows and columns that a picture shows at most; of the rest it gives the number.
LONGEST_SIDE = 64


@dataclass(frozen=True)
class Tile:
    """All cells at one pair of categories: how many there are and how many are withheld."""

    cells: int
    withheld: int

    @property
    def percent(self) -> int:
        """Return the share that is withheld, in whole percent."""
        return round(100 * self.withheld / self.cells) if self.cells else 0

    @property
    def shade(self) -> int:
        """Return 0 (all shown) to 4 (all withheld)."""
        return -(-4 * self.withheld // self.cells) if self.cells else 0


@dataclass(frozen=True)
class Picture:
    """One measure as a grid of tiles, its two longest dimensions as sides.

    `left_out` counts the pairs of categories that are not drawn.
    """

    measure: str
    row_dimension: str
    column_dimension: str | None
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Tile, ...]], ...]
    left_out: int


def withheld_picture(public: pd.DataFrame, dimensions: Sequence[str], measure: str) -> Picture:
    """Count the withheld cells of a measure over the two dimensions with most categories.

    Shape: `public` has one row for each cell, unique by `dimensions`; a withheld cell of
    `measure` is missing. Order of the categories is that of their first appearance; of too many,
    those with the most withheld cells are drawn.
    """
    longest = sorted(dimensions, key=lambda name: -public[name].nunique())[:2]
    sides = [name for name in dimensions if name in longest]
    sides.sort(key=lambda name: -public[name].nunique())
    down = sides[0]
    across = sides[1] if len(sides) > 1 else None
    rows = list(public[down].unique())
    columns = list(public[across].unique()) if across else [measure]
    blank = public[measure].isna()
    over = [public[down], public[across]] if across else [public[down]]
    grouped = blank.groupby(over, observed=True).agg(["size", "sum"])
    tiles = {key: Tile(int(size), int(gone)) for key, size, gone in grouped.itertuples()}
    nothing = Tile(0, 0)

    def tile(row: str, column: str) -> Tile:
        return tiles.get((row, column) if across else row, nothing)

    shown_rows = _most_withheld(rows, blank, public[down])
    shown_columns = _most_withheld(columns, blank, public[across]) if across else columns
    return Picture(
        measure=measure,
        row_dimension=down,
        column_dimension=across,
        columns=tuple(shown_columns),
        rows=tuple(
            (row, tuple(tile(row, column) for column in shown_columns)) for row in shown_rows
        ),
        left_out=len(rows) * len(columns) - len(shown_rows) * len(shown_columns),
    )


def _most_withheld(
    names: Sequence[str], blank: pd.Series[bool], places: pd.Series[str]
) -> list[str]:
    """Keep the categories with the most withheld cells, in order."""
    if len(names) <= LONGEST_SIDE:
        return list(names)
    gone = blank.groupby(places, observed=True).sum().to_dict()
    kept = set(sorted(names, key=lambda name: -gone.get(name, 0))[:LONGEST_SIDE])
    return [name for name in names if name in kept]
