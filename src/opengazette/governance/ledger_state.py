"""What a chain of receipts means now: who holds the dataset, what is public, what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from opengazette.errors import LedgerConflict, NotPublished, OnHold
from opengazette.model.ledger import LedgerEntry

#: How long an intent without an outcome keeps other machines away from a dataset.
CLAIM = timedelta(hours=2)
#: So many characters of a release's fingerprint are enough to name it.
SHORTEST_NAME = 8

#: What a person does beside a run, and what therefore tells nothing of how the run stands.
BY_A_PERSON = ("hold", "resumed", "withdrawn")

Entries = Sequence[LedgerEntry]


def tried(entries: Entries) -> tuple[LedgerEntry, ...]:
    """Return the chain without what was meant and given up before anything was sent."""
    left: list[LedgerEntry] = []
    for entry in entries:
        if entry.kind != "abandoned":
            left.append(entry)
        elif left and left[-1].kind == "intent" and left[-1].release == entry.release:
            left.pop()
    return tuple(left)


def settled(entries: Entries) -> LedgerEntry | None:
    """Return the receipt that the chain ends with; None where something was tried or done since."""
    newest = next(reversed(tried(entries)), None)
    return newest if newest is not None and newest.kind == "published" else None


def unfinished(entries: Entries, now: datetime) -> LedgerEntry | None:
    """Return the intent of a run that may be sending at this moment, whatever a person did since.

    Where it wrote no outcome for `CLAIM`, it is taken for dead.
    """
    newest = next((e for e in reversed(entries) if e.kind not in BY_A_PERSON), None)
    meant = newest is not None and newest.kind == "intent" and now < newest.at + CLAIM
    return newest if meant else None


def claim_of(entries: Entries, writer: str | None, now: datetime) -> LedgerEntry | None:
    """Return the intent of another machine that may be sending at this moment.

    This machine's own is what a run left that died: the dataset's lock keeps its living runs
    apart. Another machine's is respected for `CLAIM`.
    """
    intent = unfinished(entries, now)
    return intent if intent is not None and intent.writer not in (None, writer) else None


def hold_of(entries: Entries) -> LedgerEntry | None:
    """Return the entry by which a person stopped the dataset, unless it was let go on since."""
    newest = next((e for e in reversed(entries) if e.kind in ("hold", "resumed")), None)
    return newest if newest is not None and newest.kind == "hold" else None


def refuse_held(entries: Entries) -> None:
    """Let nothing pass that a person has stopped.

    Raises:
        OnHold: says who stopped it, when and why.
    """
    hold = hold_of(entries)
    if hold is None:
        return
    raise OnHold(
        f"{hold.dataset}: stopped by {hold.by or 'a person'} on {hold.at:%Y-%m-%d %H:%M %Z}: "
        f"{hold.note.rstrip('.')}.",
        f"When the cause is gone: opengazette resume {hold.dataset} --by NAME --reason WHY.",
    )


def refuse_claimed(entries: Entries, writer: str | None, now: datetime) -> None:
    """Keep away from a dataset that another machine is publishing.

    Raises:
        LedgerConflict: another machine may be sending at this moment, though a person may have
            stopped the dataset since.
    """
    claim = claim_of(entries, writer, now)
    if claim is not None:
        raise LedgerConflict(
            f"{claim.dataset}: another machine ({claim.writer}) has been publishing it since "
            f"{claim.at:%Y-%m-%d %H:%M %Z}.",
            "Let it finish. If that machine is gone, do this again after "
            f"{claim.at + CLAIM:%Y-%m-%d %H:%M %Z}.",
        )


def place_of(entries: Entries) -> str | None:
    """Return the id of the dataset on the portal; None where there is none, or none any more."""
    for entry in reversed(entries):
        if entry.kind == "withdrawn" and entry.uid is None:
            return None
        if entry.uid is not None:
            return entry.uid
    return None


def public_entry(entries: Entries) -> LedgerEntry | None:
    """Return the receipt of what the public is to see; None where nothing is to be public."""
    newest = next((e for e in reversed(entries) if e.kind in ("published", "withdrawn")), None)
    return newest if newest is not None and newest.kind == "published" else None


def under_way(entries: Entries, now: datetime) -> bool:
    """Tell whether a run may be sending at this moment that nobody has stopped since."""
    return bool(entries) and unfinished(entries, now) is entries[-1]


def private_places(entries: Entries, now: datetime) -> tuple[str, ...]:
    """Return every address that is to be private: withdrawn, or of a draft that was given up.

    What is being published at this moment is none.
    """
    busy = under_way(entries, now)
    public = place_of(entries) if busy or public_entry(entries) else None
    return tuple(dict.fromkeys(e.uid for e in entries if e.uid and e.uid != public))


def release_named(chains: Mapping[str, Entries], named: str) -> LedgerEntry:
    """Return the newest receipt of the release whose fingerprint begins with `named`.

    Raises:
        NotPublished: no release that the public saw, or more than one, is named so.
    """
    named = named.lower()
    found = {
        (dataset, entry.release.release): entry
        for dataset, entries in chains.items()
        for entry in entries
        if entry.kind == "published" and entry.release.release.startswith(named)
    }
    if len(named) < SHORTEST_NAME or len(found) != 1:
        several = len(found) > 1 and len(named) >= SHORTEST_NAME
        why = "more than one release" if several else "no release that was published"
        raise NotPublished(
            f"{named!r} names {why}{_of(chains)}.",
            f"Give {SHORTEST_NAME} or more characters of a release that 'opengazette ledger ID' "
            "lists as published.",
        )
    return next(iter(found.values()))


def withdrawn_since(entries: Entries, receipt: LedgerEntry) -> LedgerEntry | None:
    """Return the withdrawal of a release; None where it was never taken back, or went out since.

    A release is withdrawn where it was the one that the public saw at that moment.
    """
    named = receipt.release.release
    seen: str | None = None
    found: LedgerEntry | None = None
    for entry in entries:
        if entry.kind == "published":
            seen = entry.release.release
            found = None if seen == named else found
        elif entry.kind == "withdrawn":
            found = entry if seen == named else found
            seen = None
    return found


def _of(chains: Mapping[str, Entries]) -> str:
    return f" of {next(iter(chains))!r}" if len(chains) == 1 else ""
