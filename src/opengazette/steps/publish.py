"""Put an approved release before the public, and see with a stranger's eyes that it is there."""

from __future__ import annotations

from opengazette.disclosure.tables.moves import MOVE_COLUMNS
from opengazette.documentation.columns import column_types
from opengazette.errors import (
    DriftFound,
    HeldByPortal,
    LedgerConflict,
    OpenGazetteError,
    PortalRejected,
)
from opengazette.governance.ledger_state import (
    place_of,
    public_entry,
    refuse_claimed,
    refuse_held,
    settled,
)
from opengazette.model.contract import Contract
from opengazette.model.ledger import LedgerEntry, Portrait
from opengazette.model.receipts import Receipt
from opengazette.model.stages import Approved, DocumentRef, Published, Release, TableRef
from opengazette.ports import Clock, Ledger, Portal, PublicState
from opengazette.steps.links import Links
from opengazette.steps.overtaken import refuse_overtaken, shown_before


def publish(
    approved: Approved, contract: Contract, portal: Portal, ledger: Ledger, clock: Clock
) -> Published:
    """Send a release unless the public already sees it; write down what was meant and what is.

    A run that died between its intent and its receipt is finished by the next one: the release
    is sent again, which puts the same rows in the same place. The id of a new dataset is written
    down before any row is sent, so that no run makes a second one. An intent keeps other machines
    away, and the receipt stands directly after it or is refused; the ledger is read again before
    each request that the public could see something of. What the audit has not seen is
    looked for before the intent is written, and once more afterwards: of two linked datasets that
    are published at once, whichever looks last finds the other.

    Raises:
        PortalUnavailable: the portal did not answer to the end; trying again is safe.
        PortalRejected: the portal refused, or showed something else and was put back.
        OnHold: a person has stopped the dataset.
        HeldByPortal: the portal's own reviewers hold the release; a later run ends this one.
        DriftFound: somebody has made private what is public by the ledger.
        LedgerConflict: another run or machine holds the dataset, something was published since
            the audit, or the chain is damaged.
    """
    entries = ledger.entries(approved.release.dataset)
    refuse_held(entries)
    return publish_at_once(approved, contract, portal, ledger, clock, entries)


def publish_at_once(
    approved: Approved,
    contract: Contract,
    portal: Portal,
    ledger: Ledger,
    clock: Clock,
    entries: tuple[LedgerEntry, ...],
    *,
    note: str = "",
    by: str | None = None,
) -> Published:
    """Do what `publish` does, where a person has stopped the dataset and wants this release seen.

    `entries` are what the caller has judged: what is added since stops the publication. `note` and
    `by` say in the ledger why, and who does. Raises what `publish` does, but OnHold.
    """
    if approved.release.dataset != contract.id:
        raise LedgerConflict(
            f"The release is of {approved.release.dataset!r}, not {contract.id!r}."
        )
    release = approved.release
    refuse_claimed(entries, ledger.writer, clock.now())
    last = public_entry(entries)
    seen = _seen_unchanged(entries, release, contract, portal)
    if seen is not None:
        return _published(approved, seen, changed=False)
    links = Links(ledger, clock, portrait_of(approved), release.dataset, len(entries), note, by)
    _claim(links, approved, contract, entries, ledger, clock)
    try:
        seen = portal.publish(
            approved,
            uid=links.uid,
            before=release_of(last) if last else None,
            created=links.intend,
            claim=links,
        )
    except PortalRejected as error:
        links.roll_back(error.problem)
        raise
    except HeldByPortal as held:
        links.wait(held.problem)
        raise
    links.receive(seen)
    return _published(approved, seen, changed=True)


def _claim(
    links: Links,
    approved: Approved,
    contract: Contract,
    entries: tuple[LedgerEntry, ...],
    ledger: Ledger,
    clock: Clock,
) -> None:
    """Write the intent where the audit has seen all that is public, before and after it stands."""
    refuse_overtaken(approved, contract, entries, ledger, clock)
    links.intend(place_of(entries))
    try:
        refuse_overtaken(approved, contract, entries, ledger, clock)
    except OpenGazetteError as error:
        links.give_up(error.problem)
        raise


