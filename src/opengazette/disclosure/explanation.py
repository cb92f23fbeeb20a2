"""A table assessed and scored for a person to read, with what would bring it to the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from opengazette.disclosure.assessment import assess, declared_by
from opengazette.disclosure.denominators import smallest_denominator
from opengazette.disclosure.facts import TableFacts, table_facts
from opengazette.disclosure.remedies import Remedy, cheapest_remedies
from opengazette.disclosure.scoring import Score, score
from opengazette.disclosure.six_steps import (
    Assessment,
    Declared,
    take_steps,
    without_personal_characteristics,
)
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack


@dataclass(frozen=True)
class Explained:
    """The way of one table, and its score even where the steps do not need one.

    `crossed` are its variables of people. `remedies` are the cheapest sets of changes that bring
    the score to the limit; none where it is there already. `score` is None where the table tells
    nothing of a person.
    """

    crossed: tuple[str, ...]
    assessment: Assessment
    score: Score | None = None
    remedies: tuple[Remedy, ...] = ()

    @property
    def outcome(self) -> Literal["release", "mask"]:
        """Say whether small counts are withheld."""
        return "mask" if self.assessment.must_withhold_small else "release"


def explain_nothing_personal(declared: Declared) -> Explained:
    """Return the way of a table that tells nothing of a person."""
    return Explained((), without_personal_characteristics(declared))


def explain(
    declared: Declared, facts: TableFacts, denominator: int | None, pack: RulePack
) -> Explained:
    """Assess and score a table by its facts.

    Raises:
        DisclosureRisk: the table cannot be scored.
    """
    found = take_steps(declared, facts, denominator, pack)
    crossed = tuple(v.name for v in facts.variables)
    return Explained(crossed, found, score(facts, pack), cheapest_remedies(facts, pack))


def explain_table(
    contract: Contract,
    table: pd.DataFrame,
    populations: Mapping[str, PopulationTable],
    pack: RulePack,
) -> Explained:
    """Assess and score a true publication table with its margins.

    Raises:
        DisclosureRisk: the contract contradicts itself, or the table cannot be scored.
        ContractInvalid: a population table is missing, or lacks labels of the table.
    """
    if not contract.disclosure.personal_characteristics.present:
        return Explained((), assess(contract, table, populations, pack))
    facts = table_facts(contract, table, populations)
    denominator = smallest_denominator(contract, table, populations)
    return explain(declared_by(contract), facts, denominator, pack)
