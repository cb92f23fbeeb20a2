"""Small answers of public datasets that were asked for lately, ready to be sent again.

An answer is kept under its ETag, which changes with the rows, the columns, the question and the
form. Whether the dataset is still public is looked up before an answer is taken from here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 32_000_000
LARGEST: Final = 256_000


@dataclass(frozen=True)
class ReadyAnswer:
    """A body with its headers."""

    body: bytes
    headers: Mapping[str, str]


class ReadyAnswers:
    """The answers, of which those that nobody asked for the longest make room for others."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, ReadyAnswer] = OrderedDict()
        self._bytes = 0

    def find(self, tag: str) -> ReadyAnswer | None:
        """Return the answer of an ETag, or None."""
        with self._lock:
            found = self._kept.get(tag)
            if found is not None:
                self._kept.move_to_end(tag)
            return found

    def keep(self, tag: str, answer: ReadyAnswer) -> None:
        """Keep an answer, unless it is large."""
        if len(answer.body) > LARGEST:
            return
        with self._lock:
            before = self._kept.pop(tag, None)
            self._bytes += len(answer.body) - (len(before.body) if before else 0)
            self._kept[tag] = answer
            while self._bytes > self._most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.body)
