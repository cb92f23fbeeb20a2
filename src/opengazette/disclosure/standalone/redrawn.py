"""Copies of a table that stands alone with one category or total changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from opengazette.disclosure.standalone.given_cells import GivenCells, Key
from opengazette.model.cell_structure import CellStructure, CodeTree, ForcedCells


def merged(
    structure: CellStructure, cells: GivenCells, axis: int, one: str, other: str
) -> tuple[CellStructure, GivenCells]:
    """Make one category of two siblings that have no parts; their counts add up.

    Where they were all there is below a total, that total takes their place. A merged cell is
    flagged if a cell of it was and it is still small, or if that was flagged though it was large.
    """
    dim = structure.dims[axis]
    parent = next((code for code, below in dim.tree.items() if one in below), None)
    last = parent is not None and set(dim.tree[parent]) == {one, other}
    name = f"{one} + {other}"
    tree = {
        code: tuple(dict.fromkeys(name if c in (one, other) else c for c in below))
        for code, below in dim.tree.items()
        if not (last and code == parent)
    }
    into = dict.fromkeys((one, other), None if last else name)
    changed = CodeTree(name=dim.name, total=dim.total, tree=tree)
    after = _summed(cells, axis, into, threshold=structure.threshold)
    return _with(structure, axis, changed, gone={one, other}), after


def without_code(
    structure: CellStructure, cells: GivenCells, axis: int, code: str
) -> tuple[CellStructure, GivenCells]:
    """Leave out a total or subtotal; what was below it counts to the one above."""
    dim = structure.dims[axis]
    tree = {
        parent: tuple(c for b in below for c in (dim.tree[code] if b == code else (b,)))
        for parent, below in dim.tree.items()
        if parent != code
    }
    total = None if code == dim.total else dim.total
    changed = CodeTree(name=dim.name, total=total, tree=tree)
    after = _summed(cells, axis, {code: None}, threshold=structure.threshold)
    return _with(structure, axis, changed, gone={code}), after


def without_decision(structure: CellStructure, at: int) -> CellStructure:
    """Leave out one decision about cells."""
    forced = tuple(each for i, each in enumerate(structure.forced) if i != at)
    return structure.model_copy(update={"forced": forced})


def _with(structure: CellStructure, axis: int, dim: CodeTree, *, gone: set[str]) -> CellStructure:
    """Put a dimension in the place of another, with the decisions that still fit."""
    dims = (*structure.dims[:axis], dim, *structure.dims[axis + 1 :])
    forced = tuple(_fitting(structure.forced, dim.name, gone))
    return structure.model_copy(update={"dims": dims, "forced": forced})


def _fitting(forced: Iterable[ForcedCells], name: str, gone: set[str]) -> Iterable[ForcedCells]:
    return (each for each in forced if each.where.get(name) not in gone)


def _summed(
    cells: GivenCells, axis: int, into: Mapping[str, str | None], *, threshold: int
) -> GivenCells:
    """Rename codes of one dimension and add up what becomes the same cell; None leaves it out."""
    place: dict[Key, int] = {}
    at = []
    for key in cells.keys:
        code = into.get(key[axis], key[axis])
        moved = None if code is None else (*key[:axis], code, *key[axis + 1 :])
        at.append(-1 if moved is None else place.setdefault(moved, len(place)))
    kept = np.array(at) >= 0
    numbers, before = np.array(at)[kept], cells.values[kept]
    values = np.zeros(len(place), dtype=np.int64)
    np.add.at(values, numbers, before)
    if cells.primary is None:
        return GivenCells(tuple(place), values, None)
    small, large = np.zeros((2, len(place)), dtype=np.bool_)
    flags = cells.primary[kept]
    np.logical_or.at(small, numbers, flags)
    np.logical_or.at(large, numbers, flags & (before > threshold))
    return GivenCells(tuple(place), values, large | (small & (values <= threshold)))
