"""Cells by the positions of their codes, and the step from cells to the margins above them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.tables.codes import Codes

Positions = NDArray[np.int64]
"""One row per dimension, one column per cell: the place of the cell's code among all codes."""

Indices = NDArray[np.int64]


def shape(codes: Sequence[Codes]) -> tuple[int, ...]:
    """Return the number of codes of every dimension."""
    return tuple(len(c.all()) for c in codes)


def cell_numbers(codes: Sequence[Codes], at: Positions) -> Indices:
    """Number the cells in the order of publication."""
    return np.asarray(np.ravel_multi_index(tuple(at), shape(codes)), dtype=np.int64)


def every_cell(codes: Sequence[Codes]) -> Positions:
    """Return every combination of codes, totals and groups included."""
    sizes = shape(codes)
    return np.array(np.unravel_index(np.arange(prod(sizes)), sizes), dtype=np.int64)


def every_base_cell(codes: Sequence[Codes]) -> Positions:
    """Return every combination of finest labels."""
    sizes = tuple(len(c.leaves) for c in codes)
    within = np.array(np.unravel_index(np.arange(prod(sizes)), sizes), dtype=np.int64)
    above = np.array([[len(c.all()) - len(c.leaves)] for c in codes], dtype=np.int64)
    return within + above


def lifted(codes: Sequence[Codes], at: Positions, axis: int) -> tuple[Indices, Positions]:
    """Copy every cell to its own place and to each subtotal and total above it on one axis.

    Returns which cell each copy comes from, and where it goes. Cells hold finest labels there.
    """
    widths, above = _above(codes[axis])
    starts = np.cumsum(widths) - widths
    repeat = widths[at[axis]]
    origin = np.repeat(np.arange(at.shape[1]), repeat)
    step = np.arange(len(origin)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    wide = at[:, origin]
    wide[axis] = above[starts[at[axis]][origin] + step]
    return origin, wide


def gathered(codes: Sequence[Codes], at: Positions) -> tuple[Positions, Indices]:
    """Return each cell once, in the order of publication, and which of them each copy joins."""
    numbers, joins = np.unique(cell_numbers(codes, at), return_inverse=True)
    return np.array(np.unravel_index(numbers, shape(codes)), dtype=np.int64), joins


def _above(codes: Codes) -> tuple[Indices, Indices]:
    places = {code: i for i, code in enumerate(codes.all())}
    above: dict[str, list[int]] = {code: [place] for code, place in places.items()}
    for parent in (*([] if codes.total is None else [codes.total]), *codes.groups):
        for leaf in codes.leaves_of(parent):
            if leaf in above:
                above[leaf].append(places[parent])
    widths = np.array([len(above[code]) for code in places], dtype=np.int64)
    return widths, np.concatenate([above[code] for code in places]).astype(np.int64)
