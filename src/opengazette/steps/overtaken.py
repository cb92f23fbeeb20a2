"""Whether the public has seen a release that the audit of this one has not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from opengazette.errors import LedgerConflict
from opengazette.governance.ledger_state import CLAIM, tried, unfinished
from opengazette.model.contract import Contract
from opengazette.model.ledger import LedgerEntry
from opengazette.model.stages import Approved, TablePair
from opengazette.ports import Clock, Ledger

Entries = tuple[LedgerEntry, ...]


def shown_before(entries: Entries) -> dict[TablePair, LedgerEntry]:
    """Return every different table that the public has seen or may have seen, newest first.

    A run that meant to publish and did not end may have shown its rows, once it had a dataset. Each
    table comes with the newest entry that speaks of it.
    """
    seen: dict[TablePair, LedgerEntry] = {}
    for entry in reversed(tried(entries)):
        if entry.kind == "published" or (entry.kind == "intent" and entry.uid):
            seen.setdefault(tables_of(entry), entry)
    return seen


def tables_of(entry: LedgerEntry) -> TablePair:
    """Return the addresses of the tables that an entry speaks of."""
    return TablePair(entry.dataset, entry.release.table, entry.release.true_table)


def refuse_overtaken(
    approved: Approved, contract: Contract, entries: Entries, ledger: Ledger, clock: Clock
) -> None:
    """Let nothing out that was not attacked together with all that the public has seen.

    Two releases that are each safe can give a count away together, so whatever was published
    since the audit, of this dataset (`entries`) or of a linked one, makes the audit worthless. A
    table that was published before tells nothing new: every release since was attacked together
    with it. One that a run only meant to publish may never have been looked at to the end.

    Raises:
        LedgerConflict: names the dataset that was published, or is being published, meanwhile.
    """
    tables = approved.release.tables
    if any(e.kind == "published" and tables_of(e) == tables for e in entries):
        return
    _refuse_unseen(approved, shown_before(entries))
    for link in contract.linked_to:
        others = ledger.entries(link.dataset)
        _refuse_unseen(approved, shown_before(others))
        _refuse_under_way(approved, others, clock.now())


def _refuse_unseen(approved: Approved, shown: Iterable[TablePair]) -> None:
    dataset, known = approved.release.dataset, {approved.release.tables, *approved.compared}
    unseen = [tables.dataset for tables in shown if tables not in known]
    if unseen:
        raise LedgerConflict(
            f"{dataset}: a release of {unseen[0]!r} was published that the audit of this one has "
            "not seen; together they could give a hidden count away.",
            f"Nothing was sent. Run the dataset again: opengazette run {dataset}.",
        )


def _refuse_under_way(approved: Approved, others: Entries, now: datetime) -> None:
    intent = unfinished(others, now)
    if intent is not None and tables_of(intent) not in approved.compared:
        dataset = approved.release.dataset
        raise LedgerConflict(
            f"{dataset}: the linked dataset {intent.dataset!r} is being published at this moment, "
            "with a release that the audit of this one has not seen.",
            f"Nothing was sent. Let it finish, then run: opengazette run {dataset}. If that run "
            f"has died, run it again, or wait until {intent.at + CLAIM:%Y-%m-%d %H:%M %Z}.",
        )
