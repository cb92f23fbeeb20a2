"""Bring a release back that the public has seen before."""

from __future__ import annotations

from collections.abc import Sequence

from opengazette.errors import OnHold
from opengazette.governance.ledger_state import refuse_claimed, withdrawn_since
from opengazette.model.approval import Approval
from opengazette.model.column_change import ColumnChange
from opengazette.model.contract import Contract
from opengazette.model.ledger import LedgerEntry
from opengazette.model.stages import Published
from opengazette.ports import Clock, Ledger, Papers, Portal
from opengazette.steps.approve import approve_again
from opengazette.steps.publish import publish_at_once, release_of
from opengazette.steps.withdraw import stop


def rollback(
    receipt: LedgerEntry,
    contract: Contract,
    approval: Approval | None,
    portal: Portal,
    ledger: Ledger,
    clock: Clock,
    papers: Papers,
    *,
    by: str,
    reason: str,
    columns: ColumnChange | None = None,
) -> Published:
    """Stop a dataset and show the public an earlier release of it again.

    The release passes the same gate, and is sent and read back like any other. It tells nothing
    new: its rows were public before, and every release since was masked with them in view.
    `contract` is the release's own; `columns` is what a person has approved of a change of the
    public table's columns, without which a release with others is refused. The dataset stays
    stopped until a person lets it go on.

    Raises:
        ApprovalMissing: the release was withdrawn, or nobody approves the dataset any more.
        OnHold: another person has stopped the dataset since this was begun; nothing was sent.
        ArchiveUnavailable: a file of the release is lost or damaged; nothing was done.
        PortalUnavailable, PortalRejected, LedgerConflict: as in `publish`.
    """
    before = ledger.entries(receipt.dataset)
    approve_again(receipt, contract, approval, withdrawn=withdrawn_since(before, receipt))
    refuse_claimed(before, ledger.writer, clock.now())
    for document in release_of(receipt).documents:
        papers.read(document)
    stop(receipt.dataset, ledger, clock, by=by, reason=reason)
    entries = ledger.entries(receipt.dataset)
    approved = approve_again(
        receipt, contract, approval, withdrawn=withdrawn_since(entries, receipt), columns=columns
    )
    _refuse_stopped_meanwhile(entries[len(before) :], by, reason)
    return publish_at_once(approved, contract, portal, ledger, clock, entries, note=reason, by=by)


def _refuse_stopped_meanwhile(since: Sequence[LedgerEntry], by: str, reason: str) -> None:
    """Another person may want nothing of the dataset to be seen."""
    stops = [e for e in since if e.kind == "hold" and (e.by, e.note) != (by, reason)]
    if stops:
        told = stops[-1]
        raise OnHold(
            f"{told.dataset}: while the release was being made ready, {told.by or 'a person'} "
            f"stopped the dataset too: {told.note.rstrip('.')}. Nothing was sent.",
            "Agree with each other, then do the rollback again. The dataset stays stopped.",
        )
