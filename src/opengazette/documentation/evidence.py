"""The evidence of a release: what was decided, computed and attacked, in names and counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from opengazette.documentation.footnotes import footnotes, used_footnotes
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
    laws: Mapping[str, Any],
    *,
    small_withheld: bool,
    tells_reasons: bool,
    codes: Sequence[str] = (),
) -> dict[str, Any]:
    """Assemble the evidence; it holds no time of day, so equal releases have equal evidence.

    `assessment` and `score` are the steps and the score as plain values; `withheld` maps each
    count to its numbers of primary and complementary cells; `laws` holds what lies outside Safe
    Harbor, and what each body of law asks of the release and how it is answered. `tells_reasons`
    is whether the codes of the public table say which is which, `codes` are those that it uses.
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
        **laws,
        "codes": "distinguish" if tells_reasons else "merged",
        "legend": legend(
            contract, rule_pack, small_withheld=small_withheld, tells_reasons=tells_reasons
        ),
        "footnotes": used_footnotes(
            footnotes(contract, rule_pack, tells_reasons=tells_reasons), codes
        ),
        "checks": [asdict(check) for check in checks],
    }


def legend(
    contract: Contract, rule_pack: RulePack, *, small_withheld: bool, tells_reasons: bool
) -> str:
    """Say what a blank cell means, in words for the public."""
    if contract.publication.whole_percents is not None:
        return (
            "Whole percents are published and no numbers of people, to protect the few: <1% is "
            "more than nobody and less than one in a hundred, >99% less than everybody. "
            + contract.publication.whole_percents.footnote
        )
    said: list[str] = []
    if small_withheld:
        said.append(_why_blank(rule_pack, tells_reasons=tells_reasons))
    if any(entry.be == "withheld" for entry in contract.publication.suppression.forced):
        said.append(
            f"{'Further' if said else 'Some'} counts are blank by a decision that is on file."
        )
    if contract.publication.sums():
        said.append(
            "An amount is blank where its count is, where few people or companies or one or two of "
            "them make it up, or where it would let such an amount be worked out."
        )
    if not said:
        return "Every count is shown. A 0 is a true zero."
    return " ".join(
        [*said, "A 0 is a true zero.", "Rates and averages of withheld counts are blank too."]
    )


def _why_blank(rule_pack: RulePack, *, tells_reasons: bool) -> str:
    small = f"from 1 to {rule_pack.thresholds.numerator - 1}"
    if tells_reasons:
        return (
            f"A blank count is withheld to protect people's privacy: where its annotation is 1, it "
            f"is {small}; where it is 2, it is larger, but would let another be worked out."
        )
    return (
        f"A blank count is withheld to protect people's privacy: either it is {small}, or it would "
        f"let such a count be worked out. The table does not say which of the two."
    )
