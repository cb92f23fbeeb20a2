"""The gate lets out what was approved, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from opengazette.adapters.contracts import (
    load_approval,
    load_contract,
    load_populations,
    load_rule_pack,
)
from opengazette.governance.approvals import (
    objections,
    policy_fingerprint,
    standing_approval,
    withheld_percent,
)
from opengazette.model.stages import DocumentRef, Release, TableRef

ROOT = Path(__file__).parents[2]
A, B, C, D = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)

RELEASE = Release(
    dataset="tests_by_age",
    contract=A,
    rule_pack=B,
    extract=TableRef("tests_by_age", C, 5000, ()),
    public=TableRef("tests_by_age", D, 100, ("age", "tests")),
    private=TableRef("tests_by_age", D, 100, ("age", "tests")),
    evidence=DocumentRef("evidence.json", "application/json", A),
    documents=(DocumentRef("table.csv", "text/csv", B),),
    score=14,
    primary=6,
    complementary=4,
)
APPROVAL = standing_approval(
    RELEASE,
    200,
    approver="R. Alvarez",
    role="Department Director",
    approved_on=date(2026, 11, 2),
    reason="Report read, scope agreed.",
)


def test_the_release_that_was_approved_goes_out() -> None:
    assert objections(RELEASE, APPROVAL, 200) == ()


def test_a_release_that_nobody_approved_waits() -> None:
    assert objections(RELEASE, None, 200) == ("nobody has approved it yet",)


def test_tomorrow_night_s_numbers_go_out_under_the_same_approval() -> None:
    tomorrow = replace(
        RELEASE, public=replace(RELEASE.public, sha256=C, rows=101), complementary=6, score=13
    )
    assert objections(tomorrow, APPROVAL, 202) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dataset": "other_dataset"}, "approval is for 'tests_by_age'"),
        ({"contract": C}, "contract has changed"),
        ({"rule_pack": C}, "rule pack or a population table has changed"),
        ({"score": 15}, "score 15 is above the approved 14"),
        ({"complementary": 40}, "percent of its counts are withheld"),
        ({"public": TableRef("tests_by_age", D, 79, ())}, "79 rows, fewer than the approved 80"),
    ],
    ids=["dataset", "contract", "rule pack", "score", "share withheld", "rows"],
)
def test_what_leaves_the_approved_limits_waits(change: dict[str, object], words: str) -> None:
    (reason,) = objections(replace(RELEASE, **change), APPROVAL, 200)  # type: ignore[arg-type]
    assert words in reason


def test_an_approval_without_a_score_does_not_cover_a_scored_release() -> None:
    unscored = standing_approval(
        replace(RELEASE, score=None),
        200,
        approver="R. Alvarez",
        role="Department Director",
        approved_on=date(2026, 11, 2),
        reason="No characteristics of persons.",
    )
    assert objections(RELEASE, unscored, 200)
    assert objections(replace(RELEASE, score=None), unscored, 200) == ()


def test_the_share_withheld_is_of_all_count_cells() -> None:
    assert withheld_percent(RELEASE, 200) == 5.0
    assert withheld_percent(RELEASE, 0) == 0.0


@pytest.mark.parametrize("part", ["contract", "rule_pack", "public", "evidence", "documents"])
def test_the_fingerprint_changes_with_every_part_of_a_release(part: str) -> None:
    other: dict[str, object] = {
        "contract": C,
        "rule_pack": C,
        "public": TableRef("tests_by_age", A, 100, ()),
        "evidence": DocumentRef("evidence.json", "application/json", C),
        "documents": (DocumentRef("table.csv", "text/csv", C),),
    }
    changed = replace(RELEASE, **{part: other[part]})  # type: ignore[arg-type]
    assert changed.fingerprint != RELEASE.fingerprint


def test_another_population_table_needs_a_new_approval() -> None:
    root = ROOT
    contract = load_contract(root, "emergency_encounters")
    pack = load_rule_pack(root, contract.disclosure.rule_pack)
    populations = load_populations(root)
    (named,) = contract.population_tables()
    swollen = populations[named].model_copy(
        update={"people": {area: n * 1000 for area, n in populations[named].people.items()}}
    )
    before = policy_fingerprint(contract, pack, populations)
    assert policy_fingerprint(contract, pack, populations | {named: swollen}) != before
    unnamed = {name: table for name, table in populations.items() if name == named}
    assert policy_fingerprint(contract, pack, unnamed) == before


@pytest.mark.parametrize(
    "file", sorted((ROOT / "config/approvals").glob("*.yaml")), ids=lambda p: p.stem
)
def test_the_demonstration_s_approvals_fit_its_contracts_and_rules(file: Path) -> None:
    contract, approval = load_contract(ROOT, file.stem), load_approval(ROOT, file.stem)
    assert approval is not None
    pack = load_rule_pack(ROOT, contract.disclosure.rule_pack)
    policy = policy_fingerprint(contract, pack, load_populations(ROOT))
    fix = f"approve again: opengazette approve {file.stem}"
    assert (approval.contract, approval.rule_pack) == (contract.fingerprint(), policy), fix
