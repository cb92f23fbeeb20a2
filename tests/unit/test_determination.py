"""The document of an expert determination: filled from the evidence, with nothing invented."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opengazette.adapters.contracts import load_contract, load_department
from opengazette.documentation.determination import (
    STATEMENT,
    Answers,
    answers_on_file,
    determination_document,
    open_questions,
)

ROOT = Path(__file__).parents[2]
CONTRACT = load_contract(ROOT, "emergency_encounters")
DEPARTMENT = load_department(ROOT, CONTRACT.department)
LINE = {"variable": "Age", "found": "11 to 29 years", "points": 2, "source": "Table 2"}


def step(number: int, decision: str, reason: str) -> dict[str, Any]:
    return {"number": number, "question": "?", "decision": decision, "reason": reason, "actor": "x"}


EVIDENCE: dict[str, Any] = {
    "contract": "c" * 64,
    "rule_pack": {"name": "pack", "title": "Guidelines, edition 2.0", "fingerprint": "f" * 64},
    "public_table": "t" * 64,
    "count_cells": 900,
    "primary": 12,
    "complementary": 7,
    "legend": "Blank counts are withheld.",
    "outside_safe_harbor": ["county: it shows areas smaller than a state"],
    "laws": [
        {"law": "45 CFR 164.514(b)(1)", "requires": "A determination.", "answer": "None yet."}
    ],
    "checks": [{"name": "Attack", "found": "19 cells attacked"}],
    "score": {"total": 14, "limit": 12, "lines": [LINE]},
    "assessment": [
        step(1, "yes", "County and age are given."),
        step(2, "yes", "A numerator is below 11."),
        step(3, "yes", "The score is 14, above 12."),
        step(4, "required", "Small counts are withheld."),
        step(5, "required", "Legal review."),
    ],
}
NOTHING_SAID = Answers()
JUMPED = EVIDENCE | {"assessment": EVIDENCE["assessment"][:2], "score": None}


def text(evidence: dict[str, Any] = EVIDENCE, answers: Answers = NOTHING_SAID) -> str:
    page = determination_document(CONTRACT, DEPARTMENT, evidence, answers, "r" * 64).decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1]))


@pytest.mark.parametrize(
    "said",
    [
        "Step 1 – Presence of Personal Characteristics County and age are given.",
        "Step 2 – Numerator Denominator Condition A numerator is below 11.",
        "Age: 11 to 29 years, +2 (Table 2).",
        "Withheld: 12 small counts and 7 further ones",
        "county: it shows areas smaller than a state",
        STATEMENT,
        "19 cells attacked",
        "r" * 64,
        "Signature",
    ],
)
def test_the_document_holds_what_the_evidence_knows(said: str) -> None:
    assert said in text()


def test_a_step_that_was_jumped_says_so() -> None:
    assert text(JUMPED).count("Not applicable.") == 2


def test_the_expert_result_is_never_filled_in() -> None:
    told = text(answers=Answers("Asked for by law", "R. Alvarez", "Expert", "PRT 7"))
    assert "Does the expert determine this? With which reasoning?" in told


def test_what_nobody_has_said_is_asked_for() -> None:
    asked = open_questions(CONTRACT, DEPARTMENT, EVIDENCE, Answers())
    assert {"Reason for data release", "Expert", "Role"} <= set(asked)
    assert "Why is this table released?" in text()


def test_what_was_said_is_no_longer_asked_for() -> None:
    said = Answers("Asked for by law", "R. Alvarez", "Expert", "PRT 7")
    asked = open_questions(CONTRACT, DEPARTMENT, EVIDENCE, said)
    assert not {"Reason for data release", "Expert", "Role"} & set(asked)
    assert "Signature of R. Alvarez" in text(answers=said)
    assert asked[-1] == "Signature and date"


def test_a_table_inside_safe_harbor_must_say_why_it_needs_an_expert() -> None:
    inside = EVIDENCE | {"outside_safe_harbor": []}
    asked = open_questions(CONTRACT, DEPARTMENT, inside, Answers())
    assert "Why the release does not meet Safe Harbor" in asked


def test_the_expert_on_file_is_named_and_what_is_given_comes_first() -> None:
    assert answers_on_file(CONTRACT, Answers()).expert == "Dana Whitfield (demonstration)"
    assert answers_on_file(CONTRACT, Answers(expert="R. Alvarez")).expert == "R. Alvarez"
    none = replace(Answers(), reason="Asked for by law")
    assert answers_on_file(load_contract(ROOT, "births_by_state"), none) == none


def test_what_people_write_cannot_change_the_page() -> None:
    page = determination_document(
        CONTRACT, DEPARTMENT, EVIDENCE, Answers(reason="<script>alert(1)</script>"), "r"
    )
    assert b"<script>" not in page
