"""Whether a contract asks for what its rule pack allows."""

from __future__ import annotations

from collections.abc import Iterator

from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.rulepack import RulePack


def refuse_unfit(contract: Contract, pack: RulePack) -> None:
    """Refuse a contract that asks for what its rule pack does not allow.

    Raises:
        ContractInvalid: as `unfit` says.
    """
    for field, reason, fix in unfit(contract, pack):
        where = ".".join(field)
        problem = f"Dataset {contract.id!r}, {where}: {reason}."
        raise ContractInvalid(problem, f"{fix[0].upper()}{fix[1:]}.")


def unfit(contract: Contract, pack: RulePack) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Say where a contract asks for what its rule pack does not allow: field, reason and fix."""
    publication = contract.publication
    if publication.suppression.annotation != "merged" and pack.readings.annotation == "merged":
        field = ("publication", "suppression", "annotation")
        reason = f"the rule pack {pack.name!r} lets no table tell why a count is withheld"
        yield field, reason, "write `annotation: merged`, or leave it out"
    if publication.sums() and pack.amounts is None:
        name = publication.sums()[0].name
        reason = f"{name!r} is a sum, and the rule pack {pack.name!r} has no rules for amounts"
        fix = f"add `amounts:` to config/rulepacks/{pack.name}.yaml, or drop the measure"
        yield ("publication", "measures"), reason, fix
    yield from _unfit_reliability(contract, pack)
    yield from _unfit_percents(contract, pack)


def _unfit_reliability(
    contract: Contract, pack: RulePack
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    asked, field = contract.publication.reliability, ("publication", "reliability")
    if asked is None:
        return
    if pack.reliability is None:
        reason = f"the rule pack {pack.name!r} does not say when an estimate is unsteady"
        yield field, reason, "take an edition that does, or drop `reliability`"
    elif asked.survey is not None and asked.survey not in pack.reliability.surveys:
        reason = f"{asked.survey!r} is no survey of the rule pack {pack.name!r}"
        listed = ", ".join(pack.reliability.surveys)
        yield (*field, "survey"), reason, f"write one of: {listed}"


def _unfit_percents(
    contract: Contract, pack: RulePack
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if contract.publication.whole_percents is None:
        return
    field = ("publication", "whole_percents")
    if pack.percents is None:
        reason = f"the rule pack {pack.name!r} does not let whole percents stand for counts"
        yield field, reason, "take an edition that does, or publish counts"
    if contract.linked_to:
        named = contract.linked_to[0].dataset
        reason = f"counts of these people are published in the linked dataset {named!r} too"
        yield field, reason, "publish counts here as well, or none there"
