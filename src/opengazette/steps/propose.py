"""Set suppression against generalisation, so that a steward can choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from opengazette.disclosure.assessment.assessment import assess
from opengazette.disclosure.generalisation.proposals import MOST_TRIED, Search, least_generalisation
from opengazette.disclosure.masking.annotation import told_before
from opengazette.disclosure.primary.protected_cells import protected_counts, small_counts_withheld
from opengazette.disclosure.tables.margins import with_margins
from opengazette.errors import CannotProtect
from opengazette.governance.rule_pack_fit import refuse_unfit
from opengazette.model.contract import Contract
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Validated
from opengazette.ports import Archive, Tabulator
from opengazette.steps.masked_counts import withheld_counts
from opengazette.steps.recollection import Recollection, rule_of_the_past

NOTHING_SEEN = Recollection((), own=0, linked=0, of_another_form=0)


@dataclass(frozen=True)
class Suppressed:
    """What the contract as it stands withholds: counts with totals, of how many.

    `withheld` is None where no choice of cells is enough: `refused` says why.
    """

    counts: int
    withheld: int | None
    score: int | None
    refused: str = ""


@dataclass(frozen=True)
class Choice:
    """The two ends between which a steward chooses: hide the least, or merge the least."""

    suppressed: Suppressed
    search: Search


def propose(
    validated: Validated,
    contract: Contract,
    rule_pack: RulePack,
    populations: Mapping[str, PopulationTable],
    archive: Archive,
    tabulator: Tabulator,
    most_tried: int = MOST_TRIED,
) -> Choice:
    """Compare the least suppression of a table with the least generalisation that needs none.

    Earlier releases and linked tables are not looked at; nothing is written.

    Raises:
        ContractInvalid: the rule pack does not allow what the contract asks for.
        StandardsNotMet: values fit no band or category.
        DisclosureRisk: the table cannot be assessed.
    """
    refuse_unfit(contract, rule_pack)
    base = tabulator.tabulate(archive.fetch(validated.table.sha256), contract)
    search = least_generalisation(contract, base, populations, rule_pack, most_tried)
    return Choice(_suppressed(contract, rule_pack, populations, base), search)


def _suppressed(
    contract: Contract,
    rule_pack: RulePack,
    populations: Mapping[str, PopulationTable],
    base: pd.DataFrame,
) -> Suppressed:
    true = with_margins(base, contract.publication)
    assessment = assess(contract, true, populations, rule_pack)
    score = assessment.score.total if assessment.score else None
    cells = len(true) * len(contract.publication.counts())
    small = small_counts_withheld(contract.publication, assessment)
    counts = protected_counts(true, contract.publication, rule_pack, small_withheld=small)
    rule = rule_of_the_past(rule_pack)
    try:
        told = told_before(true, (), contract.publication)
        withheld = withheld_counts(contract, rule, true, counts, NOTHING_SEEN, told).withheld
    except CannotProtect as error:
        return Suppressed(cells, None, score, error.problem)
    return Suppressed(cells, sum(int(mask.sum()) for mask in withheld.values()), score)
