"""Choose the counts to withhold, with all that the public has seen before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opengazette.disclosure.audit.audit import attack
from opengazette.disclosure.audit.insiders import singletons
from opengazette.disclosure.audit.memory import given_away_before, reader_of
from opengazette.disclosure.masking.annotation import Codes, annotation_of
from opengazette.disclosure.masking.counts import withheld_despite, withheld_for
from opengazette.disclosure.masking.prices import table_prices
from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.primary.protected_cells import ProtectedCounts
from opengazette.disclosure.releases.memory import remember
from opengazette.disclosure.releases.seen import Meanings, Quantity
from opengazette.disclosure.tables.measure_sums import measure_sums
from opengazette.disclosure.tables.structure import cell_table, published_table
from opengazette.disclosure.tables.summed_counts import withheld_with_sums
from opengazette.errors import CannotProtect
from opengazette.model.contract import Contract
from opengazette.steps.recollection import Recollection, growing

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Masked:
    """Which counts are withheld, and how it was proved that these are enough.

    Shape: one flag per row for each count; `proof` lists moves of withheld counts as
    `listed_moves` does. Private: the proof tells how far true counts can fall.
    """

    withheld: dict[str, Mask]
    proof: pd.DataFrame | None


def withheld_counts(
    contract: Contract,
    rule: SmallCountRule,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    recollection: Recollection,
    told: Mapping[str, Codes],
) -> Masked:
    """Choose the counts to withhold, and say how it was proved that these are enough.

    `rule` says which counts of other releases are small.

    Small counts of other releases, and what was added, are protected like tonight's. Where they
    cannot be protected as earlier releases give them away together, everything that was withheld
    before and has not changed stays withheld.

    Raises:
        CannotProtect: no pattern of withheld cells satisfies the policy.
    """
    names, publication = Meanings(), contract.publication
    try:
        return _withheld(contract, rule, true, counts, recollection, told, names, ())
    except CannotProtect:
        table = published_table(publication, withhold(true, publication, {}))
        lost = given_away_before(
            table,
            cell_table(publication, true).counts,
            recollection.seen,
            rule,
            Protection(1, rule.threshold - 1),
            growing(contract),
            meanings=names,
        )
        if not lost:
            raise
    return _withheld(contract, rule, true, counts, recollection, told, names, lost)


def _with_sums(
    contract: Contract,
    rule: SmallCountRule,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    recollection: Recollection,
    found: Mapping[str, Mask],
    names: Meanings,
    lost: Collection[Quantity],
) -> dict[str, Mask]:
    """Withhold further counts where others of the row add up to them, or they to others."""
    publication, sums = contract.publication, measure_sums(true, contract.publication)
    numbers, range_ = cell_table(publication, true).counts, Protection(1, rule.threshold - 1)

    def holds(pattern: Mapping[str, Mask]) -> bool:
        shown = published_table(publication, withhold(true, publication, pattern), sums)
        seen, grows = recollection.seen, growing(contract)
        reader = reader_of(shown, numbers, seen, rule, grows, meanings=names)
        spared = reader.named(lost)
        concerns = [*reader.concerns(counts.concerns), reader.past(rule, range_)]
        wanted = [concern.without(spared) for concern in concerns]
        attacker, guess = reader.published, reader.guess()
        findings = (attack(attacker, c.cells, c.demand, rule, guess=guess) for c in wanted)
        return all(each.covered and each.proved for found in findings for each in found)

    return withheld_with_sums(true, sums, found, holds)


def _withheld(
    contract: Contract,
    rule: SmallCountRule,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    recollection: Recollection,
    told: Mapping[str, Codes],
    names: Meanings,
    lost: Collection[Quantity],
) -> Masked:
    publication = contract.publication
    tonight = cell_table(publication, true)
    grows = growing(contract)
    joint = remember(tonight, recollection.seen, grows, rule=rule, given_away=lost, meanings=names)
    concerns = joint.concerns(counts.concerns, rule, Protection(1, rule.threshold - 1))
    primary = counts.primary()
    found = {m: np.zeros(len(joint.table.keys), dtype=np.bool_) for m in joint.table.measures}
    proof: pd.DataFrame | None = None
    if concerns:
        prices = joint.prices(table_prices(tonight, publication.suppression))
        kept = joint.must_publish({m: counts.kept[m] & ~primary[m] for m in primary})
        chosen = withheld_for(
            joint.table,
            rule,
            concerns,
            prices=prices,
            must_publish=kept,
            singletons=publication.suppression.singletons,
        )
        said = joint.codes(told)
        found = withheld_despite(
            said, joint.table, rule, concerns, chosen.cells, prices=prices, must_publish=kept
        )
        proof = joint.tonights_moves(chosen.moves)
    sticky, masks = joint.before if lost else {}, joint.tonight(found)
    every = {
        m: masks[m] | primary[m] | sticky.get(m, np.zeros_like(masks[m])) for m in tonight.measures
    }
    with_sums = _with_sums(contract, rule, true, counts, recollection, every, names, lost)
    return Masked(with_sums, proof)


def public_table(
    contract: Contract,
    rule: SmallCountRule,
    true: pd.DataFrame,
    counts: ProtectedCounts,
    withheld: Mapping[str, Mask],
    recollection: Recollection,
) -> pd.DataFrame:
    """Blank what is withheld, with codes that tell the reason where that is safe.

    The codes tell nothing that gives away a count to somebody who has kept every release.

    Raises:
        AuditFailed: the published values contradict each other.
    """
    publication = contract.publication
    merged = withhold(true, publication, withheld)
    if publication.suppression.annotation == "merged":
        return merged
    reader = reader_of(
        published_table(publication, merged, measure_sums(true, publication)),
        cell_table(publication, true).counts,
        recollection.seen,
        rule,
        growing(contract),
    )
    alone = publication.suppression.singletons
    decision = annotation_of(
        reader.published,
        reader.small(rule),
        [*reader.concerns(counts.concerns), reader.past(rule, Protection(1, rule.threshold - 1))],
        rule,
        insiders=singletons(reader.published, reader.true) if alone else (),
        guess=reader.guess(),
    )
    if decision.codes == "merged":
        return merged
    return withhold(true, publication, withheld, small=counts.small)
