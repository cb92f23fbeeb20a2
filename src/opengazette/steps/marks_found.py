"""What `clear` finds of the annotation: whether each code is true, and what it was given for."""

from __future__ import annotations

import pandas as pd

from opengazette.disclosure.primary.marks import Marks, marks_of, miscoded
from opengazette.documentation.evidence import Check
from opengazette.errors import DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.rulepack import RulePack
from opengazette.steps.attack import CALL_THE_EXPERT


def marks_found(
    contract: Contract, rule_pack: RulePack, public: pd.DataFrame, true: pd.DataFrame
) -> list[Check]:
    """Hold every annotation code against the true table.

    Raises:
        DisclosureRisk: a code says something else than what became of its value, or an estimate
            is shown that is too unsteady.
    """
    publication = contract.publication
    marks = marks_of(true, publication, rule_pack)
    wrong = miscoded(public, true, publication, marks)
    if wrong:
        named = ", ".join(f"{name} ({count})" for name, count in wrong.items())
        raise DisclosureRisk(
            f"{contract.id}: annotation codes that are not true: {named}.", CALL_THE_EXPERT
        )
    compared = len(public) * len(publication.measures)
    checks = [Check("Every annotation says what became of its value", f"{compared} values")]
    checks += _financial(contract, rule_pack)
    return [*checks, *_unsteady(contract, rule_pack, marks), *_incomplete(contract, marks)]


def _financial(contract: Contract, rule_pack: RulePack) -> list[Check]:
    money = [m.name for m in contract.publication.means() if m.financial]
    if not money:
        return []
    least = rule_pack.thresholds.numerator
    name = f"Amounts of fewer than {least} people are withheld whatever the score"
    return [Check(name, f"with their counts: {', '.join(money)}")]


def _unsteady(contract: Contract, rule_pack: RulePack, marks: Marks) -> list[Check]:
    asked, rules = contract.publication.reliability, rule_pack.reliability
    if asked is None or rules is None:
        return []
    gone = sum(int(found.withheld.sum()) for found in marks.unsteady.values())
    flagged = sum(int(found.flagged.sum()) for found in marks.unsteady.values())
    found = f"{gone} withheld, {flagged} marked: {asked.basis}"
    checks = [Check("Estimates too unsteady to rely on", found)]
    if asked.survey is not None:
        survey = rules.surveys[asked.survey]
        said = f"{survey.title} ({survey.source})"
        if survey.protection is not None:
            said += f". Its own rule on privacy, for the expert to weigh: {survey.protection}"
        checks.append(Check("Rule of the survey", said))
    return checks


def _incomplete(contract: Contract, marks: Marks) -> list[Check]:
    marked = sum(int(here.sum()) for here in marks.incomplete.values())
    reasons = "; ".join(entry.reason for entry in contract.publication.incomplete)
    return [Check("Values marked as incomplete", f"{marked}: {reasons}")] if marked else []
