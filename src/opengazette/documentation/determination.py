"""The document of an expert determination: the guidelines' template, filled from the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from opengazette.documentation.page_templates import page_templates
from opengazette.model.contract import Contract
from opengazette.model.legal import Determination
from opengazette.model.reference import Department

#: What the expert determines, in the words of 45 CFR 164.514(b)(1)(i).
STATEMENT = (
    "Risk is very small that the information could be used, alone or in combination with other "
    "reasonably available information, by an anticipated recipient to identify an individual who "
    "is a subject of the information."
)

LEAD = (
    "Empty boxes are questions that only a person can answer. It is a determination only once an "
    "expert has filled them in and signed."
)
ATTACH = "Attach the release report, which shows the score line by line and what is withheld."
ATTEST = (
    "I attest that 45 CFR 164.514(b)(1)(i) and (ii) are met for this release, by the methods and "
    "with the results documented and attached here."
)
ASKED = {
    "result": "Does the expert determine this? With which reasoning?",
    "methods": "Name and describe each, with the approval of the Peer Review Team.",
}

TITLES = {
    1: "Presence of Personal Characteristics",
    2: "Numerator Denominator Condition",
    3: "Assess Potential Risk",
    4: "Statistical Masking",
}

_RESULTS = {
    (1, "yes"): "Personal characteristics are present.",
    (1, "no"): "No personal characteristics are present.",
    (2, "yes"): "The condition is not met.",
    (2, "no"): "The condition is met.",
    (3, "yes"): "There is a potential risk.",
    (3, "no"): "The potential risk is not above the limit.",
    (4, "required"): "Masking was applied.",
}


@dataclass(frozen=True)
class Answers:
    """What people have said; None is asked for in the document."""

    reason: str | None = None
    expert: str | None = None
    role: str | None = None
    approval: str | None = None


@dataclass(frozen=True)
class Entry:
    """One field: what is known, or the question that a person answers by hand."""

    name: str
    known: str | None
    question: str = ""


@dataclass(frozen=True)
class StepRow:
    """One step of the template: how its condition is met or not, and the result."""

    number: int
    title: str
    summary: tuple[str, ...]
    result: str


def answers_on_file(contract: Contract, given: Answers) -> Answers:
    """Return what was given, completed by what the contract records of the expert."""
    standard = contract.legal.hipaa_standard
    filed: Determination | None = standard.determination if standard else None
    if filed is None:
        return given
    return Answers(
        reason=given.reason,
        expert=given.expert or filed.expert,
        role=given.role or filed.role,
        approval=given.approval or filed.approval,
    )


def entries(
    contract: Contract, department: Department, evidence: Mapping[str, Any], answers: Answers
) -> tuple[Entry, ...]:
    """Return the fields of the document in order: those of the template, then what it must hold."""
    return (
        Entry("Name of report", contract.title),
        Entry("Department", f"{department.name}, {department.publisher}"),
        Entry("Anticipated recipient", "Everybody: the table is published as open data."),
        Entry("Reason for data release", answers.reason, "Why is this table released?"),
        Entry(
            "Why the release does not meet Safe Harbor",
            why_outside_safe_harbor(evidence),
            "Why is Safe Harbor not used?",
        ),
        Entry("Expert", answers.expert, "Name of the expert"),
        Entry(
            "Role",
            answers.role,
            "Statistical De-Identification Expert, or Supervisor Expert?",
        ),
        Entry(
            "Approval of the expert by the Peer Review Team",
            answers.approval,
            "Reference and date of the approval",
        ),
        Entry(
            "Knowledge and experience",
            None,
            "Which knowledge of generally accepted statistical and scientific principles and "
            "methods does the expert have, and which experience with them?",
        ),
        Entry(
            "Other information reasonably available",
            None,
            "Which public or other information did the expert weigh: earlier and coming releases, "
            "vital records, licensing, property, news, social media?",
        ),
    )


def why_outside_safe_harbor(evidence: Mapping[str, Any]) -> str | None:
    """Say what keeps the table outside Safe Harbor; None where the software found nothing."""
    found = evidence["outside_safe_harbor"]
    if not found:
        return None
    return (
        f"The table is outside Safe Harbor, 45 CFR 164.514(b)(2)(i): {'; '.join(found)}. "
        "Therefore the steps of the guidelines are used to assess it."
    )


def step_rows(evidence: Mapping[str, Any]) -> tuple[StepRow, ...]:
    """Return steps 1 to 4 as they were taken; a step that was jumped says so."""
    taken = {step["number"]: step for step in evidence["assessment"]}
    return tuple(_row(number, taken.get(number), evidence) for number in TITLES)


def _row(number: int, step: Mapping[str, Any] | None, evidence: Mapping[str, Any]) -> StepRow:
    if step is None:
        why = "The flow chart of the guidelines does not lead to this step for this table."
        return StepRow(number, TITLES[number], (why,), "Not applicable.")
    result = _RESULTS.get((number, step["decision"]), str(step["decision"]))
    if number == 4 and step["actor"] == "expert":
        result = "Released without masking, as recorded."
    return StepRow(
        number,
        TITLES[number],
        (str(step["reason"]), *map(str, step.get("inputs", ())), *_more(number, evidence)),
        result,
    )


def _more(number: int, evidence: Mapping[str, Any]) -> Sequence[str]:
    score = evidence["score"]
    if number == 3 and score:
        return [
            f"{line['variable']}: {line['found']}, {line['points']:+d} ({line['source']})."
            for line in score["lines"]
        ]
    if number == 4:
        withheld = (
            f"Withheld: {evidence['primary']:,} small counts and {evidence['complementary']:,} "
            f"further ones that would give them away, of {evidence['count_cells']:,}."
        )
        return [withheld, str(evidence["legend"])]
    return ()


def open_questions(
    contract: Contract, department: Department, evidence: Mapping[str, Any], answers: Answers
) -> tuple[str, ...]:
    """Name what a person has still to fill in by hand."""
    asked = [e.name for e in entries(contract, department, evidence, answers) if e.known is None]
    return (*asked, "Step 5: the expert's result", "Signature and date")


def determination_record(
    contract: Contract,
    department: Department,
    evidence: Mapping[str, Any],
    answers: Answers,
    release: str,
) -> dict[str, Any]:
    """Return all that the document says, as plain text: both of its forms are made from this.

    `release` is the fingerprint of the release that it speaks of. Nothing is invented: what the
    evidence does not hold is a question. It quotes no cell and no time of day.

    Source: CalHHS Data De-Identification Guidelines, Appendix B, expert determination template;
    45 CFR 164.514(b)(1).
    """
    pack = evidence["rule_pack"]
    return {
        "title": contract.title,
        "dataset": contract.id,
        "release": release,
        "lead": LEAD,
        "entries": [asdict(e) for e in entries(contract, department, evidence, answers)],
        "steps": [asdict(row) for row in step_rows(evidence)],
        "statement": STATEMENT,
        "method": f"{pack['title']}, by the rule pack {pack['name']}. What was done to attack the "
        "table before its release:",
        "checks": [{"name": c["name"], "found": str(c["found"])} for c in evidence["checks"]],
        "laws": [
            {field: str(law[field]) for field in ("law", "requires", "answer")}
            for law in evidence["laws"]
        ],
        "subjects": _subjects(contract, evidence, release),
        "attach": ATTACH,
        "attest": ATTEST,
        "asked": {
            **ASKED,
            "signature": f"Signature of {answers.expert}"
            if answers.expert
            else "Signature and name of the expert",
        },
    }


def _subjects(
    contract: Contract, evidence: Mapping[str, Any], release: str
) -> list[dict[str, str]]:
    found = {
        "Dataset": contract.id,
        "Release": release,
        "Contract": evidence["contract"],
        "Rule pack": evidence["rule_pack"]["fingerprint"],
        "Published table": evidence["public_table"],
    }
    return [{"name": name, "value": value} for name, value in found.items()]


def determination_page(record: Mapping[str, Any]) -> bytes:
    """Return the document as one HTML page, set for paper, with room for what is asked."""
    return page_templates().get_template("determination.html").render(paper=record).encode()
