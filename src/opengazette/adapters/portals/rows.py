"""Rows of a portal: replaced in one transaction, read back in pages of a fixed order."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from opengazette.adapters.portals.answers import no_data
from opengazette.adapters.portals.connection import Connection, checked_uid
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.spelling import page_body, same_as_file
from opengazette.adapters.portals.streams import lines
from opengazette.documentation.canonical import (
    NotCanonical,
    count_and_digest,
    same_in_order,
    table_rows,
)
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
    shipment.begin()
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


def shows(client: Connection, uid: str, shipment: Shipment) -> bool:
    """Tell whether exactly the rows of a shipment are shown, whatever their order and spelling are.

    They are read beside the file: as bytes, cell by cell where they are spelled otherwise, and for
    their digest where they lie in another order. Each takes twice as long as the one before.

    Raises:
        PortalUnavailable: the portal gave fewer or more rows than it counts.
    """
    total = _count(client, uid)
    if total != shipment.rows:
        return False
    if _shows_bytes(client, uid, shipment) or _shows_in_order(client, uid, shipment):
        return True
    return read_back(client, uid, shipment.columns) == ReadBack(total, shipment.digest)


def _shows_bytes(client: Connection, uid: str, shipment: Shipment) -> bool:
    with closing(_text(client, uid, shipment.rows)) as seen:
        return same_as_file(seen, shipment.table)


def _shows_in_order(client: Connection, uid: str, shipment: Shipment) -> bool:
    seen = _listed(client, uid, shipment.rows, shipment.columns)
    with shipment.opened() as sent, closing(seen):
        try:
            return same_in_order(shipment.columns, sent, seen)
        except (NotCanonical, csv.Error):
            return False


def shown_rows(
    client: Connection, uid: str, columns: Mapping[str, str]
) -> Iterator[dict[str, str | None]]:
    """Yield every row that is shown, its cells by column; what is neither is left out.

    Raises:
        PortalUnavailable: the portal gave fewer or more rows than it counts.
    """
    for row in _all(client, uid, columns):
        yield dict(zip(columns, row, strict=True))


def numbered_rows(
    client: Connection, uid: str, columns: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[str | None]]]:
    """Yield the portal's own id of every row, with its cells in order.

    Raises:
        PortalUnavailable: the portal gave no ids, or fewer or more rows than it counts.
    """
    for number, *row in _all(client, uid, (":id", *columns)):
        if not number:
            raise PortalUnavailable("The portal gave a row without an id.", "Run again later.")
        yield number, row


def _all(client: Connection, uid: str, names: Collection[str]) -> Iterator[Sequence[str | None]]:
    """Yield every row with these cells of it, none where it has no such column."""
    total, seen = _count(client, uid), 0
    try:
        for row in _listed(client, uid, total, names, chosen=True):
            seen += 1
            yield row
    except (NotCanonical, csv.Error):
        raise no_data() from None
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


def _text(client: Connection, uid: str, rows: int) -> Generator[bytes, None, None]:
    """Yield the pages of so many rows as one text, under the header that they share."""
    first = b""
    for offset in range(0, rows, ROWS_AT_ONCE):
        header, body = page_body(_sheet(client, uid, {**_in_pages(), "$offset": offset}))
        if header != first:
            yield header + b"\n"
        first = first or header
        yield from body


def _listed(
    client: Connection, uid: str, total: int, names: Collection[str], *, chosen: bool = False
) -> Generator[Sequence[str | None], None, None]:
    """Yield rows page by page as CSV, which is read in half the time of JSON.

    They come in the order of their ids: without an order, pages may overlap. An empty cell and none
    are the same, here as in a digest. Where cells are `chosen`, there may be other columns.
    """
    asked = _in_pages()
    if chosen and ":id" in names:
        asked["$select"] = ",".join(names)
    read = before = 0
    while read < total:
        header, rows = _read(_sheet(client, uid, {**asked, "$offset": read}))
        if not chosen and sorted(n for n in header if not n.startswith(":")) != sorted(names):
            raise NotCanonical("the table has other columns")
        for row in rows if header == [*names] else _picked(header, rows, names):
            read += 1
            yield row
        if read == before:
            return
        before = read


def _in_pages() -> dict[str, object]:
    return {"$order": ":id", "$limit": ROWS_AT_ONCE}


def _sheet(client: Connection, uid: str, asked: dict[str, object]) -> Iterator[bytes]:
    return client.pieces(f"/resource/{checked_uid(uid)}.csv", "text/csv", asked)


def _read(pieces: Iterable[bytes]) -> tuple[list[str], Iterator[list[str]]]:
    """Return the header and the rows of a page."""
    header, rows = table_rows(lines(_whole(_decoded(pieces))))
    return header, (row or [""] for row in rows) if len(header) == 1 else rows


def _picked(
    header: Sequence[str], rows: Iterator[list[str]], names: Collection[str]
) -> Iterator[Sequence[str | None]]:
    places = [header.index(name) if name in header else None for name in names]
    for row in rows:
        if len(row) != len(header):
            raise NotCanonical("a row has other columns")
        yield [None if at is None else row[at] for at in places]


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    try:
        yield from codecs.iterdecode(pieces, "utf-8")
    except UnicodeDecodeError:
        raise no_data() from None


def _whole(texts: Iterable[str]) -> Iterator[str]:
    """Yield the pieces of a text that ends with a line. Raises PortalUnavailable."""
    last = ""
    for text in texts:
        last = text or last
        yield text
    if not last.endswith("\n"):
        raise no_data()
