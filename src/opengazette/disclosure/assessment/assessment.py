"""The six steps of the data assessment for public release, for one publication table."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from opengazette.disclosure.assessment.denominators import smallest_denominator
from opengazette.disclosure.assessment.facts import is_other, table_facts
from opengazette.disclosure.assessment.six_steps import (
    Assessment,
    Declared,
    StepDecision,
    take_steps,
    without_personal_characteristics,
)
from opengazette.errors import DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.mitigation import Mitigation
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.special_class import MandatedReportClass, SpecialClass, special_words

__all__ = ["PERSONAL", "Assessment", "StepDecision", "assess", "declared_by", "mitigated_by"]

PERSONAL = ("age", "sex", "race_ethnicity", "residence", "expected_payer", "other")
"""Kinds of dimension that always tell something of a person."""


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
    declared = declared_by(contract)
    if not declared.personal:
        return without_personal_characteristics(declared)
    facts = table_facts(contract, table, populations)
    return take_steps(declared, facts, smallest_denominator(contract, table, populations), pack)


def declared_by(contract: Contract) -> Declared:
    """Return what a contract has recorded for the assessment."""
    rules, dimensions = contract.disclosure, contract.publication.dimensions
    personal = (*PERSONAL, "event")
    return Declared(
        personal=rules.personal_characteristics.present,
        personal_basis=rules.personal_characteristics.basis,
        high_risk=rules.high_risk.present,
        regimes=contract.legal.regimes,
        characteristics=tuple(
            f"{d.name} ({d.characteristic.kind})"
            for d in dimensions
            if d.characteristic.kind in personal
        ),
        others=tuple(d.name for d in dimensions if is_other(d.characteristic)),
        decisions=_decisions(contract),
        decided=tuple(d.name for d in dimensions if d.characteristic.basis),
        denominator_basis=rules.denominator.basis if rules.denominator else "not recorded",
        mitigation=mitigated_by(rules.mitigation, rules.special_class),
        special=special_words(rules.special_class) if rules.special_class else None,
        financial=any(m.financial for m in contract.publication.means()),
    )


def mitigated_by(mitigation: Mitigation | None, special: SpecialClass | None) -> str | None:
    """Return what lets a table above the limit out unmasked: a decision, or a law that asks it."""
    if mitigation is not None:
        return mitigation.text
    match special:
        case MandatedReportClass(requires_characteristics=True, law=law, decided_by=person):
            return f"{law} expressly requires these personal characteristics ({person})"
    return None


def _decisions(contract: Contract) -> tuple[str, ...]:
    recorded = {d.name: d.characteristic.basis for d in contract.publication.dimensions}
    recorded["the whole state as the only area"] = contract.disclosure.statewide
    return tuple(f"{name}: {basis}" for name, basis in recorded.items() if basis)


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
