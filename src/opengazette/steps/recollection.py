"""What the public has seen already: earlier releases of a dataset, and those of linked datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from opengazette.disclosure.primary.counts import SmallCountRule
from opengazette.disclosure.releases.seen import Growing, SeenTable
from opengazette.disclosure.releases.seen_form import SeenForm
from opengazette.errors import ContractInvalid, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.memory import LinkedDataset
from opengazette.model.publication import PublicationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Release
from opengazette.ports import Ledger, Papers, Tables
from opengazette.steps.publish import earlier_releases

Linked = Mapping[str, Sequence[Release]]


@dataclass(frozen=True)
class Recollection:
    """All releases that can be held against tonight's table: private.

    `seen` come newest first, those of this dataset before those of others. `own` and `linked`
    number them; `of_another_form` are earlier releases with other dimensions.
    """

    seen: tuple[SeenTable, ...]
    own: int
    linked: int
    of_another_form: int


def growing(contract: Contract) -> Growing:
    """Return the way in which the counts of people in a dataset grow."""
    if contract.growth is None or not contract.disclosure.personal_characteristics.present:
        return Growing()
    return Growing(contract.growth.over, contract.growth.between_releases)


def rule_of_the_past(rule_pack: RulePack) -> SmallCountRule:
    """Return which counts of other releases, and which growths, are too small to be told.

    What a release withheld stays protected, whatever the score of tonight's table.
    """
    return SmallCountRule(rule_pack.thresholds.numerator)


def linked_releases(
    contract: Contract, contract_of: Callable[[str], Contract], ledger: Ledger
) -> dict[str, tuple[Release, ...]]:
    """Return every release of each linked dataset, newest first; none if never published.

    Raises:
        ContractInvalid: a linked dataset has no sound contract, or does not name this one.
        LedgerConflict: its chain of releases is broken.
    """
    for link in contract.linked_to:
        back = contract_of(link.dataset).linked_to
        if contract.id not in {other.dataset for other in back}:
            raise _misfit(contract, link, "its contract does not name this dataset in linked_to")
    return {
        link.dataset: earlier_releases(ledger.entries(link.dataset)) for link in contract.linked_to
    }


def recollected(
    contract: Contract, earlier: Sequence[Release], linked: Linked, tables: Tables, papers: Papers
) -> Recollection:
    """Read every release that says something of tonight's table.

    Raises:
        DisclosureRisk: the releases of a linked dataset were not looked up, or nobody can say any
            more what a release looked like.
        ContractInvalid: a linked dataset does not fit the contract.
    """
    seen, forms = [], 0
    for release in earlier:
        publication = _form(contract, release, papers)
        _refuse_percents(contract, contract.id, publication)
        forms += publication.key() != contract.publication.key()
        seen.append(_seen(release, publication, contract, tables))
    own = len(seen)
    refuse_not_looked_up(contract, linked)
    for link in contract.linked_to:
        for release in linked[link.dataset]:
            publication = _linked_form(contract, link, release, papers)
            _refuse_percents(contract, link.dataset, publication)
            seen.append(_seen(release, publication, contract, tables, link))
    return Recollection(tuple(seen), own, len(seen) - own, forms)


def refuse_not_looked_up(contract: Contract, linked: Linked) -> None:
    """Refuse to go on without the releases of a linked dataset. Raises DisclosureRisk."""
    for link in contract.linked_to:
        if link.dataset not in linked:
            raise DisclosureRisk(
                f"{contract.id}: the releases of the linked dataset {link.dataset!r} were not "
                "looked up.",
                "Nothing was published. Run the dataset by its flow or by `opengazette run`.",
            )


def _refuse_percents(contract: Contract, dataset: str, publication: PublicationTable) -> None:
    percents = publication.whole_percents
    if percents is not None:
        raise DisclosureRisk(
            f"{contract.id}: a release of {dataset!r} shows {percents.of!r} in whole percents, "
            "which holds only as long as no count of it is public.",
            "Publish whole percents as before, or under another id without this variable.",
        )


def _form(contract: Contract, release: Release, papers: Papers) -> PublicationTable:
    """Find what an earlier release looked like, by its own contract: no other says it."""
    if release.contract == contract.fingerprint():
        return contract.publication
    then = _contract_of(release, papers)
    if then is None:
        raise DisclosureRisk(
            f"{contract.id}: the contract of release {release.fingerprint[:12]} cannot be read, so "
            "nobody can say what it tells of this table.",
            "Nothing was published. 'opengazette ledger --release' names the version that made it: "
            "use that one or one that reads its contract.json; or publish under another id, if the "
            "expert decides that the earlier release tells nothing of it.",
        )
    return then.publication


def _linked_form(
    contract: Contract, link: LinkedDataset, release: Release, papers: Papers
) -> PublicationTable:
    other = _contract_of(release, papers)
    if other is None:
        raise _misfit(contract, link, "a release of it has no contract that can be read")
    mine, theirs = contract.publication, other.publication
    known = {*theirs.key(), *(m.name for m in theirs.counts())}
    if lost := sorted(set(link.names.values()) - known):
        raise _misfit(contract, link, f"{lost[0]!r} is none of its dimensions or counts")
    back = {there: here for here, there in link.names.items()}
    counts = {back.get(m.name, m.name) for m in theirs.counts()}
    if not counts & {m.name for m in mine.counts()}:
        raise _misfit(contract, link, "it has no count in common with this one")
    names = {back.get(name, name) for name in theirs.key()}
    open_ended = [d.name for d in mine.dimensions if d.name not in names and d.total is None]
    open_ended += [
        d.name
        for d in theirs.dimensions
        if back.get(d.name, d.name) not in mine.key() and d.total is None
    ]
    if open_ended:
        raise _misfit(
            contract,
            link,
            f"dimension {open_ended[0]!r} is in one of the two only, and has no total to compare",
        )
    return theirs


def _contract_of(release: Release, papers: Papers) -> Contract | None:
    try:
        return Contract.model_validate_json(papers.read(release.document("contract.json")))
    except (KeyError, ValidationError):
        return None


def _misfit(contract: Contract, link: LinkedDataset, why: str) -> ContractInvalid:
    return ContractInvalid(
        f"Dataset {contract.id!r}: linked_to {link.dataset!r} does not fit: {why}.",
        f"Correct linked_to in config/datasets/{contract.id}.yaml or {link.dataset}.yaml.",
    )


def _seen(
    release: Release,
    publication: PublicationTable,
    contract: Contract,
    tables: Tables,
    link: LinkedDataset | None = None,
) -> SeenTable:
    counts = tuple(m.name for m in contract.publication.counts())
    names, dataset = (link.names, link.dataset) if link else ({}, None)
    form = SeenForm(publication, names, counts, dataset)
    return form.seen(tables.load(release.private), tables.load(release.public))