def last_published(entries: tuple[LedgerEntry, ...]) -> LedgerEntry | None:
    """Return the newest entry of a release that the public saw, if any."""
    return next((entry for entry in reversed(entries) if entry.kind == "published"), None)


def published_releases(entries: tuple[LedgerEntry, ...]) -> tuple[Release, ...]:
    """Return every release that the public saw, newest first, as often as it was published."""
    return tuple(release_of(e) for e in reversed(entries) if e.kind == "published")


def earlier_releases(entries: tuple[LedgerEntry, ...]) -> tuple[Release, ...]:
    """Return every different table that the public has seen or may have seen, newest first.

    A run that meant to publish and did not end may have shown its rows, once it had a dataset.
    """
    return tuple(release_of(entry) for entry in shown_before(entries).values())


def _seen_unchanged(
    entries: tuple[LedgerEntry, ...], release: Release, contract: Contract, portal: Portal
) -> PublicState | None:
    """Return what the public sees where that is this release and nothing was tried since.

    Raises:
        DriftFound: somebody has made private what is public by the ledger.
    """
    newest = settled(entries)
    if newest is None or newest.uid is None:
        return None
    same = newest.release.release == release.fingerprint
    seen = portal.state(newest.uid, column_types(contract) if same else {})
    if seen is not None and not seen.is_public:
        raise DriftFound(
            f"{release.dataset}: somebody has made its dataset {newest.uid} private on the portal.",
            f"If that was meant: opengazette withdraw {release.dataset}. If not, make it public on "
            "the portal, then run the dataset again.",
        )
    if seen is None or not same:
        return None
    return seen if (seen.digest, seen.papers) == (newest.digest, newest.papers) else None


def portrait_of(approved: Approved) -> Portrait:
    """Return what the ledger remembers of a release."""
    release = approved.release
    return Portrait(
        release=release.fingerprint,
        contract=release.contract,
        rule_pack=release.rule_pack,
        extract=release.extract.sha256,
        extracted_rows=release.extract.rows,
        table=release.public.sha256,
        columns=release.public.columns,
        true_table=release.private.sha256,
        true_columns=release.private.columns,
        rows=release.public.rows,
        score=release.score,
        primary=release.primary,
        complementary=release.complementary,
        documents={d.name: (d.media_type, d.sha256) for d in release.documents},
        approval=approved.approval,
        proof=release.proof.sha256 if release.proof else None,
        proof_lines=release.proof.rows if release.proof else 0,
    )


def release_of(entry: LedgerEntry) -> Release:
    """Return the release that an entry of the ledger speaks of."""
    portrait = entry.release
    documents = tuple(
        DocumentRef(name, media_type, sha256)
        for name, (media_type, sha256) in portrait.documents.items()
    )
    evidence = next(d for d in documents if d.name == "evidence.json")
    moves, lines = portrait.proof, portrait.proof_lines
    proof = TableRef(entry.dataset, moves, lines, MOVE_COLUMNS) if moves else None
    return Release(
        dataset=entry.dataset,
        contract=portrait.contract,
        rule_pack=portrait.rule_pack,
        extract=TableRef(entry.dataset, portrait.extract, portrait.extracted_rows, ()),
        public=TableRef(entry.dataset, portrait.table, portrait.rows, portrait.columns),
        private=TableRef(entry.dataset, portrait.true_table, portrait.rows, portrait.true_columns),
        evidence=evidence,
        documents=documents,
        score=portrait.score,
        primary=portrait.primary,
        complementary=portrait.complementary,
        proof=proof,
    )


def _published(approved: Approved, seen: PublicState, *, changed: bool) -> Published:
    receipt = Receipt(
        "publish",
        {"changed": changed, "rows": seen.rows, "digest": seen.digest, "address": seen.address},
    )
    return Published(
        approved.release,
        seen.uid,
        seen.address,
        seen.digest,
        changed,
        (*approved.receipts, receipt),
    )
