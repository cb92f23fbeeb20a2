"""The six steps of the data assessment for public release, for one publication table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from opengazette.disclosure.denominators import smallest_denominator
from opengazette.disclosure.facts import TableFacts, is_other, table_facts
from opengazette.disclosure.scoring import Score, score, smallest_cell
from opengazette.errors import DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack

PERSONAL = ("age", "sex", "race_ethnicity", "residence", "expected_payer", "other")
"""Kinds of dimension that always tell something of a person."""

Actor = Literal["contract", "software", "expert", "legal", "approver"]


@dataclass(frozen=True)
class StepDecision:
    """One step as it was taken: no count or label of the table is quoted.

    `decision` is `yes` or `no` for a question, `required` where a person must act after this.
    """

    number: int
    question: str
    decision: Literal["yes", "no", "required"]
    reason: str
    actor: Actor


@dataclass(frozen=True)
class Assessment:
    """The way of one table through the six steps; steps that are jumped are not listed.

    `must_withhold_small` is what a masker obeys: counts from 1 to the rule pack's threshold less
    one are withheld, with further cells so that none can be worked out. It holds wherever step 4
    is reached and, whatever the score, where a high-risk population is present. `needs_masking`
    tells that step 4 was reached. `score` is None where step 3 was not.
    """

    steps: tuple[StepDecision, ...]
    needs_masking: bool = False
    score: Score | None = None
    must_withhold_small: bool = False


def assess(
    contract: Contract,
    table: pd.DataFrame,
    populations: Mapping[str, PopulationTable],
    pack: RulePack,
) -> Assessment:
    """Take a true publication table with its margins through the six steps.

    Without personal characteristics step 6 follows step 1; without small numerators or
    denominators step 5 follows step 2. Nothing is withheld here.

    Raises:
        DisclosureRisk: the contract contradicts itself, or the table cannot be scored.
        ContractInvalid: a population table is missing, or lacks labels of the table.

    Source: CalHHS Data De-Identification Guidelines, Figure 5; 4.3.1; 5.6.2.
    """
    _refuse_contradiction(contract)
    declared, high_risk = (
        contract.disclosure.personal_characteristics,
        contract.disclosure.high_risk,
    )
    first = _step(1, "yes" if declared.present else "no", declared.basis, "contract")
    if not declared.present:
        return Assessment((first, _release()))
    facts = table_facts(contract, table, populations)
    denominator = smallest_denominator(contract, table, populations)
    second = _numerator_denominator(facts, denominator, pack)
    if second.decision == "no":
        steps = (first, second, _legal(contract), _release())
        return Assessment(steps, must_withhold_small=high_risk.present)
    found = score(facts, pack)
    protected = high_risk.present or bool(found.always_protected)
    needed = found.exceeds_limit or (protected and _has_small(facts, pack))
    third = _potential_risk(contract, found, needed=needed)
    fourth = (_masking(pack, found),) if needed else ()
    steps = (first, second, third, *fourth, _legal(contract), _release())
    return Assessment(steps, needed, found, needed or protected)


QUESTIONS = {
    1: "Do the data give personal characteristics of individuals?",
    2: "Is any numerator or denominator too small?",
    3: "Is there a potential risk?",
    4: "Statistical masking",
    5: "Legal review",
    6: "Departmental release procedures",
}


def _step(
    number: int, decision: Literal["yes", "no", "required"], reason: str, actor: Actor
) -> StepDecision:
    return StepDecision(number, QUESTIONS[number], decision, reason, actor)


def _refuse_contradiction(contract: Contract) -> None:
    if contract.disclosure.personal_characteristics.present:
        return
    for dimension in contract.publication.dimensions:
        if dimension.characteristic.kind in PERSONAL:
            raise DisclosureRisk(
                f"Dataset {contract.id!r} says that it gives no personal characteristics, but its "
                f"dimension {dimension.name!r} is one ({dimension.characteristic.kind}).",
                "Set personal_characteristics.present to true and add a denominator, or drop the "
                "dimension.",
            )
    if contract.disclosure.high_risk.present:
        raise DisclosureRisk(
            f"Dataset {contract.id!r} counts a high-risk population, but says that it gives no "
            "personal characteristics: its small counts would be shown.",
            "Set personal_characteristics.present to true and add a denominator.",
        )


def _has_small(facts: TableFacts, pack: RulePack) -> bool:
    return facts.smallest_count is not None and facts.smallest_count < pack.thresholds.numerator


def _numerator_denominator(
    facts: TableFacts, denominator: int | None, pack: RulePack
) -> StepDecision:
    least, people = pack.thresholds.numerator, pack.smallest_denominator
    reasons = []
    smallest = smallest_cell(facts, pack)
    if smallest is not None and smallest < least:
        reasons.append(f"a numerator is below {least}")
    if denominator is None:
        reasons.append("a denominator is not known")
    elif denominator < people:
        reasons.append(f"a denominator is below {people:,}")
    if reasons:
        return _step(2, "yes", f"{' and '.join(reasons).capitalize()}.", "software")
    reason = f"Every numerator is 0 or at least {least}, every denominator at least {people:,}."
    return _step(2, "no", reason, "software")


def _potential_risk(contract: Contract, found: Score, *, needed: bool) -> StepDecision:
    comparison = "above" if found.exceeds_limit else "not above"
    reasons = [f"The score is {found.total}, {comparison} {found.limit}."]
    if needed and not found.exceeds_limit:
        reasons.append("A high-risk population is present: small counts are always withheld.")
    others = [d.name for d in contract.publication.dimensions if is_other(d.characteristic)]
    if others:
        reasons.append(f"The expert must review other variables: {', '.join(others)}.")
    return _step(
        3, "yes" if needed else "no", " ".join(reasons), "expert" if others else "software"
    )


def _masking(pack: RulePack, found: Score) -> StepDecision:
    why = "the score demands it" if found.exceeds_limit else "a high-risk population is present"
    reason = (
        f"Counts from 1 to {pack.thresholds.numerator - 1} are withheld because {why}, with "
        "further cells so that none can be worked out, and all that is derived from them."
    )
    return _step(4, "required", reason, "software")


def _legal(contract: Contract) -> StepDecision:
    regimes = ", ".join(contract.legal.regimes)
    reason = f"Legal services decide whether a review is needed (regimes: {regimes})."
    return _step(5, "required", reason, "legal")


def _release() -> StepDecision:
    return _step(6, "required", "The approval on file lets the release go out.", "approver")
