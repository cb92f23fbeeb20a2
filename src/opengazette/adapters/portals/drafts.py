"""The rows of a draft revision: uploaded, given their types, and looked at before anybody sees."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any, Final

from opengazette.adapters.portals.answers import no_data
from opengazette.adapters.portals.connection import SOURCES
from opengazette.adapters.portals.revision_client import Resource, line_of, understood
from opengazette.adapters.portals.rows import ReadBack
from opengazette.adapters.portals.shipment import Shipment
from opengazette.adapters.portals.spelling import same_as_file
from opengazette.adapters.portals.streams import lines
from opengazette.documentation.canonical import NotCanonical, count_and_digest, table_rows
from opengazette.errors import PortalRejected

#: The longest that one piece of work on a draft is waited for, in seconds.
LONGEST_WORK = 3_600
#: Rows with an error that are looked at to say in which columns; the count is of all.
_MOST_ERRORS: Final = 10_000
_FIELD: Final = re.compile(r"[a-z0-9_]{1,255}")
_PARSING: Final = {
    "header_count": 1,
    "column_header": 1,
    "encoding": "utf-8",
    "column_separator": ",",
    "quote_char": '"',
    "remove_empty_rows": False,
    "trim_whitespace": False,
}


def uploaded(revision: Resource, shipment: Shipment, pause: float) -> Resource:
    """Upload the rows to a draft, give each column its type, and return the output schema.

    The rows are sent as bytes, piece after piece: socrata-py's own way counts characters where
    it is given text, and goes on sending from other threads after a piece has failed.

    Raises:
        PortalRejected: a cell could not be made, or the draft holds something else.
    """
    shipment.begin()
    with understood():
        source = revision.create_upload("table.csv", dict(_PARSING))
        size = int(source.initiate("text/csv")["preferred_chunk_size"])
        last = end = 0
        with shipment.table.open("rb") as body:
            for last, piece in enumerate(iter(lambda: body.read(size), b"")):
                source.chunk(last, end, piece)
                end += len(piece)
        source.commit(last, end)
        source.show().wait_for_schema(timeout=LONGEST_WORK, sleeptime=pause)
        given = max(source.input_schemas, key=lambda schema: schema.attributes["id"])
        output = given.transform({"output_columns": _columns(given, shipment), "sort_bys": []})
        output.wait_for_finish(timeout=LONGEST_WORK, sleeptime=pause)
    refuse_errors(output)
    refuse_otherwise(output, shipment)
    return output


def refuse_errors(output: Resource) -> None:
    """Let no draft pass in which a cell could not be made.

    Raises:
        PortalRejected: says in which columns, and how many cells.
    """
    with understood():
        count = int(output.attributes["error_count"])
        if not count:
            return
        names = {column["field_name"] for column in output.attributes["output_columns"]}
        found = Counter(
            name
            for page in _pages(output.schema_errors, _MOST_ERRORS)
            for row in page
            for name, cell in row.items()
            if name in names and "error" in cell
        )
    listed = ", ".join(f"{name} ({number:,})" for name, number in sorted(found.items()))
    raise PortalRejected(
        f"The portal could not take {count:,} cells of the release: {listed}.",
        "See whether the columns' types on the portal are those of the release.",
    )


def refuse_otherwise(output: Resource, shipment: Shipment) -> None:
    """Read a draft's rows as they would be public, and let no other pass than what was sent.

    Raises:
        PortalRejected: columns, types, the number of rows or a row differ.
    """
    with understood():
        columns = {
            str(column["field_name"]): str(column["transform"]["output_soql_type"])
            for column in sorted(output.attributes["output_columns"], key=lambda c: c["position"])
        }
        held = columns == shipment.columns and _draft_holds(output, shipment)
    if not held:
        raise PortalRejected(
            "The portal's draft holds something other than what was sent; nothing of it is public.",
            "Look at the dataset's revisions on the portal, then run the dataset again.",
        )


def _draft_holds(output: Resource, shipment: Shipment) -> bool:
    """Read all rows beside the file, and for their digest where the portal spells them otherwise.

    A cell with an error, of which there is none, is empty.
    """
    with closing(_draft_text(output)) as seen:
        if same_as_file(seen, shipment.table):
            return True
    return _draft_read(output, shipment.columns) == ReadBack(shipment.rows, shipment.digest)


def _draft_text(output: Resource) -> Generator[bytes, None, None]:
    place = str(output.links["rows"])
    if not place.startswith(SOURCES):
        raise no_data()
    yield from line_of(output).pieces(place, "text/csv", {}, accept="text/csv")


def _draft_read(output: Resource, columns: Mapping[str, str]) -> ReadBack | None:
    header, rows = table_rows(lines(codecs.iterdecode(_draft_text(output), "utf-8")))
    if header != list(columns):
        return None
    try:
        return ReadBack(*count_and_digest(columns, rows))
    except (NotCanonical, csv.Error):
        return None


def _pages(
    read: Callable[..., list[dict[str, Any]]], most: int | None = None
) -> Iterator[list[dict[str, Any]]]:
    seen = 0
    while most is None or seen < most:
        page = read(offset=seen, limit=_MOST_ERRORS)
        if not page:
            return
        seen += len(page)
        yield page


def _columns(given: Resource, shipment: Shipment) -> list[dict[str, Any]]:
    """Say every type; what a portal guesses of a column differs from run to run."""
    inputs = sorted(given.attributes["input_columns"], key=lambda column: column["position"])
    names = [str(column["field_name"]) for column in inputs]
    if len(names) != len(shipment.columns) or not all(map(_FIELD.fullmatch, names)):
        raise no_data()
    return [
        {
            "field_name": said["fieldName"],
            "display_name": said["name"],
            "description": said["description"],
            "position": position,
            "is_primary_key": False,
            "transform": {
                "transform_expr": f"`{name}`"
                if said["dataTypeName"] == "text"
                else f"to_number(`{name}`)"
            },
        }
        for position, (name, said) in enumerate(
            zip(names, shipment.metadata["columns"], strict=True), start=1
        )
    ]
