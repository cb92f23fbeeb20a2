"""The marks of any number of rows in order, with the memory of few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Final, Self

import numpy as np
from numpy.typing import NDArray

_BYTES: Final = 32
#: NumPy pads text with zero bytes and compares it padded, which fits where all have one length.
_MARK: Final = np.dtype(f"S{_BYTES}")
_FIRST_BYTES: Final = np.array([bytes([first]) for first in range(256)], dtype=_MARK)
#: Marks that are held in memory; what is more goes to a nameless temporary file.
MOST_HELD: Final = 1 << 15


class SortedMarks:
    """SHA-256 digests that are added in any order and given back in theirs.

    Digests spread evenly, so a 256th part of them, those with one first byte, is sorted at a time.
    """

    def __init__(self, most_held: int = MOST_HELD) -> None:
        self._most_held = most_held
        self._held = bytearray()
        self._file: IO[bytes] | None = None
        self._runs: list[tuple[int, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, marks: Iterable[bytes]) -> None:
        """Add digests; the same one may come again."""
        self._held += b"".join(marks)
        if len(self._held) >= self._most_held * _BYTES:
            self._put_away()

    def in_order(self) -> Iterator[bytes]:
        """Yield the digests in order, many joined in each piece."""
        if self._file is None:
            yield _sorted(self._held).tobytes()
            return
        self._put_away()
        for first in range(256):
            found = bytearray()
            for places in self._runs:
                self._file.seek(places[first])
                found += self._file.read(places[first + 1] - places[first])
            yield _sorted(found).tobytes()

    def _put_away(self) -> None:
        """Write what is held as one sorted run, and remember where each first byte begins."""
        file = self._file = self._file or TemporaryFile()  # noqa: SIM115 - closed on leaving
        run, start = _sorted(self._held), file.seek(0, 2)
        numbers = [*np.searchsorted(run, _FIRST_BYTES).tolist(), len(run)]
        file.write(run.tobytes())
        self._runs.append(tuple(start + _BYTES * number for number in numbers))
        self._held = bytearray()


def _sorted(marks: bytearray) -> NDArray[np.bytes_]:
    return np.sort(np.frombuffer(marks, dtype=_MARK))
