"""Looks through an extract for what names one person; no value leaves this module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opengazette.adapters.recogniser import installed_recogniser
from opengazette.disclosure.identifiers.columns import OLDEST_SINGLE_AGE
from opengazette.disclosure.identifiers.texts import (
    HINT,
    OF_A_PLACE,
    IdentifierFound,
    Recogniser,
    find_forms,
    find_identifiers,
)
from opengazette.model.contract import Contract
from opengazette.model.generalisation import AsIs

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

#: As many different values of a column are enough to see which form they have.
_FORMS = 2_000
_AT_ONCE = 50_000
#: A column that never repeats in fewer rows tells nothing.
_FEWEST_RECORDS = 200
_PLACES = ("facility", "service_location")
_PUBLISHED_COARSELY = frozenset({"ZIP code", "full date"})

Expression = Any


def scan_extract(extract: Path, contract: Contract) -> tuple[IdentifierFound, ...]:
    """Count, for each column that is no identifier, the values that look like one.

    Shape: `extract` is a Parquet file of the contract's columns. Columns of role `identifier` and
    `measure` are left out, and those of which a person has recorded why they name nobody. Texts
    that never repeat are codes of one record. Dates and ZIP codes count only where a dimension
    publishes them as they are, ages over 89 likewise.
    """
    import ibis

    connection: Backend = ibis.duckdb.connect(
        ":memory:", temp_directory="", autoinstall_known_extensions=False
    )
    try:
        return tuple(_scan(connection.read_parquet(extract), contract))
    finally:
        connection.disconnect()


def _scan(records: Expression, contract: Contract) -> Iterator[IdentifierFound]:
    for name, column in contract.columns.items():
        kept = column.role in ("identifier", "measure") or column.not_identifying is not None
        if kept or name not in records.columns:
            continue
        shown = [d for d in contract.publication.dimensions if d.column == name]
        as_is = [d for d in shown if isinstance(d.generalise, AsIs)]
        places = any(d.characteristic.kind in _PLACES for d in shown)
        if records[name].type().is_string():
            for found in _texts(records, name, as_it_is=bool(as_is)):
                if not (places and found.kind in OF_A_PLACE):
                    yield found
        elif any(d.characteristic.kind == "age" for d in as_is):
            yield from _ages(records, name)


def _texts(records: Expression, name: str, *, as_it_is: bool) -> Iterator[IdentifierFound]:
    value = records[name]
    different = records.filter(value.notnull()).select(label=value).distinct()
    totals: dict[str, int] = {}
    eyes: tuple[Recogniser, ...] = tuple(filter(None, (find_identifiers, installed_recogniser())))
    for batch in different.filter(different.label.re_search(HINT)).to_pyarrow_batches(
        chunk_size=_AT_ONCE
    ):
        labels = batch.column("label").to_pylist()
        for found in (each for look in eyes for each in look(name, labels)):
            totals[found.kind] = totals.get(found.kind, 0) + found.labels
    forms = different.order_by("label").limit(_FORMS).to_pyarrow().column("label").to_pylist()
    for found in find_forms(name, forms):
        if as_it_is or found.kind not in _PUBLISHED_COARSELY:
            totals[found.kind] = found.labels
    many, rows = int(different.count().execute()), int(value.count().execute())
    if many == rows >= _FEWEST_RECORDS:
        totals["number or code of one person or record"] = many
    yield from (IdentifierFound(name, kind, labels) for kind, labels in totals.items())


def _ages(records: Expression, name: str) -> Iterator[IdentifierFound]:
    over = int(records.filter(records[name] > OLDEST_SINGLE_AGE).count().execute())
    if over:
        yield IdentifierFound(name, "age over 89", over)
