"""What two long tables have not in common, found by reading them side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final, Generic, TypeVar

_Standing = TypeVar("_Standing")
_Wanted = TypeVar("_Wanted")

#: Rows of each table that are compared together.
AT_ONCE: Final = 1 << 8
#: Rows that may be held because the other table has them elsewhere, or not at all.
MOST_APART: Final = 1 << 16


class Apart(Generic[_Standing, _Wanted]):
    """The rows of two tables that were not found in the other one yet, by what makes them equal."""

    def __init__(self) -> None:
        self._standing: dict[bytes, list[_Standing]] = {}
        self._wanted: dict[bytes, list[_Wanted]] = {}
        self._standing_rows = self._wanted_rows = 0

    @property
    def too_many(self) -> bool:
        """Tell whether more is held than should be."""
        return self._standing_rows + self._wanted_rows > MOST_APART

    @property
    def least_changes(self) -> int:
        """Return how many rows must change at least, to make one table of the other."""
        return max(self._standing_rows, self._wanted_rows)

    def add(self, rows: Iterable[tuple[bytes, _Standing]]) -> None:
        """Hold those of the rows that stand in the one table which the other does not want yet."""
        for form, row in rows:
            if _taken(self._wanted, form):
                self._wanted_rows -= 1
            else:
                self._standing.setdefault(form, []).append(row)
                self._standing_rows += 1

    def take(self, rows: Iterable[tuple[bytes, _Wanted]]) -> None:
        """Hold those of the rows that the other table wants which do not stand in the one yet."""
        for form, row in rows:
            if _taken(self._standing, form):
                self._standing_rows -= 1
            else:
                self._wanted.setdefault(form, []).append(row)
                self._wanted_rows += 1

    def standing(self) -> Iterator[_Standing]:
        """Yield the rows that stand and are not wanted."""
        return chain.from_iterable(self._standing.values())

    def wanted(self) -> Iterator[_Wanted]:
        """Yield the rows that are wanted and do not stand."""
        return chain.from_iterable(self._wanted.values())


def _taken(held: dict[bytes, list[Any]], form: bytes) -> bool:
    """Forget one row of a form, and say whether there was any."""
    same = held.get(form)
    if same is None:
        return False
    same.pop()
    if not same:
        del held[form]
    return True
