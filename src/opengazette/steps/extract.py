"""Bring a department's table into the restricted archive."""

from __future__ import annotations

from collections.abc import Sequence

from opengazette.disclosure.identifiers.texts import IdentifierFound
from opengazette.errors import DisclosureRisk, ExtractCollapsed
from opengazette.model.contract import Contract
from opengazette.model.receipts import Receipt
from opengazette.model.stages import Extracted, TableRef
from opengazette.ports import Archive, Source


def extract(
    contract: Contract, source: Source, archive: Archive, previous_rows: int | None
) -> Extracted:
    """Read the listed columns of the department's table and keep them.

    `previous_rows` is the size of the extract behind the last published release, if any.

    Raises:
        SourceUnavailable, SchemaDrift: the source could not give the table.
        ExtractCollapsed: the table is smaller than the contract allows.
        DisclosureRisk: a column that is to hold no identifiers looks as if it did.
    """
    with archive.staging() as folder:
        file = folder / "extract.parquet"
        summary = source.extract(contract, file)
        _refuse_collapsed(contract, summary.rows, previous_rows)
        _refuse_identifiers(contract, summary.identifiers)
        sha256 = archive.keep(file)
    table = TableRef(contract.id, sha256, summary.rows, tuple(summary.columns))
    receipt = Receipt(
        "extract",
        {
            "rows": summary.rows,
            "columns": len(summary.columns),
            "table": sha256,
            "query": summary.query_sha256,
        },
    )
    return Extracted(contract.id, contract.fingerprint(), table, (receipt,))


def _refuse_identifiers(contract: Contract, found: Sequence[IdentifierFound]) -> None:
    if found:
        named = ", ".join(f"{f.column!r} ({f.labels} values: {f.kind})" for f in found)
        raise DisclosureRisk(
            f"{contract.id}: columns that are to hold no identifiers look as if they did: {named}.",
            "Ask the department to clean them; or give them the role identifier, publish them more "
            f"coarsely, or record in config/datasets/{contract.id}.yaml under not_identifying who "
            "decided that they name nobody, why and when.",
        )


def _refuse_collapsed(contract: Contract, rows: int, previous_rows: int | None) -> None:
    table = contract.source.table
    if rows < contract.source.fewest_rows:
        raise ExtractCollapsed(
            f"{contract.id}: the extract of {table!r} has {rows} rows; the contract expects at "
            f"least {contract.source.fewest_rows}.",
            "Ask the department whether its load has finished; if the table is rightly smaller, "
            f"change source.fewest_rows in config/datasets/{contract.id}.yaml.",
        )
    if previous_rows is None:
        return
    floor = previous_rows * (100 - contract.source.largest_drop_percent) / 100
    if rows < floor:
        raise ExtractCollapsed(
            f"{contract.id}: the extract of {table!r} has {rows} rows, down from {previous_rows} "
            f"at the last release: more than {contract.source.largest_drop_percent} percent fewer.",
            "Ask the department what happened; if it is right, change "
            f"source.largest_drop_percent in config/datasets/{contract.id}.yaml.",
        )
