"""Which code of each dimension is the total, seen from the counts themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from opengazette.disclosure.given_cells import GivenCells
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
    dims = tuple(_dimension(cells, axis, name) for axis, name in enumerate(names))
    return CellStructure(dims=dims, threshold=threshold, zero_policy=zero_policy)


def _dimension(cells: GivenCells, axis: int, name: str) -> CodeTree:
    lines: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for key, value in zip(cells.keys, cells.values.tolist(), strict=True):
        lines[(*key[:axis], *key[axis + 1 :])][key[axis]] = value
    codes = tuple(dict.fromkeys(key[axis] for key in cells.keys))
    totals = [
        code
        for code in codes
        if all(2 * line.get(code, 0) == sum(line.values()) for line in lines.values())
    ]
    if len(totals) != 1:
        found = "No code" if not totals else "More than one code"
        raise CannotProtect(
            f"{found} of {name!r} is the sum of all its other codes at every combination.",
            f"Add the totals over {name!r}, or describe its codes in a structure and pass it "
            "with --structure.",
        )
    below = tuple(code for code in codes if code != totals[0])
    return CodeTree(name=name, total=totals[0], tree={totals[0]: below} if below else {})
