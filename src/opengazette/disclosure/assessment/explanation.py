"""A table assessed and scored for a person to read, with what would bring it to the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from opengazette.disclosure.assessment.assessment import assess, declared_by
from opengazette.disclosure.assessment.denominators import smallest_denominator
from opengazette.disclosure.assessment.facts import TableFacts, table_facts
from opengazette.disclosure.assessment.scoring import Score, score
from opengazette.disclosure.assessment.six_steps import (
    Assessment,
    Declared,
    take_steps,
    without_personal_characteristics,
)
from opengazette.disclosure.generalisation.remedies import Remedy, cheapest_remedies
from opengazette.disclosure.primary.protected_cells import small_counts_withheld
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack


@dataclass(frozen=True)
class Explained:
    """The way of one table, and its score even where the steps do not need one.

    `crossed` are its variables of people. `remedies` are the cheapest sets of changes that bring
    the score to the limit; none where it is there already. `score` is None where the table tells
    nothing of a person. `withheld` tells that small counts are withheld, or that the score asks
    for masking: neither holds where a rule protects small counts and the table has none.
    """

    crossed: tuple[str, ...]
    assessment: Assessment
    score: Score | None = None
    remedies: tuple[Remedy, ...] = ()
    withheld: bool = False

    @property
    def outcome(self) -> Literal["release", "mask"]:
        """Say whether the table is masked."""
        return "mask" if self.withheld else "release"


def explain_nothing_personal(declared: Declared, smallest: int | None, pack: RulePack) -> Explained:
    """Return the way of a table that tells nothing of a person; amounts of money go all the same.

    Units: `smallest` is the smallest count other than 0; None where every count is 0.
    """
    steps = without_personal_characteristics(declared)
    return Explained((), steps, withheld=declared.financial and _is_small(smallest, pack))


def explain(
    declared: Declared, facts: TableFacts, denominator: int | None, pack: RulePack
) -> Explained:
    """Assess and score a table by its facts.

    Raises:
        DisclosureRisk: the table cannot be scored.
    """
    found = take_steps(declared, facts, denominator, pack)
    crossed = tuple(v.name for v in facts.variables)
    withheld = found.must_withhold_small and found.needs_masking
    return Explained(crossed, found, score(facts, pack), cheapest_remedies(facts, pack), withheld)


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
        found = assess(contract, table, populations, pack)
        asked = small_counts_withheld(contract.publication, found)
        return Explained((), found, withheld=asked and _is_small(_smallest(contract, table), pack))
    facts = table_facts(contract, table, populations)
    denominator = smallest_denominator(contract, table, populations)
    return explain(declared_by(contract), facts, denominator, pack)


def _is_small(smallest: int | None, pack: RulePack) -> bool:
    return smallest is not None and smallest < pack.thresholds.numerator


def _smallest(contract: Contract, table: pd.DataFrame) -> int | None:
    counts = table[[m.name for m in contract.publication.counts()]]
    smallest = counts.where(counts.gt(0)).min().min()
    return None if pd.isna(smallest) else int(smallest)
