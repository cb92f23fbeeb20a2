"""What `clear` attacks, and what it writes down of it: counts, codes and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit.amounts import given_away, lone_contributors
from opengazette.disclosure.audit.audit import PublishedTable, audit
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.insiders import Insider
from opengazette.disclosure.masking.annotation import annotation_of, tells_reasons, told_falsely
from opengazette.disclosure.primary.amounts import every_sum, seen_before
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.primary.protected_cells import Concern, ProtectedCounts
from opengazette.disclosure.releases.continuity import EarlierTable
from opengazette.disclosure.tables.structure import published_amounts
from opengazette.documentation.evidence import Check
from opengazette.errors import AuditFailed, DisclosureRisk
from opengazette.model.contract import Contract
from opengazette.model.rulepack import RulePack

CALL_THE_EXPERT = (
    "Nothing was published. Call the statistical expert; the two tables are in the archive."
)


def attacked(
    contract: Contract,
    attacker: PublishedTable,
    concerns: Sequence[Concern],
    rule: SmallCountRule,
    insiders: Sequence[Insider],
    *,
    withheld: int,
    guess: Guess,
) -> list[Check]:
    """Attack every protected count, with all that the public and insiders know.

    `withheld` numbers the counts that tonight's table withholds; a `guess` only saves time.

    Raises:
        AuditFailed: a count can be narrowed further than it may.
    """
    if rule.threshold <= rule.least:
        checks = [Check("Small counts need no protection", "by the assessment above")]
    else:
        checks = []
    for concern in concerns:
        checks += _attacked(contract, attacker, concern, rule, insiders, withheld, guess)
    if contract.publication.suppression.singletons:
        found = f"{len(insiders)} people attacked, each with what they know of themselves"
        checks.append(Check("Nobody who is alone in a count learns of another", found))
    return checks


def _attacked(
    contract: Contract,
    attacker: PublishedTable,
    concern: Concern,
    rule: SmallCountRule,
    insiders: Sequence[Insider],
    withheld: int,
    guess: Guess,
) -> list[Check]:
    demand = concern.demand
    result = audit(attacker, concern.cells, demand, rule, insiders=insiders, guess=guess)
    small = isinstance(demand, Protection)
    what = "small counts" if small else "counts withheld by decision"
    asked = (
        f"below {demand.low} to {demand.high}"
        if isinstance(demand, Protection)
        else f"to less than {demand.least} apart"
    )
    if not result.passed:
        raise AuditFailed(
            f"{contract.id}: the audit found {result.n_exposed} {what} shown, "
            f"{result.n_narrow} that can be narrowed {asked}, "
            f"and {result.n_undecided} that it could not settle, of {result.n_protected}.",
            CALL_THE_EXPERT,
        )
    found = (
        f"{result.n_protected} attacked through totals, parts and rates; {withheld} withheld in all"
    )
    if not small:
        return [Check(f"No count withheld by decision can be narrowed {asked}", found)]
    return [
        Check("No small count is shown", f"{result.n_protected} are withheld"),
        Check(f"No small count can be narrowed {asked}", found),
    ]


def decisions_kept(
    contract: Contract, public: pd.DataFrame, counts: ProtectedCounts
) -> list[Check]:
    """See that what a person wants shown is shown; what is to be withheld is attacked.

    Raises:
        DisclosureRisk: a count is blank that is to be shown.
    """
    blank = sum(int((public[m].isna().to_numpy() & kept).sum()) for m, kept in counts.kept.items())
    if blank:
        raise DisclosureRisk(
            f"{contract.id}: {blank} counts are withheld that a decision wants shown.",
            CALL_THE_EXPERT,
        )
    return [
        Check(f"Counts {entry.be} by decision of {entry.decided_by}", f"{n}: {entry.reason}")
        for entry, n in counts.decisions
    ]


def refuse_untrue_codes(
    contract: Contract, public: pd.DataFrame, small: Mapping[str, NDArray[np.bool_]]
) -> None:
    """Refuse annotation codes that tell why a count is withheld where they may not, or falsely.

    Raises:
        DisclosureRisk: codes tell what the contract does not let them, or another reason.
    """
    publication = contract.publication
    if not tells_reasons(public, publication):
        return
    may = publication.suppression.annotation != "merged"
    wrong = told_falsely(public, publication, small)
    if wrong or not may:
        raise DisclosureRisk(
            f"{contract.id}: annotation codes tell why counts are withheld, "
            + (f"{wrong} of them falsely." if may else "which the contract does not allow."),
            CALL_THE_EXPERT,
        )


def codes_found(
    contract: Contract,
    public: pd.DataFrame,
    attacker: PublishedTable,
    small: Mapping[str, NDArray[np.bool_]],
    concerns: Sequence[Concern],
    rule: SmallCountRule,
    insiders: Sequence[Insider],
    guess: Guess,
) -> list[Check]:
    """Say why the codes of a table tell the reasons, or do not; what they give away is attacked."""
    publication = contract.publication
    if publication.suppression.annotation == "merged":
        return []
    decision = annotation_of(attacker, small, concerns, rule, insiders=insiders, guess=guess)
    found = decision.because
    if decision.codes == "distinguish" and not tells_reasons(public, publication):
        found = "One code is enough: it stands for both reasons, or nothing has the other."
    return [Check("Codes tell why a count is withheld only where that is safe", found)]


def amounts_attacked(
    contract: Contract,
    rule_pack: RulePack,
    public: pd.DataFrame,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    earlier: Sequence[EarlierTable],
) -> list[Check]:
    """Attack every protected amount, with all that earlier releases show of the sums.

    Raises:
        DisclosureRisk: an amount is shown beside a withheld count.
        AuditFailed: a protected amount is shown, or can be narrowed further than it may.
    """
    publication, checks = contract.publication, list[Check]()
    for amounts, measure in every_sum(true, publication, rule_pack, counts):
        name = measure.name
        beside = int((public[measure.over].isna() & public[name].notna()).sum())
        if beside:
            raise DisclosureRisk(
                f"{contract.id}: {beside} values of {name!r} are shown beside a withheld count.",
                CALL_THE_EXPERT,
            )
        seen, _ = seen_before(true, earlier, publication, name)
        secret = amounts.without(seen)
        known = public.assign(**{name: public[name].mask(seen, true[name])})
        attacker = published_amounts(publication, known, name)
        alone = publication.suppression.singletons
        people = lone_contributors(secret, attacker) if alone else ()
        shown, narrow = given_away(secret, attacker, people)
        protected = int(secret.primary.sum())
        if shown or narrow:
            raise AuditFailed(
                f"{contract.id}: the audit found {shown} protected amounts of {name!r} shown and "
                f"{narrow} that can be told too closely, of {protected}.",
                CALL_THE_EXPERT,
            )
        found = f"{protected} attacked through totals; {int(public[name].isna().sum())} withheld"
        checks.append(Check(f"No amount of few, or of one who stands out, in {name}", found))
    return checks
