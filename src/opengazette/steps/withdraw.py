"""Stop a dataset, take it off the portal, and let it go on again."""

from __future__ import annotations

from contextlib import suppress

from opengazette.errors import LedgerConflict, NotPublished
from opengazette.governance.ledger_state import CLAIM, claim_of, hold_of, place_of, public_entry
from opengazette.model.ledger import LedgerEntry, Portrait
from opengazette.ports import Clock, Ledger, Withdrawal

_ATTEMPTS = 10


def stop(dataset: str, ledger: Ledger, clock: Clock, *, by: str, reason: str) -> LedgerEntry:
    """Let nothing of a dataset be published from now on, on any machine.

    A run that is under way can no longer write its receipt. The same person with the same reason
    stops a dataset once, however often this is called.

    Raises:
        NotPublished: nothing of the dataset was ever meant to be published.
        LedgerConflict: the chain is damaged, or other runs were quicker several times over.
    """
    for _ in range(_ATTEMPTS):
        entries = ledger.entries(dataset)
        hold = hold_of(entries)
        if hold is not None and (hold.by, hold.note) == (by, reason):
            return hold
        portrait = _portrait(dataset, entries)
        with suppress(LedgerConflict):
            return ledger.append(dataset, "hold", clock.now(), portrait, note=reason, by=by)
    raise LedgerConflict(
        f"{dataset}: other runs wrote to its ledger all the time; it could not be stopped.",
        "Do it again at once.",
    )


def withdraw(
    dataset: str,
    portal: Withdrawal,
    ledger: Ledger,
    clock: Clock,
    *,
    by: str,
    reason: str,
    delete: bool = False,
) -> LedgerEntry:
    """Take a stopped dataset off the portal, and see with a stranger's eyes that it is gone.

    It is made private, or deleted on demand: then its address is lost for ever. What the ledger
    and the archive know of it stays. What is not done: another machine that is sending at this
    moment is not kept from making it public again; `refuse_unsettled` says so.

    Raises:
        LedgerConflict: it was not stopped before; another run added an entry first.
        NotPublished: nothing of the dataset was ever meant to be published.
        PortalUnavailable: the portal did not answer to the end; do it again.
        PortalRejected: the portal refused, or a stranger still sees it: act at once.
    """
    entries = ledger.entries(dataset)
    portrait, uid = _portrait(dataset, entries), place_of(entries)
    if hold_of(entries) is None:
        raise LedgerConflict(f"{dataset}: it must be stopped before it is withdrawn.")
    if uid is not None:
        portal.withdraw(uid, delete=delete)
    return ledger.append(
        dataset,
        "withdrawn",
        clock.now(),
        portrait,
        after=len(entries),
        uid=None if delete else uid,
        note=reason,
        by=by,
    )


def refuse_unsettled(dataset: str, ledger: Ledger, clock: Clock) -> None:
    """Let nobody believe a dataset gone that another machine may be showing again.

    A run that was sending when the dataset was stopped can no longer write its receipt, but the
    portal knows nothing of that: the last thing that such a run does is to make its dataset public.

    Raises:
        LedgerConflict: says which machine, and when to withdraw it again.
    """
    claim = claim_of(ledger.entries(dataset), ledger.writer, clock.now())
    if claim is not None:
        raise LedgerConflict(
            f"{dataset}: nobody sees it at this moment, but another machine ({claim.writer}) has "
            f"been publishing it since {claim.at:%Y-%m-%d %H:%M %Z} and may make it public again.",
            f"End that run if you can. Withdraw {dataset} again when it has ended, and once more "
            f"after {claim.at + CLAIM:%Y-%m-%d %H:%M %Z}; look at the portal until then.",
        )


def resume(dataset: str, ledger: Ledger, clock: Clock, *, by: str, reason: str) -> LedgerEntry:
    """Let a stopped dataset go on: the next run publishes it.

    Raises:
        NotPublished: nobody has stopped it.
        LedgerConflict: another run added an entry first, or the chain is damaged.
    """
    entries = ledger.entries(dataset)
    if hold_of(entries) is None:
        raise NotPublished(
            f"{dataset}: nobody has stopped it, so there is nothing to let go on.",
            f"See its entries: opengazette ledger {dataset}.",
        )
    return ledger.append(
        dataset, "resumed", clock.now(), _portrait(dataset, entries), note=reason, by=by
    )


def _portrait(dataset: str, entries: tuple[LedgerEntry, ...]) -> Portrait:
    """Return the release that such an entry speaks of: what is public, else what was tried last."""
    if not entries:
        raise NotPublished(
            f"{dataset}: nothing of it was ever published.",
            "'opengazette ledger' lists the datasets that were.",
        )
    return (public_entry(entries) or entries[-1]).release
