"""Whether two releases have the same rows, or nearly, before a portal is asked for any."""

from __future__ import annotations

import csv
from filecmp import cmp
from itertools import islice
from pathlib import Path
from typing import Final

from opengazette.adapters.portals.apart import AT_ONCE, Apart
from opengazette.adapters.portals.shipment import Shipment
from opengazette.documentation.canonical import NotCanonical, RowForms, digest
from opengazette.model.public_face import MOST_ROWS_CHANGED, is_small

#: Rows by which tables that differ in most of them are told apart.
_LOOKED_AT: Final = 1 << 12


def same_rows(earlier: Shipment, shipment: Shipment) -> bool:
    """Tell whether two shipments have the same rows, in whatever order they are written.

    Neither is read through where it shows early that they do not. Files that a later version of
    the software writes in another order and another spelling as well may count as others.
    """
    if list(earlier.columns) != list(shipment.columns):
        return False
    if cmp(earlier.table, shipment.table, shallow=False):
        return True
    if _beginning(earlier) != _beginning(shipment) and _lines_missing(earlier, shipment):
        return False
    told = _same_by_lines(earlier, shipment)
    return earlier.digest == shipment.digest if told is None else told


def differ_little(earlier: Shipment, shipment: Shipment) -> bool:
    """Tell whether few rows may differ between two shipments, without asking the portal.

    Differences may be more than are counted here, never fewer. Memory: the same for any number.
    """
    if earlier.columns != shipment.columns:
        return False
    if _lines_missing(earlier, shipment) > MOST_ROWS_CHANGED:
        return False
    apart, rows = _lines_apart(earlier, shipment)
    return not apart.too_many and is_small(apart.least_changes, rows)


def _lines_apart(earlier: Shipment, shipment: Shipment) -> tuple[Apart[bytes, bytes], int]:
    """Return the lines that two files have not in common, and how many rows the second has.

    Neither is read on where too many are apart.
    """
    apart, rows = Apart[bytes, bytes](), -1
    with earlier.table.open("rb") as before, shipment.table.open("rb") as lines:
        while not apart.too_many:
            theirs, ours = list(islice(before, AT_ONCE)), list(islice(lines, AT_ONCE))
            if not theirs and not ours:
                break
            rows += len(ours)
            if theirs != ours:
                apart.add(zip(theirs, theirs, strict=True))
                apart.take(zip(ours, ours, strict=True))
    return apart, rows


def _same_by_lines(earlier: Shipment, shipment: Shipment) -> bool | None:
    """Tell whether two shipments have the same rows by those lines alone that only one has.

    None where these are too many, where a row may take more than one line, or where one line may
    be another row by other types.
    """
    if earlier.columns != shipment.columns:
        return None
    if _is_quoted(earlier.table) or _is_quoted(shipment.table):
        return None
    apart, _ = _lines_apart(earlier, shipment)
    if apart.too_many:
        return None
    texts = [[line.decode() for line in some] for some in (apart.standing(), apart.wanted())]
    try:
        theirs, ours = (digest(shipment.columns, csv.reader(lines)) for lines in texts)
    except NotCanonical:
        return None
    return theirs == ours


def _is_quoted(table: Path) -> bool:
    with table.open("rb") as file:
        return any(b'"' in piece for piece in iter(lambda: file.read(1 << 20), b""))


def _beginning(shipment: Shipment) -> list[bytes]:
    with shipment.opened() as rows:
        return sorted(RowForms(shipment.columns).of(list(islice(rows, _LOOKED_AT))))


def _lines_missing(earlier: Shipment, shipment: Shipment) -> int:
    """Return how many lines of a shipment, of those looked at, the earlier one has nowhere."""
    with shipment.table.open("rb") as lines:
        some = set(islice(lines, 1, 1 + _LOOKED_AT))
    with shipment.table.open("rb") as lines:
        average = sum(map(len, some)) // max(len(some), 1) + 1
        every = max(shipment.table.stat().st_size // average // _LOOKED_AT, 1)
        some.update(islice(lines, 1, None, every))
    with earlier.table.open("rb") as lines:
        return len(some) - len(some.intersection(lines))
