"""Look with a stranger's eyes whether the public still sees what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from opengazette.documentation.public_face import differences, in_words_of, papers_digest
from opengazette.errors import LedgerConflict
from opengazette.governance.freshness import days_until_stale
from opengazette.governance.ledger_state import hold_of, private_places, public_entry, under_way
from opengazette.model.contract import Contract
from opengazette.model.ledger import LedgerEntry
from opengazette.model.public_face import Differences, PublicFace, Seen
from opengazette.ports import Clock, Ledger, Papers, PublicView
from opengazette.steps.faces import face_of
from opengazette.steps.links import HELD
from opengazette.steps.of_its_day import contract_of
from opengazette.steps.publish import release_of

Kind = Literal[
    "ledger", "unfinished", "gone", "hidden", "public", "rows", "columns", "papers", "stale"
]
Repair = Literal["publish again", "make private"]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the ledger says, in names and counts.

    `repair` says how it is put right where nobody need decide anything; `uid` where.
    """

    dataset: str
    kind: Kind
    problem: str
    remedy: str
    repair: Repair | None = None
    uid: str | None = None


def watch(
    dataset: str,
    contract: Contract | None,
    portal: PublicView,
    ledger: Ledger,
    papers: Papers,
    clock: Clock,
) -> tuple[Finding, ...]:
    """Compare rows, columns, metadata, attachments, permission and age with the ledger.

    `contract` is today's, None where the dataset has none any more. What is not done: a dataset
    that is being published at this moment is left alone.

    Raises:
        PortalUnavailable: the portal did not answer to the end.
        ArchiveUnavailable: a file of the published release is lost or damaged.
    """
    try:
        entries = ledger.entries(dataset)
    except LedgerConflict as damaged:
        return (Finding(dataset, "ledger", damaged.problem, damaged.remedy),)
    if not entries:
        return ()
    newest, now = entries[-1], clock.now()
    if under_way(entries, now):
        return ()
    strays = _strays(dataset, private_places(entries, now), portal)
    found = [*_unfinished(newest, entries), *strays]
    receipt = public_entry(entries)
    if receipt is not None and receipt.uid is not None:
        found.extend(_public(receipt, receipt.uid, newest, portal, papers))
        found.extend(_stale(receipt, entries, contract, now))
    return tuple(found)


def _unfinished(newest: LedgerEntry, entries: Sequence[LedgerEntry]) -> Iterator[Finding]:
    if newest.kind == "intent":
        how = "the rollback again" if hold_of(entries) else f"opengazette run {newest.dataset}"
        told = f" {newest.note}" if newest.note.startswith(HELD) else ""
        yield Finding(
            newest.dataset,
            "unfinished",
            f"A publication that was begun on {newest.at:%Y-%m-%d %H:%M %Z} did not end.{told}",
            f"Finish it: {how}.",
        )


def _strays(dataset: str, places: Sequence[str], portal: PublicView) -> Iterator[Finding]:
    """Look at every address that is to be private."""
    for uid in places:
        if portal.seen(uid, {}, ()).standing == "public":
            yield Finding(
                dataset,
                "public",
                f"Dataset {uid} is public again; it was withdrawn, or was never to be public.",
                f"Make it private: opengazette watch {dataset} --repair. Find out who did this.",
                "make private",
                uid,
            )


def _public(
    receipt: LedgerEntry, uid: str, newest: LedgerEntry, portal: PublicView, papers: Papers
) -> Iterator[Finding]:
    dataset, key = receipt.dataset, contract_of(receipt, papers).publication.key()
    sent = face_of(release_of(receipt), papers, key)
    seen = portal.seen(uid, sent.columns, key)
    if seen.face is None:
        yield _unseen(dataset, seen, newest)
        return
    changes = in_words_of(differences(sent, seen.face), sent)
    if changes.columns:
        yield Finding(
            dataset,
            "columns",
            f"The columns at {seen.address} were changed by hand: {_columns(changes)}.",
            "Put them back on the portal; columns are never changed from here.",
        )
    if changes.rows:
        told = f"The rows at {seen.address} were changed by hand: {_rows(changes)}."
        yield _edited(dataset, "rows", told)
    if changes.papers and _papers_of(seen.face) != receipt.papers:
        names = ", ".join((*changes.fields, *changes.attachments))
        told = f"What is said at {seen.address} was changed by hand: {names}."
        yield _edited(dataset, "papers", told)


def _unseen(dataset: str, seen: Seen, newest: LedgerEntry) -> Finding:
    if seen.standing == "absent":
        return Finding(
            dataset,
            "gone",
            f"The dataset at {seen.address} is gone from the portal.",
            "Have the portal restore it. If it is gone for good: opengazette withdraw "
            f"{dataset} --delete, then opengazette resume {dataset} brings it back elsewhere.",
        )
    if newest.kind == "rolled_back":
        return Finding(
            dataset,
            "hidden",
            f"The dataset at {seen.address} is private since a publication failed on "
            f"{newest.at:%Y-%m-%d %H:%M %Z}: {newest.note}",
            f"When the portal is well again: opengazette run {dataset}.",
        )
    return Finding(
        dataset,
        "hidden",
        f"Somebody has made the dataset at {seen.address} private.",
        f"If that was meant: opengazette withdraw {dataset}. If not, make it public on the portal.",
    )


def _edited(dataset: str, kind: Literal["rows", "papers"], problem: str) -> Finding:
    remedy = f"Put the last release back: opengazette watch {dataset} --repair."
    return Finding(dataset, kind, problem, remedy, "publish again")


def _rows(changes: Differences) -> str:
    return (
        f"{changes.rows_added:,} added, {changes.rows_changed:,} changed, "
        f"{changes.rows_removed:,} removed"
    )


def _columns(changes: Differences) -> str:
    told = {
        "added": changes.columns_added,
        "removed": changes.columns_removed,
        "of another type": changes.columns_retyped,
    }
    named = [f"{', '.join(names)} {how}" for how, names in told.items() if names]
    return "; ".join(named) or "they stand in another order"


def _papers_of(face: PublicFace) -> str:
    return papers_digest(face.fields, face.attachments)


def _stale(
    receipt: LedgerEntry,
    entries: Sequence[LedgerEntry],
    contract: Contract | None,
    now: datetime,
) -> Iterator[Finding]:
    """Count the days since these very numbers were first published."""
    limit = days_until_stale(contract) if contract is not None else None
    same = (
        e.at for e in entries if e.kind == "published" and e.release.table == receipt.release.table
    )
    days = (now - min(same)).days
    if contract is not None and limit is not None and days > limit:
        yield Finding(
            receipt.dataset,
            "stale",
            f"The public sees the same numbers for {days} days; after {limit} they are too old.",
            f"Ask the department {contract.department!r} whether its table is still filled; if it "
            "is right, say so in watch.stale_after_days or documentation.frequency.",
        )
