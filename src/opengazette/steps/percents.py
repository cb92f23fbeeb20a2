"""A table of whole percents: what makes it, and what `clear` finds of it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from opengazette.disclosure.tables.percents import false_percents, whole_percents
from opengazette.documentation.evidence import Check
from opengazette.errors import AuditFailed, ContractInvalid, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.percents import PercentRules, WholePercents
from opengazette.model.publication import ANNOTATION_SUFFIX
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Release
from opengazette.ports import Tables
from opengazette.steps.attack import CALL_THE_EXPERT
from opengazette.steps.recollection import Linked, refuse_not_looked_up


def percents_table(
    contract: Contract,
    rule_pack: RulePack,
    true: pd.DataFrame,
    earlier: Sequence[Release],
    linked: Linked,
    tables: Tables,
) -> pd.DataFrame:
    """Return the public table of a contract that asks for whole percents.

    Raises:
        ContractInvalid: the rule pack has no such method.
        DisclosureRisk: a release that the public has seen may show the counts.
        CannotProtect: the table does not keep to the conditions of the method.
    """
    wanted, rules = _asked(contract, rule_pack)
    _refuse_counts_before(contract, wanted, earlier, tables)
    _refuse_counts_beside(contract, wanted, linked, tables)
    return whole_percents(true, contract.publication, wanted, rules)


def percents_found(
    contract: Contract,
    rule_pack: RulePack,
    public: pd.DataFrame,
    true: pd.DataFrame,
    earlier: Sequence[Release],
    linked: Linked,
    tables: Tables,
) -> list[Check]:
    """Hold a table of whole percents against the true counts and the conditions of the method.

    Raises:
        ContractInvalid: the rule pack has no such method.
        DisclosureRisk: a count may be public already, or a condition is not met.
        AuditFailed: a percent is not that of the true counts.
    """
    publication = contract.publication
    wanted, rules = _asked(contract, rule_pack)
    _refuse_counts_before(contract, wanted, earlier, tables)
    _refuse_counts_beside(contract, wanted, linked, tables)
    whole_percents(true, publication, wanted, rules)
    wrong = false_percents(public, true, publication, wanted)
    if wrong:
        raise AuditFailed(
            f"{contract.id}: {wrong} percents of {wanted.name!r} are not those of the counts.",
            CALL_THE_EXPERT,
        )
    small = f"<1% may be any number of people up to {rules.smallest_total // 100 - 1} or more"
    return [
        Check("No count is published: whole percents stand for them", f"{len(public)} percents"),
        Check(f"At least {rules.smallest_total:,} people in all categories", small),
        Check(f"Counts by {wanted.of} appear nowhere else", wanted.counts_nowhere_else),
        Check("Method", f"{rules.source}; decided by {wanted.decided_by}"),
    ]


def _asked(contract: Contract, rule_pack: RulePack) -> tuple[WholePercents, PercentRules]:
    wanted, rules = contract.publication.whole_percents, rule_pack.percents
    if wanted is None or rules is None:
        raise ContractInvalid(
            f"Dataset {contract.id!r}: the rule pack {rule_pack.name!r} does not let whole "
            "percents stand for counts.",
            "Publish counts, or take an edition that does.",
        )
    return wanted, rules.for_threshold(rule_pack.thresholds.numerator)


def _refuse_counts_before(
    contract: Contract, wanted: WholePercents, earlier: Sequence[Release], tables: Tables
) -> None:
    """Refuse to go on after a release of anything but these percents, whatever it called them."""
    mine = {*contract.publication.key(), wanted.name, wanted.name + ANNOTATION_SUFFIX}
    other = sum(
        set(release.public.columns) != mine or _has_numbers(tables.load(release.public))
        for release in earlier
    )
    if other:
        raise DisclosureRisk(
            f"{contract.id}: {other} earlier releases show something other than these percents: "
            "they may show the counts for which the percents are to stand.",
            "Publish counts as before, or a dataset of another id once no count of it is public.",
        )


def _refuse_counts_beside(
    contract: Contract, wanted: WholePercents, linked: Linked, tables: Tables
) -> None:
    """Refuse numbers by the same variable in a dataset of the same records."""
    refuse_not_looked_up(contract, linked)
    for link in contract.linked_to:
        of = link.names.get(wanted.of, wanted.of)
        shown = [r for r in linked[link.dataset] if of in r.public.columns]
        told = sum(_has_numbers(tables.load(release.public)) for release in shown)
        if told:
            raise DisclosureRisk(
                f"{contract.id}: {told} releases of {link.dataset!r} show numbers by "
                f"{wanted.of!r}, of which whole percents tell only as long as there are none.",
                "Publish counts, or take the variable out of the percents.",
            )


def _has_numbers(public: pd.DataFrame) -> bool:
    """Tell whether a table has a column of numbers; percents are written as text."""
    return len(public.select_dtypes("number").columns) > 0
