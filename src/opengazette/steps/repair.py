"""Put right what the watch has found, where nobody need decide anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from opengazette.governance.ledger_state import hold_of, private_places, public_entry, refuse_held
from opengazette.model.approval import Approval
from opengazette.model.ledger import LedgerEntry
from opengazette.ports import Clock, Ledger, Papers, Portal, Withdrawal
from opengazette.steps.approve import approve_again
from opengazette.steps.of_its_day import contract_of
from opengazette.steps.publish import publish_at_once
from opengazette.steps.watch import Finding

#: How the ledger calls what the watch publishes.
WATCH = "put back by the watch"


class Mender(Portal, Withdrawal, Protocol):
    """A portal that can be published to, and that a dataset can be taken off."""


def repair(
    dataset: str,
    findings: Sequence[Finding],
    approval: Approval | None,
    portal: Mender,
    ledger: Ledger,
    papers: Papers,
    clock: Clock,
) -> tuple[Finding, ...]:
    """Put the last release back, make private what is to be private; return what is left.

    The release passes the gate again and is read back like any other. The ledger is asked once
    more: what it says to be public by now is not made private on an older finding.

    Raises:
        ApprovalMissing, OnHold: nobody lets the release out any more.
        PortalUnavailable, PortalRejected, LedgerConflict: as in `publish` and `withdraw`.
    """
    entries = ledger.entries(dataset)
    private = private_places(entries, clock.now())
    for finding in findings:
        if finding.repair == "make private" and finding.uid in private:
            portal.withdraw(finding.uid, delete=False)
    receipt = public_entry(entries)
    if receipt is not None and any(f.repair == "publish again" for f in findings):
        _refuse_stopped_since(receipt, entries)
        contract = contract_of(receipt, papers)
        approved = approve_again(receipt, contract, approval, withdrawn=None)
        publish_at_once(approved, contract, portal, ledger, clock, entries, note=WATCH)
    return tuple(finding for finding in findings if finding.repair is None)


def _refuse_stopped_since(receipt: LedgerEntry, entries: Sequence[LedgerEntry]) -> None:
    """A rollback shows a release of a stopped dataset; what was stopped later stays as it is."""
    hold = hold_of(entries)
    if hold is not None and hold.sequence > receipt.sequence:
        refuse_held(entries)
