"""The document of an expert determination: filled from the evidence, with nothing invented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from opengazette.adapters.contracts import load_contract, load_department
from opengazette.adapters.typesetting import determination_pdf
from opengazette.cli.determining import determination
from opengazette.documentation.determination import (
    STATEMENT,
    Answers,
    answers_on_file,
    determination_page,
    determination_record,
    entries,
    open_questions,
)
from opengazette.errors import SettingsInvalid

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
        step(3, "yes", "The score is above 12."),
        step(4, "required", "Small counts are withheld."),
        step(5, "required", "Legal review."),
    ],
}
NOTHING_SAID = Answers()
JUMPED = EVIDENCE | {"assessment": EVIDENCE["assessment"][:2], "score": None}


def record(evidence: dict[str, Any] = EVIDENCE, answers: Answers = NOTHING_SAID) -> dict[str, Any]:
    return determination_record(CONTRACT, DEPARTMENT, evidence, answers, "r" * 64)


def text(evidence: dict[str, Any] = EVIDENCE, answers: Answers = NOTHING_SAID) -> str:
    page = determination_page(record(evidence, answers)).decode()
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
    page = determination_page(record(answers=Answers(reason="<script>alert(1)</script>")))
    assert b"<script>" not in page


def paper(evidence: dict[str, Any] = EVIDENCE, answers: Answers = NOTHING_SAID) -> PdfReader:
    return PdfReader(BytesIO(determination_pdf(record(evidence, answers))))


def words(told: str) -> list[str]:
    return re.findall(r"\w+", told)


def printed(found: PdfReader) -> str:
    return " ".join(words(" ".join(page.extract_text() for page in found.pages)))


def strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (found for part in value.values() for found in strings(part))
        case list() | tuple():
            yield from (found for part in value for found in strings(part))


SAID = Answers("Asked for by law", "R. Alvarez", "Supervisor Expert", "PRT 7")


@pytest.mark.parametrize("answers", [NOTHING_SAID, SAID], ids=["asked", "answered"])
@pytest.mark.parametrize("evidence", [EVIDENCE, JUMPED], ids=["all steps", "jumped"])
def test_the_pdf_says_all_that_the_page_says(evidence: dict[str, Any], answers: Answers) -> None:
    told, page = printed(paper(evidence, answers)), text(evidence, answers)
    known = {entry["name"]: entry["known"] for entry in record(evidence, answers)["entries"]}
    for said in strings(record(evidence, answers)):
        if len(said) == 64:
            assert said[:32] in told
        elif said not in _answered(evidence, answers, known):
            assert " ".join(words(said)) in told
            assert " ".join(words(said)) in " ".join(words(unescape(page)))


def _answered(evidence: dict[str, Any], answers: Answers, known: dict[str, str | None]) -> set[str]:
    """Questions that are answered, and so no longer put."""
    fields = entries(CONTRACT, DEPARTMENT, evidence, answers)
    return {field.question for field in fields if known[field.name] is not None}


def test_the_pdf_asks_for_what_nobody_has_said() -> None:
    asked, answered = printed(paper()), printed(paper(answers=SAID))
    assert "Why is this table released" in asked
    assert "Why is this table released" not in answered
    assert "Signature of R Alvarez" in answered
    assert "Signature of R Alvarez" not in asked


def test_the_pdf_is_the_same_bytes_twice_and_bears_no_date() -> None:
    assert determination_pdf(record()) == determination_pdf(record())
    assert "/CreationDate" not in (paper().metadata or {})


def test_the_pdf_can_be_read_aloud() -> None:
    root = paper().trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712
    assert root["/Lang"] == "en-US"
    assert "/StructTreeRoot" in root
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert paper().metadata.title == f"Expert determination: {CONTRACT.title}"


def test_what_people_write_is_never_markup_in_the_pdf() -> None:
    reason = '#panic("x") *bold* $x$ = Heading \\ #read("/etc/passwd") <script>'
    told = " ".join(page.extract_text() for page in paper(answers=Answers(reason=reason)).pages)
    for part in ('#panic("x")', "*bold*", "$x$", "= Heading", '#read("/etc/passwd")', "<script>"):
        assert part in " ".join(told.split())


@pytest.mark.parametrize("name", ["paper.doc", "paper", "nowhere/paper.pdf"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(ROOT))
    monkeypatch.setenv("OPENGAZETTE_VAR", str(tmp_path / "var"))
    with pytest.raises(SettingsInvalid, match="--out"):
        determination("emergency_encounters", out=tmp_path / name)
    assert not (tmp_path / "var").exists()
