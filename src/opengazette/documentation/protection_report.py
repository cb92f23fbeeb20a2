"""The report of one protected or attacked table of cells: the picture, the proof, the options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

import pandas as pd

from opengazette.documentation.page_templates import page_templates
from opengazette.documentation.picture import Picture, withheld_picture

#: Tables of more cells are drawn as tiles.
LARGEST_GRID = 1500
#: So are those that would leave more places of a grid empty than this for each cell.
EMPTIEST_GRID = 4
#: Cells that are told one by one in the report of a table that is drawn as tiles.
MOST_TOLD = 25

Key = tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """What can be worked out of one withheld cell; it may be wider if it is `covered`."""

    low: float
    high: float
    covered: bool


@dataclass(frozen=True)
class Certificate:
    """How good a pattern is: its complementary cells, and how few there can be at least.

    Where something else than their number was to be least, `words` tell what was reached.
    """

    complementary: int
    least: int
    gap: float
    proven: bool
    words: str = ""


@dataclass(frozen=True)
class Attack:
    """What the audit found, in numbers, and in words for the cells that it gives away."""

    passed: bool
    protected: int
    exposed: int
    narrow: int
    determined: int
    undecided: int
    proofs: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class GridCell:
    """One drawn cell: its text, its kind, and where its interval lies in percent of the scale."""

    text: str
    kind: str
    title: str
    start: int
    length: int


@dataclass(frozen=True)
class Grid:
    """A small table drawn cell by cell: its last dimension across, the others down."""

    down: tuple[str, ...]
    across: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Key, tuple[GridCell | None, ...]], ...]


def protection_report(
    title: str,
    table: pd.DataFrame,
    intervals: Mapping[Key, Interval],
    attack: Attack,
    certificate: Certificate | None,
    options: Mapping[str, str],
    *,
    threshold: int,
) -> bytes:
    """Return the report as one HTML page that needs nothing else to be read.

    Shape: `table` has one column for each dimension, then `published`, missing where withheld,
    and `status`. The page tells which withheld cells are small, so it is not for the public. No
    time of day: the same result has the same report.
    """
    dims = [str(name) for name in table.columns if name not in ("published", "status")]
    small, scale = _fits_a_grid(table, dims), 2 * threshold
    page = (
        page_templates()
        .get_template("protection.html")
        .render(
            title=title,
            cells=len(table),
            counts=table["status"].value_counts().to_dict(),
            dims=dims,
            grid=grid(table, dims, intervals, scale=scale) if small else None,
            picture=None if small else _tiles(table, dims),
            tightest=() if small else tightest(intervals, scale=scale),
            attacked=len(intervals),
            attack=attack,
            certificate=certificate,
            options=options,
        )
    )
    return page.encode()


def grid(
    table: pd.DataFrame, dims: Sequence[str], intervals: Mapping[Key, Interval], *, scale: int
) -> Grid:
    """Draw every cell; `scale` is the count at which the bar of an interval ends."""
    across = dims[-1]
    drawn: dict[tuple[Key, str], GridCell] = {}
    for *key, published, status in table[[*dims, "published", "status"]].itertuples(index=False):
        interval = intervals.get(tuple(key))
        drawn[tuple(key[:-1]), key[-1]] = _cell(published, str(status), interval, scale)
    rows = dict.fromkeys(place for place, _ in drawn)
    columns = tuple(dict.fromkeys(str(code) for code in table[across]))
    return Grid(
        down=tuple(dims[:-1]),
        across=across,
        columns=columns,
        rows=tuple((row, tuple(drawn.get((row, column)) for column in columns)) for row in rows),
    )


def tightest(
    intervals: Mapping[Key, Interval], *, scale: int
) -> tuple[tuple[Key, str, GridCell], ...]:
    """Tell the cells of which most can be worked out: those given away, then the narrowest."""
    first = nsmallest(
        MOST_TOLD, intervals.items(), key=lambda at: (at[1].covered, at[1].high - at[1].low)
    )
    return tuple((key, _words(told), _cell(0, "primary", told, scale)) for key, told in first)


def _fits_a_grid(table: pd.DataFrame, dims: Sequence[str]) -> bool:
    if len(table) > LARGEST_GRID:
        return False
    rows = len(table.drop_duplicates(list(dims[:-1]))) if dims[1:] else 1
    return rows * table[dims[-1]].nunique() <= (1 + EMPTIEST_GRID) * len(table)


def _cell(published: float, status: str, interval: Interval | None, scale: int) -> GridCell:
    if status == "published":
        return GridCell(f"{int(published):,}", status, "", 0, 0)
    if interval is None:
        return GridCell("", status, f"{status}, withheld", 0, 0)
    kind = status if interval.covered else "failed"
    low, high = min(interval.low, scale), min(interval.high, scale)
    start, length = round(100 * low / scale), max(4, round(100 * (high - low) / scale))
    return GridCell("", kind, f"{status}, {_words(interval)}", start, length)


def _words(interval: Interval) -> str:
    if interval.low == interval.high:
        return f"known: {interval.low:,.0f}"
    if interval.high == float("inf"):
        return f"{interval.low:,.0f} or any more"
    beyond = ", or beyond" if interval.covered else ""
    return f"{interval.low:,.0f} to {interval.high:,.0f}{beyond}"


def _tiles(table: pd.DataFrame, dims: Sequence[str]) -> Picture:
    return withheld_picture(table, dims, "published")
