"""The bytes in which a portal usually writes the rows that it was sent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Final

_AT_ONCE: Final = 1 << 18


def page_body(pieces: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first line of a page of CSV, and piece by piece what follows."""
    coming, held = iter(pieces), b""
    for piece in coming:
        held += piece
        if b"\n" in piece:
            break
    header, _, rest = held.partition(b"\n")
    return header, _joined(rest, coming)


def same_as_file(seen: Iterator[bytes], table: Path) -> bool:
    """Tell whether a text is, from its header on, a file that `table_csv` wrote.

    Its first mark says whether every filled cell is quoted; no other spelling is the same here.
    """
    first = next(seen, b"")
    with table.open("rb") as sent:
        return same_bytes(chain((first,), seen), written(sent, quoted=first.startswith(b'"')))


def written(lines: IO[bytes], *, quoted: bool) -> Iterator[bytes]:
    """Yield the lines of a file that `table_csv` wrote, from where it stands to its end.

    The header is a line like others. Lines are as they are, or have every filled cell `quoted`.
    """
    while some := _whole_rows(lines):
        yield _quoted(some) if quoted else some


def same_bytes(seen: Iterable[bytes], sent: Iterator[bytes]) -> bool:
    """Tell whether two texts are the same that come in other pieces."""
    held = b""
    for piece in seen:
        while len(held) < len(piece):
            more = next(sent, None)
            if more is None:
                return False
            held += more
        if not held.startswith(piece):
            return False
        held = held[len(piece) :]
    return not held and next(sent, None) is None


def _whole_rows(lines: IO[bytes]) -> bytes:
    """Read some rows: within one, the number of quotes is odd."""
    some = b"".join(lines.readlines(_AT_ONCE))
    while some.count(b'"') % 2:
        line = lines.readline()
        if not line:
            return some
        some += line
    return some


def _quoted(rows: bytes) -> bytes:
    if b'"' not in rows:
        cells = rows.removesuffix(b"\n").replace(b",", b'","').replace(b"\n", b'"\n"')
        return (b'"' + cells + b'"\n').replace(b'""', b"")
    table = csv.reader(io.StringIO(rows.decode(), newline=""))
    return "".join(",".join(map(_in_quotes, row)) + "\n" for row in table).encode()


def _in_quotes(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"' if cell else ""


def _joined(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others
