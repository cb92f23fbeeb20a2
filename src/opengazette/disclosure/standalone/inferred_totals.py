"""Which code of each dimension is the total, seen from the counts themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from opengazette.disclosure.standalone.given_cells import GivenCells
from opengazette.disclosure.tables.cell_index import CellIndex, CodeNumbers, Index
from opengazette.disclosure.tables.linear_system import Counts
from opengazette.errors import CannotProtect
from opengazette.model.cell_structure import CellStructure, CodeTree


def inferred_structure(
    cells: GivenCells,
    names: Sequence[str],
    *,
    threshold: int,
    zero_policy: Literal["publish", "primary"],
) -> CellStructure:
    """Return a structure in which each dimension has one total and its other codes below it.

    A code is the total if its count equals the sum of all others at every combination of the
    other dimensions. Hierarchies are not looked for.

    Raises:
        CannotProtect: a dimension has no such code, or more than one.
    """
    codes = [tuple(dict.fromkeys(key[axis] for key in cells.keys)) for axis in range(len(names))]
    at = np.empty((len(cells.keys), len(names)), dtype=np.int32)
    for axis, listed in enumerate(codes):
        place = {code: i for i, code in enumerate(listed)}
        at[:, axis] = [place[key[axis]] for key in cells.keys]
    dims = tuple(
        _tree(name, listed, _totals(at, cells.values, axis, [len(c) for c in codes]))
        for axis, (name, listed) in enumerate(zip(names, codes, strict=True))
    )
    return CellStructure(dims=dims, threshold=threshold, zero_policy=zero_policy)


def _totals(at: CodeNumbers, values: Counts, axis: int, sizes: Sequence[int]) -> Index:
    """Find the codes of one dimension that are the sum of its others wherever these stand.

    Cells that agree in all other dimensions are a line; it is known by one of them. A code
    without a cell on a line counts 0 there.
    """
    others = np.delete(at, axis, axis=1)
    line = CellIndex.of(others, np.delete(sizes, axis).tolist()).at(others)
    sums = np.zeros_like(values)
    np.add.at(sums, line, values)
    empty = sums[line] == 0
    fits = np.bincount(at[:, axis], 2 * values == sums[line], minlength=sizes[axis])
    there = np.bincount(at[:, axis], empty, minlength=sizes[axis])
    return np.flatnonzero(fits - there == len(np.unique(line)) - len(np.unique(line[empty])))


def _tree(name: str, codes: Sequence[str], totals: Index) -> CodeTree:
    if len(totals) != 1:
        found = "No code" if not len(totals) else "More than one code"
        raise CannotProtect(
            f"{found} of {name!r} is the sum of all its other codes at every combination.",
            f"Add the totals over {name!r}, or describe its codes in a structure and pass it "
            "with --structure.",
        )
    total = codes[totals[0]]
    below = tuple(code for code in codes if code != total)
    return CodeTree(name=name, total=total, tree={total: below} if below else {})
