"""Whether a standing approval still fits a release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from opengazette.model.approval import Approval, RiskEnvelope
from opengazette.model.contract import Contract
from opengazette.model.frozen import canonical_sha256
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Release

#: Room that a new approval leaves to later releases, in percentage points of withheld cells.
WITHHELD_MARGIN_POINTS = 5.0
#: Share of tonight's rows that a later release must still have.
FEWEST_ROWS_SHARE = 0.8


def policy_fingerprint(
    contract: Contract, rule_pack: RulePack, populations: Mapping[str, PopulationTable]
) -> str:
    """Return the SHA-256 of all that decides the score beside the contract and the data.

    It covers the rule pack and each population table that the contract names.
    """
    named = {name: populations[name].fingerprint() for name in contract.population_tables()}
    return canonical_sha256({"rule_pack": rule_pack.fingerprint(), "populations": named})


def withheld_percent(release: Release, count_cells: int) -> float:
    """Return the share of count cells that are withheld, in percent with two decimals."""
    if count_cells == 0:
        return 0.0
    return round(100 * (release.primary + release.complementary) / count_cells, 2)


def objections(release: Release, approval: Approval | None, count_cells: int) -> tuple[str, ...]:
    """Say why an approval does not let a release out; empty when it does.

    Units: `count_cells` is rows times counts of the publication table.
    Source: CalHHS Open Data Handbook 1.2, approvals for each data table.
    """
    if approval is None:
        return ("nobody has approved it yet",)
    found: list[str] = []
    envelope = approval.envelope
    if approval.dataset != release.dataset:
        found.append(f"the approval is for {approval.dataset!r}")
    if approval.contract != release.contract:
        found.append("the contract has changed since it was approved")
    if approval.rule_pack != release.rule_pack:
        found.append("the rule pack or a population table has changed since it was approved")
    if release.score is not None and (
        envelope.highest_score is None or release.score > envelope.highest_score
    ):
        found.append(f"its score {release.score} is above the approved {envelope.highest_score}")
    share = withheld_percent(release, count_cells)
    if share > envelope.largest_withheld_percent:
        found.append(
            f"{share} percent of its counts are withheld, above the approved "
            f"{envelope.largest_withheld_percent}"
        )
    if release.public.rows < envelope.fewest_rows:
        found.append(
            f"it has {release.public.rows} rows, fewer than the approved {envelope.fewest_rows}"
        )
    return tuple(found)


def standing_approval(
    release: Release,
    count_cells: int,
    *,
    approver: str,
    role: str,
    approved_on: date,
    reason: str,
) -> Approval:
    """Make the approval that lets this release and later ones like it go out."""
    share = withheld_percent(release, count_cells)
    return Approval(
        dataset=release.dataset,
        contract=release.contract,
        rule_pack=release.rule_pack,
        envelope=RiskEnvelope(
            highest_score=release.score,
            largest_withheld_percent=min(100.0, round(share + WITHHELD_MARGIN_POINTS, 2)),
            fewest_rows=max(1, int(release.public.rows * FEWEST_ROWS_SHARE)),
        ),
        approver=approver,
        role=role,
        approved_on=approved_on,
        reason=reason,
    )
