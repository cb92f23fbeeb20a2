"""Rows of a portal: replaced in one transaction, read back in pages of a fixed order."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from opengazette.adapters.portals.answers import no_data
from opengazette.adapters.portals.connection import Connection, checked_uid
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.streams import members
from opengazette.documentation.canonical import NotCanonical, count_and_digest
from opengazette.errors import PortalRejected, PortalUnavailable

#: A page is read as it comes, and the portal sorts all rows for each: few pages are better.
ROWS_AT_ONCE = 500_000


@dataclass(frozen=True)
class ReadBack:
    """What the portal shows; the digest is empty where its columns are others."""

    rows: int
    digest: str


def replace_rows(client: Connection, uid: str, shipment: Shipment) -> bool:
    """Replace all rows in one transaction; say whether the portal claims to have taken them all.

    The body is a file of bytes, so its length is right for every script. What the portal claims
    is not believed: read back afterwards.
    """
    if not shipment.rows:
        raise PortalRejected("A release without rows would empty the public table.")
    with shipment.table.open("rb") as body:
        return all_taken(client.replace(checked_uid(uid), body))  # type: ignore[no-untyped-call]


def all_taken(answer: object) -> bool:
    """Tell whether the portal claims to have taken every row; where it says nothing, it does."""
    errors = answer.get("Errors", 0) if isinstance(answer, dict) else 0
    return errors in (0, "0", None)


def read_back(client: Connection, uid: str, columns: Mapping[str, str]) -> ReadBack:
    """Read every row and return their number and digest.

    Raises:
        PortalUnavailable: the portal gave fewer or more rows than it counts.
    """
    total = _count(client, uid)
    rows = map(_reader_of(columns), _pages(client, uid, total))
    try:
        seen, found = count_and_digest(columns, rows)
    except NotCanonical:
        return ReadBack(total, "")
    if seen != total:
        raise PortalUnavailable(
            f"The portal counts {total} rows and gave {seen}.", "Run again later."
        )
    return ReadBack(total, found)


def shown_rows(
    client: Connection, uid: str, columns: Mapping[str, str]
) -> Iterator[dict[str, str | None]]:
    """Yield every row that is shown, its cells by column; what is neither is left out.

    Raises:
        PortalUnavailable: the portal gave fewer or more rows than it counts.
    """
    total, seen = _count(client, uid), 0
    for row in _pages(client, uid, total):
        seen += 1
        yield {name: _text(row.get(name)) for name in columns}
    if seen != total:
        raise PortalUnavailable(
            f"The portal counts {total} rows and gave {seen}.", "Run again later."
        )


def numbered_rows(
    client: Connection, uid: str, columns: Mapping[str, str]
) -> Iterator[tuple[str, list[str | None]]]:
    """Yield the portal's own id of every row, with its cells in order.

    Raises:
        PortalUnavailable: the portal gave no ids, or fewer or more rows than it counts.
    """
    total, seen = _count(client, uid), 0
    for row in _pages(client, uid, total, select=",".join((":id", *columns))):
        seen += 1
        number = row.get(":id")
        if not isinstance(number, str):
            raise PortalUnavailable("The portal gave a row without an id.", "Run again later.")
        yield number, [_text(row.get(name)) for name in columns]
    if seen != total:
        raise PortalUnavailable(
            f"The portal counts {total} rows and gave {seen}.", "Run again later."
        )


def _count(client: Connection, uid: str) -> int:
    answer = client.get(checked_uid(uid), select="count(*) as rows")  # type: ignore[no-untyped-call]
    try:
        return int(answer[0]["rows"])
    except (TypeError, ValueError, LookupError):
        raise PortalUnavailable(
            "The portal could not count its rows.", "Run again later."
        ) from None


def _pages(
    client: Connection, uid: str, total: int, select: str | None = None
) -> Iterator[dict[str, object]]:
    """Yield rows in the order of their ids: without an order, pages may overlap."""
    asked: dict[str, object] = {"$order": ":id", "$limit": ROWS_AT_ONCE}
    asked |= {"$select": select} if select else {}
    read = before = 0
    while read < total:
        for row in _page(client, uid, {**asked, "$offset": read}):
            read += 1
            yield row
        if read == before:
            return
        before = read


def _page(client: Connection, uid: str, asked: dict[str, object]) -> Iterator[dict[str, object]]:
    resource = f"/resource/{checked_uid(uid)}.json"
    pieces = client.pieces(resource, "application/json", asked)
    try:
        yield from members(codecs.iterdecode(pieces, "utf-8"))
    except ValueError:
        raise no_data() from None


def _reader_of(columns: Mapping[str, str]) -> Callable[[dict[str, object]], Sequence[str | None]]:
    """Return what reads a row's cells in order; quickly where every column has a text."""
    if len(columns) < 2:
        return lambda row: _cells(row, columns)
    names, texts, cells_of = columns.keys(), {str}, itemgetter(*columns)

    def read(row: dict[str, object]) -> Sequence[str | None]:
        if row.keys() == names:
            cells: tuple[str, ...] = cells_of(row)
            if set(map(type, cells)) == texts:
                return cells
        return _cells(row, columns)

    return read


def _cells(row: dict[str, object], columns: Mapping[str, str]) -> list[str | None]:
    """Return a row's cells in order. A column that nobody sent is a difference, not a detail."""
    if any(name not in columns and not name.startswith(":") for name in row):
        raise NotCanonical("a row has other columns")
    return [_cell(row.get(name)) for name in columns]


def _cell(value: object) -> str | None:
    """Return a cell as text. Raises NotCanonical where it is neither text nor number."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotCanonical("a cell is neither text nor number")
    return str(value)


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
