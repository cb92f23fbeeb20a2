"""The evidence of a release: what was decided, computed and attacked, in names and counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

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


def evidence_of(
    deidentified: Deidentified,
    contract: Contract,
    rule_pack: RulePack,
    assessment: Sequence[Mapping[str, Any]],
    score: Mapping[str, Any] | None,
    checks: Sequence[Check],
    withheld: Mapping[str, tuple[int, int]],
    *,
    masked: bool,
) -> dict[str, Any]:
    """Assemble the evidence; it holds no time of day, so equal releases have equal evidence.

    `assessment` and `score` are the steps and the score as plain values; `withheld` maps each
    count to its numbers of primary and complementary cells.
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
        "assessment": [dict(step) for step in assessment],
        "score": dict(score) if score else None,
        "legend": legend(rule_pack, masked=masked),
        "checks": [asdict(check) for check in checks],
    }


def legend(rule_pack: RulePack, *, masked: bool) -> str:
    """Say what a blank cell means, in words for the public."""
    if not masked:
        return "Every count is shown. A 0 is a true zero."
    threshold = rule_pack.thresholds.numerator
    return (
        f"A blank count is withheld to protect people's privacy: either it is from 1 to "
        f"{threshold - 1}, or it would let such a count be worked out. The table does not say "
        f"which of the two. A 0 is a true zero. Rates and averages of withheld counts are blank "
        f"too."
    )
