"""Cells by the numbers of their codes: which cell stands at a combination, many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
CodeNumbers = NDArray[np.int32]
"""One row per cell, one column per dimension: the place of the cell's code among the codes."""

# Numbers below this can be multiplied and added without running over 64 bits.
_ROOM = 2**62


@dataclass(frozen=True)
class Stretch:
    """Neighbouring dimensions, and the numbers of the beginnings of keys that end with them."""

    first: int
    sizes: tuple[int, ...]
    known: Index

    def numbers(self, before: Index, codes: CodeNumbers) -> Index:
        """Number combinations of the codes up to here, given the numbers of what is before."""
        number = before
        for d, size in enumerate(self.sizes, start=self.first):
            number = number * size + codes[..., d]
        return number


@dataclass(frozen=True)
class CellIndex:
    """Finds cells by the numbers of their codes, whatever the number of combinations.

    Dimensions are taken together as far as their combinations can be numbered; then only the
    beginnings that exist are numbered afresh.
    """

    sizes: tuple[int, ...]
    stretches: tuple[Stretch, ...]
    cells: Index

    @classmethod
    def of(cls, codes: CodeNumbers, sizes: Sequence[int]) -> CellIndex:
        """Index cells by their codes; `sizes` is the number of codes of each dimension."""
        before = np.zeros(len(codes), dtype=np.int64)
        stretches = []
        for first, together in _stretches(sizes, len(codes)):
            numbers = Stretch(first, together, before).numbers(before, codes)
            known, before = np.unique(numbers, return_inverse=True)
            stretches.append(Stretch(first, together, known))
        cells = np.full(len(codes), -1, dtype=np.int64)
        cells[before] = np.arange(len(codes))
        return cls(tuple(sizes), tuple(stretches), cells)

    def at(self, codes: CodeNumbers) -> Index:
        """Return the cell at each combination of codes; -1 where there is none.

        Shape: the last axis of `codes` has one number per dimension; any others are kept.
        """
        found = ((codes >= 0) & (codes < np.array(self.sizes, dtype=np.int64))).all(axis=-1)
        if not len(self.cells):
            return np.full(found.shape, -1, dtype=np.int64)
        place = np.zeros(found.shape, dtype=np.int64)
        for stretch in self.stretches:
            numbers = stretch.numbers(place, codes)
            place = np.minimum(np.searchsorted(stretch.known, numbers), len(stretch.known) - 1)
            found &= stretch.known[place] == numbers
        return np.where(found, self.cells[place], -1)


def _stretches(sizes: Sequence[int], n_cells: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    first, width = 0, max(1, n_cells)
    for d, size in enumerate(sizes):
        if width * size >= _ROOM and d > first:
            yield first, tuple(sizes[first:d])
            first, width = d, max(1, n_cells)
        width *= max(1, size)
    yield first, tuple(sizes[first:])
