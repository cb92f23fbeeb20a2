"""Attack tonight's table as somebody does who has kept every release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from opengazette.disclosure.audit.audit import audit
from opengazette.disclosure.audit.guess import Guess
from opengazette.disclosure.audit.insiders import Insider, singletons
from opengazette.disclosure.audit.memory import Reader, given_away_before, reader_of
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.primary.protected_cells import Concern, ProtectedCounts
from opengazette.disclosure.releases.seen import Mask, Meanings, Quantity
from opengazette.disclosure.tables.measure_sums import measure_sums
from opengazette.disclosure.tables.structure import cell_table, published_table
from opengazette.documentation.evidence import Check
from opengazette.errors import AuditFailed
from opengazette.model.contract import Contract
from opengazette.steps.attack import CALL_THE_EXPERT, attacked
from opengazette.steps.recollection import Recollection, growing


class Attack(NamedTuple):
    """What somebody finds who has kept every release: the reader and the guess are private."""

    reader: Reader
    guess: Guess
    concerns: list[Concern]
    insiders: tuple[Insider, ...]
    checks: list[Check]


def attacked_with_memory(
    contract: Contract,
    rule: SmallCountRule,
    public: pd.DataFrame,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    recollection: Recollection,
    proof: pd.DataFrame | None = None,
) -> Attack:
    """Attack tonight's table as somebody does who has kept every release.

    `proof` lists moves that may show how far withheld counts can go; each is checked. `rule` says
    which counts of other releases are small. Protected are tonight's counts, the small counts that
    other releases withhold, and small growths. What earlier releases have given away together is
    not asked of tonight's table, but it must not say more of it.

    Raises:
        AuditFailed: a count can be narrowed further than it may; or a rate or mean is shown
            although a count that it is made of is withheld.
    """
    publication, names = contract.publication, Meanings()
    shown = published_table(publication, public, measure_sums(true, publication))
    tonight = cell_table(publication, true)
    grows, protection = growing(contract), Protection(1, rule.threshold - 1)
    reader = reader_of(shown, tonight.counts, recollection.seen, rule, grows, meanings=names)
    alone = publication.suppression.singletons
    insiders = singletons(reader.published, reader.true) if alone else ()
    blank = sum(int(public[m.name].isna().sum()) for m in publication.counts())
    concerns, past = reader.concerns(counts.concerns), reader.past(rule, protection)
    guess = reader.guess(proof)

    def tonight_attacked(concerns: Sequence[Concern]) -> list[Check]:
        attacker, rule = reader.published, counts.rule
        return attacked(contract, attacker, concerns, rule, insiders, withheld=blank, guess=guess)

    checks: list[Check] = []
    lost: Mapping[Quantity, tuple[float, float]] = {}
    try:
        checks = tonight_attacked(concerns)
        checks += _past_attacked(contract, reader, past, rule, insiders, guess)
    except AuditFailed:
        lost = given_away_before(
            shown, tonight.counts, recollection.seen, rule, protection, grows, meanings=names
        )
        if not lost:
            raise
    if lost:
        spared = reader.named(lost)
        _refuse_more(contract, reader, lost, spared, rule)
        concerns, past = [c.without(spared) for c in concerns], past.without(spared)
        checks = tonight_attacked(concerns)
        checks += _past_attacked(contract, reader, past, rule, insiders, guess)
        found = f"{_number(spared)} counts, of which this table says no more"
        checks.append(Check("Small counts that earlier releases give away together", found))
    checks += _compared(contract, reader, recollection)
    return Attack(reader, guess, concerns, insiders, checks)


def _past_attacked(
    contract: Contract,
    reader: Reader,
    past: Concern,
    rule: SmallCountRule,
    insiders: tuple[Insider, ...],
    guess: Guess,
) -> list[Check]:
    if not past.any:
        return []
    attacker = reader.published
    result = audit(attacker, past.cells, past.demand, rule, insiders=insiders, guess=guess)
    if result.n_narrow or result.n_undecided:
        raise AuditFailed(
            f"{contract.id}: together with the releases that the public has seen, this table "
            f"narrows {result.n_narrow} small counts of those releases, or small numbers added "
            f"since, and the audit could not settle {result.n_undecided}, of "
            f"{result.n_protected}.",
            CALL_THE_EXPERT,
        )
    found = f"{result.n_protected} attacked through what all releases show together"
    return [Check("No small count of another release, or added since, can be narrowed", found)]


def _refuse_more(
    contract: Contract,
    reader: Reader,
    lost: Mapping[Quantity, tuple[float, float]],
    spared: Mapping[str, Mask],
    rule: SmallCountRule,
) -> None:
    """Refuse a table that says more of a count than earlier releases gave away."""
    now = reader.intervals(spared, Protection(1, rule.threshold - 1), rule)
    narrower = sum(now[name] != lost[name] for name in now)
    if narrower:
        raise AuditFailed(
            f"{contract.id}: earlier releases give {len(lost)} small counts away together, and "
            f"this table narrows {narrower} of them further.",
            CALL_THE_EXPERT,
        )


def _compared(contract: Contract, reader: Reader, recollection: Recollection) -> list[Check]:
    if not reader.compared and not contract.linked_to:
        return []
    read = f"{recollection.own} of this dataset, {recollection.linked} of linked ones"
    return [
        Check("Releases that the public has seen are held against this one", read),
        Check("What they say of withheld counts beyond this table", f"{reader.facts} equations"),
    ]


def _number(masks: Mapping[str, Mask]) -> int:
    return sum(int(mask.sum()) for mask in masks.values())
