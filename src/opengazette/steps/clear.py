"""The second pair of eyes: attack what is about to be published, and write down what was found.

This step trusts nothing that `deidentify` says. It scores the table anew, finds the small counts
anew in the true table, and lets the audit, which shares no code with the masker, work from the
published side alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.assessment.assessment import assess
from opengazette.disclosure.masking.annotation import tells_reasons
from opengazette.disclosure.masking.clearance import (
    derived_from_withheld,
    identifiers_among,
    people_alone,
    same_rows,
    shown_falsely,
    unexpected_columns,
)
from opengazette.disclosure.primary.marks import codes_used
from opengazette.disclosure.primary.protected_cells import (
    ProtectedCounts,
    protected_counts,
    small_counts_withheld,
)
from opengazette.disclosure.releases.continuity import EarlierTable
from opengazette.disclosure.tables.mean_totals import told_totals
from opengazette.documentation.evidence import Check, canonical_json, evidence_of
from opengazette.errors import ArchiveUnavailable, DisclosureRisk
from opengazette.governance.rule_pack_fit import refuse_unfit
from opengazette.model.contract import Contract
from opengazette.model.publication import PublicationTable
from opengazette.model.receipts import Receipt
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Cleared, Deidentified, Release, TablePair, TableRef
from opengazette.ports import Papers, Tables
from opengazette.steps.attack import (
    CALL_THE_EXPERT,
    amounts_attacked,
    codes_found,
    decisions_kept,
    refuse_untrue_codes,
)
from opengazette.steps.attack_memory import Attack, attacked_with_memory
from opengazette.steps.lawfulness import laws_kept
from opengazette.steps.marks_found import marks_found
from opengazette.steps.percents import percents_found
from opengazette.steps.recollection import Linked, Recollection, recollected, rule_of_the_past


def clear(
    deidentified: Deidentified,
    contract: Contract,
    rule_pack: RulePack,
    populations: Mapping[str, PopulationTable],
    earlier: Sequence[Release],
    tables: Tables,
    papers: Papers,
    *,
    linked: Linked | None = None,
) -> Cleared:
    """Pass a publication table only if every check finds nothing.

    The attacker also holds every earlier release that the public has seen, and those of `linked`
    datasets, and is taken to know which counts have not changed. Attacked with all that are
    tonight's counts, the small counts that those releases withhold, and, where counts only grow,
    what was added.

    Raises:
        ContractInvalid: the rule pack does not allow what the contract asks for.
        DisclosureRisk: the table shows something that the contract or the rules do not allow.
        AuditFailed: a protected count can be narrowed further than the policy allows.
    """
    refuse_unfit(contract, rule_pack)
    public, true = tables.load(deidentified.public), tables.load(deidentified.private)
    assessment = assess(contract, true, populations, rule_pack)
    checks = [*_compare(public, true, contract), *_look_for_identifiers(public, contract)]
    laws = laws_kept(contract, public)
    others = [r for r in earlier if not _is_this(r, deidentified)]
    if contract.publication.whole_percents is not None:
        found = _percents(contract, rule_pack, public, true, others, linked or {}, tables)
    else:
        small = small_counts_withheld(contract.publication, assessment)
        counts = protected_counts(true, contract.publication, rule_pack, small_withheld=small)
        seen = [EarlierTable(tables.load(r.private), tables.load(r.public)) for r in others]
        recollection = recollected(contract, others, linked or {}, tables, papers)
        proof = _read(deidentified.proof, tables)
        found = _counts(contract, rule_pack, public, true, counts, recollection, seen, proof)
    checks += found.checks
    evidence = evidence_of(
        deidentified,
        contract,
        rule_pack,
        [asdict(step) for step in assessment.steps],
        asdict(assessment.score) if assessment.score else None,
        checks,
        found.withheld,
        laws,
        small_withheld=found.small_withheld,
        tells_reasons=tells_reasons(public, contract.publication),
        codes=codes_used(public, contract.publication),
    )
    receipt = Receipt("clear", {"checks": len(checks), "passed": True, **found.compared})
    return Cleared(
        dataset=deidentified.dataset,
        contract=deidentified.contract,
        rule_pack=deidentified.rule_pack,
        extract=deidentified.extract,
        public=deidentified.public,
        private=deidentified.private,
        evidence=papers.file("evidence.json", "application/json", canonical_json(evidence)),
        score=assessment.score.total if assessment.score else None,
        primary=evidence["primary"],
        complementary=evidence["complementary"],
        receipts=(*deidentified.receipts, receipt),
        compared=_compared(earlier, linked or {}),
        proof=deidentified.proof,
    )


def _read(proof: TableRef | None, tables: Tables) -> pd.DataFrame | None:
    """Return what may save the attack time; one that is lost costs no more than that time."""
    try:
        return None if proof is None else tables.load(proof)
    except ArchiveUnavailable:
        return None


def _compared(earlier: Sequence[Release], linked: Linked) -> frozenset[TablePair]:
    """Return what was held against the table, so that nothing newer goes unseen."""
    others = (release for releases in linked.values() for release in releases)
    return frozenset(release.tables for release in (*earlier, *others))


class Findings(NamedTuple):
    """What was found of the values of a table.

    `withheld` maps each count to its numbers of primary and complementary cells;
    `small_withheld` tells whether small counts may be blank, `compared` numbers what was read.
    """

    checks: list[Check]
    withheld: dict[str, tuple[int, int]]
    small_withheld: bool
    compared: dict[str, int]


def _percents(
    contract: Contract,
    rule_pack: RulePack,
    public: pd.DataFrame,
    true: pd.DataFrame,
    others: Sequence[Release],
    linked: Linked,
    tables: Tables,
) -> Findings:
    """Hold whole percents against the counts that they stand for, of which none is shown."""
    checks = percents_found(contract, rule_pack, public, true, others, linked, tables)
    name = contract.publication.counts()[0].name
    small = int(true[name].between(1, rule_pack.thresholds.numerator - 1).sum())
    withheld = {name: (small, len(true) - small)}
    return Findings(checks, withheld, small_withheld=True, compared={})


def _counts(
    contract: Contract,
    rule_pack: RulePack,
    public: pd.DataFrame,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    recollection: Recollection,
    seen: Sequence[EarlierTable],
    proof: pd.DataFrame | None,
) -> Findings:
    """Attack what is shown, and hold it against the true table."""
    publication, small = contract.publication, counts.small
    checks: list[Check] = []
    refuse_untrue_codes(contract, public, small)
    checks += decisions_kept(contract, public, counts)
    past = rule_of_the_past(rule_pack)
    if counts.rule.threshold > counts.rule.least:
        checks += _means_found(contract, rule_pack, public)
    attack = attacked_with_memory(contract, past, public, true, counts, recollection, proof)
    checks += attack.checks
    checks += amounts_attacked(contract, rule_pack, public, true, counts, seen)
    checks += codes_found(
        contract,
        public,
        attack.reader.published,
        attack.reader.small(past),
        attack.concerns,
        counts.rule,
        attack.insiders,
        attack.guess,
    )
    checks += marks_found(contract, rule_pack, public, true)
    known = sum(int((small[m] & mask).sum()) for m, mask in attack.reader.already.items())
    if known:
        checks.append(Check("Small counts that an earlier release has shown", f"{known} cells"))
    withheld = _withheld(public, small, publication)
    ruled = counts.rule.threshold > counts.rule.least
    compared = {
        "earlier releases compared": recollection.own,
        "earlier releases of another form": recollection.of_another_form,
        "linked releases compared": recollection.linked,
        "small counts already public": known,
    }
    return Findings(checks, withheld, ruled or _withheld_for_others(withheld, attack), compared)


def _compare(public: pd.DataFrame, true: pd.DataFrame, contract: Contract) -> list[Check]:
    publication = contract.publication
    columns = unexpected_columns(public, publication)
    if columns:
        raise DisclosureRisk(
            f"{contract.id}: the table has columns that the contract does not publish, or lacks "
            f"some that it does: {', '.join(columns)}.",
            CALL_THE_EXPERT,
        )
    if not same_rows(public, true, publication):
        raise DisclosureRisk(
            f"{contract.id}: the masked table and the true one differ in their rows.",
            CALL_THE_EXPERT,
        )
    columns_found = Check("Columns are those of the contract", f"{len(public.columns)} columns")
    if publication.whole_percents is not None:
        return [columns_found]
    for what, found in (
        ("values that are not the true ones", shown_falsely(public, true, publication)),
        ("values that follow from a withheld count", derived_from_withheld(public, publication)),
    ):
        if found:
            named = ", ".join(f"{name} ({count})" for name, count in found.items())
            raise DisclosureRisk(f"{contract.id}: shown {what}: {named}.", CALL_THE_EXPERT)
    alone = sum(people_alone(public, publication).values())
    return [
        columns_found,
        Check("Shown values are the true ones", f"{len(public)} rows compared"),
        Check("Nothing that follows from a withheld count is shown", "rates and averages compared"),
        Check("Counts of exactly one that are shown", f"{alone} cells"),
    ]


def _means_found(contract: Contract, rule_pack: RulePack, public: pd.DataFrame) -> list[Check]:
    """See that no mean of whole numbers tells a small number of those that it adds up."""
    publication, least = contract.publication, rule_pack.thresholds.numerator
    whole = [m.name for m in publication.means() if contract.columns[m.column].type != "number"]
    told = told_totals(public, publication, whole=whole, threshold=least)
    if told:
        named = ", ".join(f"{name} ({count})" for name, count in told.items())
        raise DisclosureRisk(
            f"{contract.id}: shown means that tell, with the count beside them, a number from 1 to "
            f"{least - 1} of what they add up: {named}.",
            "Publish a count and a rate, which are withheld together, or coarser groups.",
        )
    return [Check("No mean tells a small number", f"of {', '.join(whole)}")] if whole else []


def _look_for_identifiers(public: pd.DataFrame, contract: Contract) -> list[Check]:
    found = identifiers_among(public, contract)
    if found:
        named = ", ".join(f"{f.column} ({f.labels} like a {f.kind})" for f in found)
        raise DisclosureRisk(
            f"{contract.id}: published labels look like identifiers: {named}.",
            "Ask the department to clean the column, or list the allowed values in the contract.",
        )
    columns = ", ".join(contract.publication.key())
    return [Check("No label looks like an identifier of a person", f"columns {columns}")]


def _is_this(release: Release, deidentified: Deidentified) -> bool:
    """Tell whether a release is tonight's table, so that there is nothing to compare."""
    tonight = (deidentified.private.sha256, deidentified.public.sha256)
    return (release.private.sha256, release.public.sha256) == tonight


def _withheld_for_others(withheld: Mapping[str, tuple[int, int]], attack: Attack) -> bool:
    """Tell whether counts may be withheld because of other releases, or of what was added."""
    return any(map(any, withheld.values())) and attack.reader.facts > 0


def _withheld(
    public: pd.DataFrame, small: Mapping[str, NDArray[np.bool_]], publication: PublicationTable
) -> dict[str, tuple[int, int]]:
    numbers: dict[str, tuple[int, int]] = {}
    for measure in publication.counts():
        blank = public[measure.name].isna().to_numpy()
        primary = int((blank & small[measure.name]).sum())
        numbers[measure.name] = (primary, int(blank.sum()) - primary)
    return numbers
