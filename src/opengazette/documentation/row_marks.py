"""Marks that tell the rows of two tables apart without their cells, 32 bytes a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opengazette.documentation.canonical import RowForms
from opengazette.model.public_face import MARK_BYTES

_HALF: Final = MARK_BYTES // 2
#: NumPy pads text with zero bytes and compares it padded, which fits where all have one length.
_MARK: Final = np.dtype(f"S{MARK_BYTES}")
_PLACE: Final = np.dtype(f"S{_HALF}")
_FIRST_BYTES: Final = np.array([bytes([first]) for first in range(256)], dtype=_MARK)
#: Rows that are looked at together.
_AT_ONCE: Final = 1 << 8

Marks = NDArray[np.bytes_]


@dataclass(frozen=True)
class RowChanges:
    """How many rows come, go, and stay in their place with other cells."""

    added: int = 0
    changed: int = 0
    removed: int = 0


def row_marks(
    types: Mapping[str, str], key: Sequence[str], rows: Iterable[Mapping[str, str | None]]
) -> bytes:
    """Return the marks of some rows, sorted and joined.

    `types` maps each column that counts to its type, `key` names the dimensions. A cell that is no
    number where one should be has a mark of its own.
    """
    marks, coming = bytearray(), iter(rows)
    places = RowForms({name: types[name] for name in key if name in types}, any_cell=True)
    whole = RowForms(types, any_cell=True)
    while some := list(islice(coming, _AT_ONCE)):
        named = places.of([[row.get(name) for name in key if name in types] for row in some])
        cells = whole.of([[row.get(name) for name in types] for row in some])
        marks += b"".join(map(_mark, named, cells))
    return np.sort(_of(marks)).tobytes()


def row_changes(now: bytes, then: bytes) -> RowChanges:
    """Return what changes where the rows of `then` take the place of those of `now`.

    Rows that stand there twice count twice.
    """
    added = changed = removed = 0
    for ours, theirs in zip(_in_pieces(now), _in_pieces(then), strict=True):
        gone, come = _left(ours, theirs), _left(theirs, ours)
        places, where = np.unique(np.concatenate([gone, come]), return_inverse=True)
        going = np.bincount(where[: len(gone)], minlength=len(places))
        coming = np.bincount(where[len(gone) :], minlength=len(places))
        stayed = int(np.minimum(going, coming).sum())
        changed += stayed
        added += len(come) - stayed
        removed += len(gone) - stayed
    return RowChanges(added, changed, removed)


def _in_pieces(marks: bytes) -> Iterator[Marks]:
    """Yield the marks with one first byte, for each: they spread evenly."""
    array = _of(marks)
    yield from np.split(array, np.searchsorted(array, _FIRST_BYTES[1:]))


def _left(ours: Marks, theirs: Marks) -> Marks:
    """Return the places of the rows that are in `ours` more often than in `theirs`."""
    rows, counts = np.unique(ours, return_counts=True)
    others, times = np.unique(theirs, return_counts=True)
    _, here, there = np.intersect1d(rows, others, assume_unique=True, return_indices=True)
    counts[here] -= np.minimum(counts[here], times[there])
    return np.repeat(_places(rows), counts)


def _places(rows: Marks) -> Marks:
    both = np.frombuffer(rows.tobytes(), dtype=_PLACE)
    return both[::2]


def _of(marks: bytes | bytearray) -> Marks:
    return np.frombuffer(marks, dtype=_MARK)


def _mark(place: bytes, row: bytes) -> bytes:
    return blake2b(place, digest_size=_HALF).digest() + blake2b(row, digest_size=_HALF).digest()
