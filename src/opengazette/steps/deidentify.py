"""Turn records into a publication table in which nobody can be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.assessment import assess
from opengazette.disclosure.complementary import count_weights, protect
from opengazette.disclosure.continuity import Carried, EarlierTable, carried_over
from opengazette.disclosure.margins import with_margins
from opengazette.disclosure.primary import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.structure import cell_table
from opengazette.disclosure.withholding import withhold
from opengazette.documentation.evidence import canonical_json
from opengazette.governance.approvals import policy_fingerprint
from opengazette.model.contract import Contract
from opengazette.model.receipts import Receipt
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Deidentified, Release, TableRef, Validated
from opengazette.ports import Archive, Papers, Tables, Tabulator

#: Price of a cell that was withheld before and has not changed, beside 1 for any other.
PRICE_OF_WITHHELD_BEFORE = 0.01


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
) -> Deidentified:
    """Generalise, add up, assess and mask a table.

    `earlier` are the releases that the public has seen, newest first: what they show and has not
    changed stays shown, and what they withhold is withheld again where that can be. A table that
    has not changed at all is masked as it was. The true table stays in the archive for `clear`,
    which does not trust this step.

    Raises:
        StandardsNotMet: values fit no band or category.
        DisclosureRisk: the assessment refuses the table.
        CannotProtect: no pattern of withheld cells satisfies the policy.
    """
    base = tabulator.tabulate(archive.fetch(validated.table.sha256), contract)
    true = with_margins(base, contract.publication)
    private = tables.save(contract.id, true)
    policy = policy_fingerprint(contract, rule_pack, populations)
    assessment = assess(contract, true, populations, rule_pack)
    if not assessment.must_withhold_small:
        public = withhold(true, contract.publication, _nothing(true, contract))
    elif (before := _same_table(private, validated, policy, earlier)) is not None:
        public = tables.load(before.public)
    else:
        seen = [EarlierTable(tables.load(r.private), tables.load(r.public)) for r in earlier]
        carried = carried_over(true, seen, contract.publication)
        public = _mask(contract, rule_pack, true, carried)
    withheld = sum(int(public[m.name].isna().sum()) for m in contract.publication.counts())
    receipt = Receipt(
        "deidentify",
        {
            "rows": len(public),
            "base cells": len(base),
            "score": assessment.score.total if assessment.score else None,
            "withheld": withheld,
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
    )


def _nothing(true: pd.DataFrame, contract: Contract) -> dict[str, NDArray[np.bool_]]:
    return {m.name: np.zeros(len(true), dtype=np.bool_) for m in contract.publication.counts()}


def _same_table(
    private: TableRef, validated: Validated, policy: str, earlier: Sequence[Release]
) -> Release | None:
    """Find the newest release of exactly this table under exactly these rules."""
    rules = (private.sha256, validated.contract, policy)
    return next((r for r in earlier if (r.private.sha256, r.contract, r.rule_pack) == rules), None)


def _mask(
    contract: Contract, rule_pack: RulePack, true: pd.DataFrame, carried: Carried
) -> pd.DataFrame:
    threshold = rule_pack.thresholds.numerator
    names = tuple(m.name for m in contract.publication.counts())
    rule = SmallCountRule(threshold, measures=names)
    small = {name: primary_cells(true[name].to_numpy(dtype=np.int64), rule) for name in names}
    table = cell_table(contract.publication, true)
    prices = count_weights(table)
    for name in names:
        prices[name] = np.where(
            carried.withheld[name], PRICE_OF_WITHHELD_BEFORE * prices[name], prices[name]
        )
    pattern = protect(
        table,
        rule,
        Protection(1, threshold - 1),
        weights=prices,
        must_publish={name: carried.shown[name] & ~small[name] for name in names},
    )
    return withhold(true, contract.publication, pattern.withheld)
