"""The evidence of a release: what was decided, computed and attacked, in names and counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from opengazette.disclosure.assessment import Assessment
from opengazette.model.contract import Contract
from opengazette.model.rulepack import RulePack
from opengazette.model.stages import Deidentified


@dataclass(frozen=True)
class Check:
    """One thing that the second pair of eyes looked for, and what it found."""

    name: str
    found: str


def canonical_json(value: object) -> bytes:
    """Return JSON in one form: sorted keys, two spaces, UTF-8, one final line break."""
    return (json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2) + "\n").encode()


def assessment_lines(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the steps of an assessment, in order, as plain values."""
    return [asdict(step) for step in assessment.steps]


def evidence_of(
    deidentified: Deidentified,
    contract: Contract,
    rule_pack: RulePack,
    assessment: Assessment,
    checks: Sequence[Check],
    withheld: dict[str, tuple[int, int]],
) -> dict[str, Any]:
    """Assemble the evidence; it holds no time of day, so equal releases have equal evidence.

    `withheld` maps each count to its numbers of primary and complementary cells.
    """
    rows = deidentified.public.rows
    primary = sum(first for first, _ in withheld.values())
    complementary = sum(second for _, second in withheld.values())
    return {
        "dataset": contract.id,
        "contract": deidentified.contract,
        "rule_pack": {
            "name": rule_pack.name,
            "title": rule_pack.title,
            "fingerprint": deidentified.rule_pack,
        },
        "extract": deidentified.extract.sha256,
        "public_table": deidentified.public.sha256,
        "rows": rows,
        "count_cells": rows * len(contract.publication.counts()),
        "primary": primary,
        "complementary": complementary,
        "withheld_cells": primary + complementary,
        "withheld": {
            name: {"primary": first, "complementary": second}
            for name, (first, second) in withheld.items()
        },
        "assessment": assessment_lines(assessment),
        "score": _score(assessment),
        "legend": legend(assessment, rule_pack),
        "checks": [asdict(check) for check in checks],
    }


def legend(assessment: Assessment, rule_pack: RulePack) -> str:
    """Say what a blank cell means, in words for the public."""
    if not assessment.must_withhold_small:
        return "Every count is shown. A 0 is a true zero."
    threshold = rule_pack.thresholds.numerator
    return (
        f"A blank count is withheld to protect people's privacy: either it is from 1 to "
        f"{threshold - 1}, or it would let such a count be worked out. The table does not say "
        f"which of the two. A 0 is a true zero. Rates and averages of withheld counts are blank too."
    )


def _score(assessment: Assessment) -> dict[str, Any] | None:
    if assessment.score is None:
        return None
    return {
        "total": assessment.score.total,
        "limit": assessment.score.limit,
        "lines": [asdict(line) for line in assessment.score.lines],
    }
