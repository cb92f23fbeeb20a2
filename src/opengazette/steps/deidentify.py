"""Turn records into a publication table in which nobody can be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pandas as pd

from opengazette.disclosure.assessment.assessment import assess
from opengazette.disclosure.masking.amounts import masked_amounts
from opengazette.disclosure.masking.annotation import told_before
from opengazette.disclosure.primary.contributions import with_contributions
from opengazette.disclosure.primary.marks import marked, marks_of
from opengazette.disclosure.primary.protected_cells import (
    ProtectedCounts,
    protected_counts,
    small_counts_withheld,
)
from opengazette.disclosure.releases.continuity import EarlierTable
from opengazette.disclosure.tables.margins import with_margins
from opengazette.disclosure.tables.mean_totals import refuse_told_totals
from opengazette.documentation.evidence import canonical_json
from opengazette.governance.approvals import policy_fingerprint
from opengazette.governance.rule_pack_fit import refuse_unfit
from opengazette.model.contract import Contract
from opengazette.model.publication import PublicationTable
from opengazette.model.receipts import Receipt
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Deidentified, Release, TableRef, Validated
from opengazette.ports import Archive, Papers, Tables, Tabulator
from opengazette.steps.masked_counts import public_table, withheld_counts
from opengazette.steps.percents import percents_table
from opengazette.steps.recollection import Linked, Recollection, recollected, rule_of_the_past


def deidentify(
    validated: Validated,
    contract: Contract,
    rule_pack: RulePack,
    populations: Mapping[str, PopulationTable],
    earlier: Sequence[Release],
    archive: Archive,
    tabulator: Tabulator,
    tables: Tables,
    papers: Papers,
    *,
    linked: Linked | None = None,
) -> Deidentified:
    """Generalise, add up, assess and mask a table.

    `earlier` are the releases that the public has seen, newest first: what they show and has not
    changed stays shown, and what they withhold is withheld again where that can be. No small
    count of theirs, or of the releases of `linked` datasets, follows from tonight's table; nor,
    where counts only grow, a small number that was added. A table that has not changed at all
    is masked as it was. The true table stays in the archive for `clear`,
    which does not trust this step.

    Raises:
        ContractInvalid: the rule pack does not allow what the contract asks for.
        StandardsNotMet: values fit no band or category.
        DisclosureRisk: the assessment refuses the table.
        CannotProtect: no pattern of withheld cells satisfies the policy.
    """
    refuse_unfit(contract, rule_pack)
    extract = archive.fetch(validated.table.sha256)
    base = tabulator.tabulate(extract, contract)
    true = with_margins(base, contract.publication)
    for measure in contract.publication.sums():
        given = tabulator.contributions(extract, contract, measure)
        true = with_contributions(true, contract.publication, measure.name, given)
    private = tables.save(contract.id, true)
    policy = policy_fingerprint(contract, rule_pack, populations)
    assessment = assess(contract, true, populations, rule_pack)
    small = small_counts_withheld(contract.publication, assessment)
    if small:
        least = rule_pack.thresholds.numerator
        refuse_told_totals(base, true, contract.publication, threshold=least)
    if (before := _same_table(private, validated, policy, earlier)) is not None:
        public, proof = tables.load(before.public), before.proof
    elif contract.publication.whole_percents is not None:
        public = percents_table(contract, rule_pack, true, earlier, linked or {}, tables)
        proof = None
    else:
        recollection = recollected(contract, earlier, linked or {}, tables, papers)
        counts = protected_counts(true, contract.publication, rule_pack, small_withheld=small)
        public, proof = _masked(contract, rule_pack, true, counts, recollection, earlier, tables)
    receipt = Receipt(
        "deidentify",
        {
            "rows": len(public),
            "base cells": len(base),
            "score": assessment.score.total if assessment.score else None,
            "withheld": _blank(public, contract.publication),
            "rule pack": rule_pack.name,
            "earlier releases": len(earlier),
        },
    )
    return Deidentified(
        dataset=validated.dataset,
        contract=validated.contract,
        rule_pack=policy,
        extract=validated.table,
        public=tables.save(contract.id, public),
        private=private,
        assessment=papers.file(
            "assessment.json",
            "application/json",
            canonical_json([asdict(step) for step in assessment.steps]),
        ),
        receipts=(*validated.receipts, receipt),
        proof=proof,
    )


def _masked(
    contract: Contract,
    rule_pack: RulePack,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    recollection: Recollection,
    earlier: Sequence[Release],
    tables: Tables,
) -> tuple[pd.DataFrame, TableRef | None]:
    """Withhold the counts, and the amounts beside them, and say why each cell is blank.

    Returns the public table, and where the moves are kept that show how far withheld counts can
    go, if any can.
    """
    seen = [EarlierTable(tables.load(r.private), tables.load(r.public)) for r in earlier]
    publication, past = contract.publication, rule_of_the_past(rule_pack)
    told = told_before(true, seen, publication)
    masked = withheld_counts(contract, past, true, counts, recollection, told)
    amounts = masked_amounts(true, publication, rule_pack, counts, masked.withheld, seen)
    withheld = masked.withheld | amounts
    public = public_table(contract, past, true, counts, withheld, recollection)
    moves = masked.proof
    proof = tables.save(contract.id, moves) if moves is not None and len(moves) else None
    return marked(public, publication, marks_of(true, publication, rule_pack)), proof


def _blank(public: pd.DataFrame, publication: PublicationTable) -> int:
    """Count the withheld counts; one that is not published at all is withheld in every row."""
    return sum(
        int(public[m.name].isna().sum()) if m.name in public else len(public)
        for m in publication.counts()
    )


def _same_table(
    private: TableRef, validated: Validated, policy: str, earlier: Sequence[Release]
) -> Release | None:
    """Find the newest release of exactly this table under exactly these rules."""
    rules = (private.sha256, validated.contract, policy)
    return next((r for r in earlier if (r.private.sha256, r.contract, r.rule_pack) == rules), None)
