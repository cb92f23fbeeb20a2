"""The marks of any number of rows in order, with the memory of few."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Final, Self

_BYTES: Final = 32
_FIRST_BYTES: Final = tuple(bytes([first]) for first in range(256))
#: Marks that are held in memory; what is more goes to a nameless temporary file.
MOST_HELD: Final = 1 << 15


class SortedMarks:
    """SHA-256 digests that are added in any order and given back in theirs.

    Digests spread evenly, so a 256th part of them, those with one first byte, is sorted at a time.
    """

    def __init__(self, most_held: int = MOST_HELD) -> None:
        self._most_held = most_held
        self._held: list[bytes] = []
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
        self._held += marks
        if len(self._held) >= self._most_held:
            self._put_away()

    def in_order(self) -> Iterator[bytes]:
        """Yield the digests in order, many joined in each piece."""
        if self._file is None:
            yield b"".join(sorted(self._held))
            return
        self._put_away()
        for first in range(256):
            found: list[bytes] = []
            for places in self._runs:
                self._file.seek(places[first])
                part = self._file.read(places[first + 1] - places[first])
                found += [part[at : at + _BYTES] for at in range(0, len(part), _BYTES)]
            yield b"".join(sorted(found))

    def _put_away(self) -> None:
        """Write what is held as one sorted run, and remember where each first byte begins."""
        file = self._file = self._file or TemporaryFile()  # noqa: SIM115 - closed on leaving
        self._held.sort()
        start = file.seek(0, 2)
        numbers = [*(bisect_left(self._held, first) for first in _FIRST_BYTES), len(self._held)]
        file.write(b"".join(self._held))
        self._runs.append(tuple(start + _BYTES * number for number in numbers))
        self._held.clear()
