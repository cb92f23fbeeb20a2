"""Turn records into a publication table in which nobody can be found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd

from opengazette.disclosure.assessment import Assessment, assess
from opengazette.disclosure.complementary import protect
from opengazette.disclosure.margins import with_margins
from opengazette.disclosure.primary import Protection, SmallCountRule
from opengazette.disclosure.structure import cell_table
from opengazette.disclosure.withholding import withhold
from opengazette.documentation.evidence import canonical_json
from opengazette.model.contract import Contract
from opengazette.model.receipts import Receipt
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Deidentified, Validated
from opengazette.ports import Archive, Papers, Tables, Tabulator


def deidentify(
    validated: Validated,
    contract: Contract,
    rule_pack: RulePack,
    populations: Mapping[str, PopulationTable],
    archive: Archive,
    tabulator: Tabulator,
    tables: Tables,
    papers: Papers,
) -> Deidentified:
    """Generalise, add up, assess and mask a table.

    The true table stays in the archive for `clear`, which does not trust this step.

    Raises:
        StandardsNotMet: values fit no band or category.
        DisclosureRisk: the assessment refuses the table.
        CannotProtect: no pattern of withheld cells satisfies the policy.
    """
    base = tabulator.tabulate(archive.fetch(validated.table.sha256), contract)
    true = with_margins(base, contract.publication)
    assessment = assess(contract, true, populations, rule_pack)
    public, primary, complementary = _mask(contract, rule_pack, true, assessment)
    receipt = Receipt(
        "deidentify",
        {
            "rows": len(public),
            "base cells": len(base),
            "score": assessment.score.total if assessment.score else None,
            "primary": primary,
            "complementary": complementary,
            "rule pack": rule_pack.name,
        },
    )
    return Deidentified(
        dataset=validated.dataset,
        contract=validated.contract,
        rule_pack=rule_pack.fingerprint(),
        extract=validated.table,
        public=tables.save(contract.id, public),
        private=tables.save(contract.id, true),
        assessment=papers.file(
            "assessment.json",
            "application/json",
            canonical_json([asdict(step) for step in assessment.steps]),
        ),
        receipts=(*validated.receipts, receipt),
    )


def _mask(
    contract: Contract, rule_pack: RulePack, true: pd.DataFrame, assessment: Assessment
) -> tuple[pd.DataFrame, int, int]:
    if not assessment.must_withhold_small:
        shown = {m.name: np.zeros(len(true), dtype=bool) for m in contract.publication.counts()}
        return withhold(true, contract.publication, shown), 0, 0
    threshold = rule_pack.thresholds.numerator
    pattern = protect(
        cell_table(contract.publication, true),
        SmallCountRule(threshold, measures=tuple(m.name for m in contract.publication.counts())),
        Protection(1, threshold - 1),
    )
    public = withhold(true, contract.publication, pattern.withheld)
    return public, pattern.n_primary, pattern.n_complementary
