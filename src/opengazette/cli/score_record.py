"""A score and an assessment as one JSON value: what `opengazette score --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from opengazette.disclosure.assessment.explanation import Explained
from opengazette.model.rulepack import RulePack


def score_record(title: str, pack: RulePack, tables: Sequence[Explained]) -> dict[str, Any]:
    """Return what was found of one or several tables that stand side by side.

    `outcome` is `mask` where any table is masked, `score` the highest of them; None where no table
    tells anything of a person. No count of a table is quoted.
    """
    totals = [table.score.total for table in tables if table.score is not None]
    outcomes = [table.outcome for table in tables]
    return {
        "title": title,
        "rule_pack": {"name": pack.name, "title": pack.title, "fingerprint": pack.fingerprint()},
        "outcome": "mask" if "mask" in outcomes else "release",
        "score": max(totals, default=None),
        "limit": pack.thresholds.score,
        "tables": [_table(table) for table in tables],
    }


def _table(table: Explained) -> dict[str, Any]:
    found = table.score
    return {
        "variables": list(table.crossed),
        "outcome": table.outcome,
        "score": found.total if found else None,
        "exceeds_limit": found.exceeds_limit if found else False,
        "score_needed": table.assessment.score is not None,
        "lines": [asdict(line) for line in found.lines] if found else [],
        "always_protected": list(found.always_protected) if found else [],
        "steps": [_step_record(asdict(step)) for step in table.assessment.steps],
        "remedies": [
            {"changes": list(r.changes), "steps": r.steps, "score": r.total} for r in table.remedies
        ],
    }


def _step_record(step: dict[str, Any]) -> dict[str, Any]:
    return step | {"inputs": list(step["inputs"])}
