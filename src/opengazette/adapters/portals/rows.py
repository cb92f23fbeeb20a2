"""Rows of a portal: replaced in one transaction, read back in pages of a fixed order."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from opengazette.adapters.portals.answers import no_data
from opengazette.adapters.portals.connection import Connection, checked_uid
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.streams import lines, members
from opengazette.documentation.canonical import NotCanonical, count_and_digest, table_rows
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
    if not shipment.has_rows():
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
    try:
        seen, found = count_and_digest(columns, _listed(client, uid, total, columns))
    except (NotCanonical, csv.Error):
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


def _listed(
    client: Connection, uid: str, total: int, columns: Mapping[str, str]
) -> Iterator[Sequence[str | None]]:
    """Yield rows page by page as CSV, which is read in half the time of JSON.

    An empty cell and none are the same, here as in a digest.
    """
    read = before = 0
    while read < total:
        asked = {"$order": ":id", "$limit": ROWS_AT_ONCE, "$offset": read}
        for row in _sheet(client, uid, asked, columns):
            read += 1
            yield row
        if read == before:
            return
        before = read


def _sheet(
    client: Connection, uid: str, asked: dict[str, object], columns: Mapping[str, str]
) -> Iterator[Sequence[str | None]]:
    """Yield a page's rows, their cells in the order of `columns`; the portal's own are left out."""
    pieces = client.pieces(f"/resource/{checked_uid(uid)}.csv", "text/csv", asked)
    try:
        header, rows = table_rows(lines(_whole(codecs.iterdecode(pieces, "utf-8"))))
        if sorted(name for name in header if not name.startswith(":")) != sorted(columns):
            raise NotCanonical("the table has other columns")
        if len(header) == 1:
            yield from (row or [""] for row in rows)
        elif header == list(columns):
            yield from rows
        else:
            yield from _in_order(header, rows, columns)
    except UnicodeDecodeError:
        raise no_data() from None


def _in_order(
    header: Sequence[str], rows: Iterator[list[str]], columns: Mapping[str, str]
) -> Iterator[Sequence[str]]:
    places = [header.index(name) for name in columns]
    for row in rows:
        if len(row) != len(header):
            raise NotCanonical("a row has other columns")
        yield [row[at] for at in places]


def _whole(texts: Iterable[str]) -> Iterator[str]:
    """Yield the pieces of a text that ends with a line. Raises PortalUnavailable."""
    last = ""
    for text in texts:
        last = text or last
        yield text
    if not last.endswith("\n"):
        raise no_data()


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
