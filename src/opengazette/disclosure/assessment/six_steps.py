"""The flow chart of the data assessment: what is asked at each step, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opengazette.disclosure.assessment.facts import TableFacts, meets_safe_harbor
from opengazette.disclosure.assessment.scoring import Score, score, smallest_cell
from opengazette.model.rulepack import RulePack

Actor = Literal["contract", "software", "expert", "legal", "approver"]
Decision = Literal["yes", "no", "required"]

QUESTIONS = {
    1: "Do the data give personal characteristics of individuals?",
    2: "Is any numerator or denominator too small?",
    3: "Is there a potential risk?",
    4: "Statistical masking",
    5: "Legal review",
    6: "Departmental release procedures",
}


@dataclass(frozen=True)
class StepDecision:
    """One step as it was taken: no count or label of the table is quoted.

    `decision` is `yes` or `no` for a question, `required` where a person must act after this.
    `reason` is for the public: it must not say how far the smallest count has moved the score.
    `inputs` says what it was decided from, for those who review, `next_step` where the flow chart
    goes on; None after the last step.
    """

    number: int
    question: str
    decision: Decision
    reason: str
    actor: Actor
    inputs: tuple[str, ...] = ()
    next_step: int | None = None


@dataclass(frozen=True)
class Assessment:
    """The way of one table through the six steps; steps that are jumped are not listed.

    `must_withhold_small` is what a masker obeys: counts from 1 to the rule pack's threshold less
    one are withheld, with further cells so that none can be worked out. It holds wherever step 4
    is reached without a recorded mitigation and, whatever the score, where a high-risk population
    is present or amounts of money are shown. `needs_masking` tells that step 4 was reached. `score`
    is None where step 3 was not.
    """

    steps: tuple[StepDecision, ...]
    needs_masking: bool = False
    score: Score | None = None
    must_withhold_small: bool = False


@dataclass(frozen=True)
class Declared:
    """What people have recorded of a table: the answers that no software can find.

    `characteristics` are the personal characteristics by name, `others` those that an expert must
    review, `decisions` what a person has recorded on single variables, which `decided` names.
    `mitigation` is why a table above the limit need not be masked, with name and date; `special`
    what is recorded of facilities, budgets and mandated reports; `financial` that amounts of money
    are shown, which tell what few people received or cost.
    """

    personal: bool
    personal_basis: str
    high_risk: bool
    regimes: tuple[str, ...]
    characteristics: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    denominator_basis: str = "not recorded"
    mitigation: str | None = None
    special: str | None = None
    financial: bool = False


def without_personal_characteristics(declared: Declared) -> Assessment:
    """Return the way of a table that tells nothing of a person: from step 1 to step 6."""
    return Assessment((_first(declared, next_step=6), _release()))


def take_steps(
    declared: Declared, facts: TableFacts, denominator: int | None, pack: RulePack
) -> Assessment:
    """Take a table with personal characteristics through the six steps.

    Units: `denominator` is the smallest population that events arise from; None: not known.
    Without small numerators or denominators step 5 follows step 2, without potential risk it
    follows step 3.

    Raises:
        DisclosureRisk: the table cannot be scored.

    Source: CalHHS Data De-Identification Guidelines, Figure 5; 4.3.1; 5.6.2.
    """
    first = _first(declared, next_step=2)
    second = _numerator_denominator(declared, facts, denominator, pack)
    if second.decision == "no":
        steps = (first, second, _legal(declared, facts), _release())
        return Assessment(steps, must_withhold_small=bool(_always(declared)))
    found = score(facts, pack)
    always = _always(declared, found)
    needed = found.exceeds_limit or (bool(always) and _has_small(facts, pack))
    third = _potential_risk(declared, facts, found, pack, always if needed else "")
    fourth = (_masking(declared, pack, found, always),) if needed else ()
    steps = (first, second, third, *fourth, _legal(declared, facts), _release())
    mitigated = declared.mitigation is not None
    return Assessment(steps, needed, found, bool(always) or (needed and not mitigated))


def _step(
    number: int,
    decision: Decision,
    reason: str,
    actor: Actor,
    inputs: tuple[str, ...],
    next_step: int | None,
) -> StepDecision:
    return StepDecision(number, QUESTIONS[number], decision, reason, actor, inputs, next_step)


def _first(declared: Declared, *, next_step: int) -> StepDecision:
    found = ", ".join(declared.characteristics) or "none"
    special = (f"Special class: {declared.special}",) if declared.special else ()
    inputs = (f"Personal characteristics in the table: {found}", *special)
    decision: Decision = "yes" if declared.personal else "no"
    return _step(1, decision, declared.personal_basis, "contract", inputs, next_step)


def _always(declared: Declared, found: Score | None = None) -> str:
    """Say why small counts are withheld whatever the score; empty where nothing asks it."""
    if declared.high_risk or (found is not None and found.always_protected):
        return "a high-risk population is present"
    return "amounts of money are shown" if declared.financial else ""


def _has_small(facts: TableFacts, pack: RulePack) -> bool:
    return facts.smallest_count is not None and facts.smallest_count < pack.thresholds.numerator


def _numerator_denominator(
    declared: Declared, facts: TableFacts, denominator: int | None, pack: RulePack
) -> StepDecision:
    least, people = pack.thresholds.numerator, pack.smallest_denominator
    inputs = ("Numerators: the counts of the table", f"Denominators: {declared.denominator_basis}")
    reasons = []
    smallest = smallest_cell(facts, pack)
    if smallest is not None and smallest < least:
        reasons.append(f"a numerator is below {least}")
    if denominator is None:
        reasons.append("a denominator is not known")
    elif denominator < people:
        reasons.append(f"a denominator is below {people:,}")
    if reasons:
        reason = f"{' and '.join(reasons).capitalize()}."
        return _step(2, "yes", reason, "software", inputs, 3)
    reason = f"Every numerator is 0 or at least {least}, every denominator at least {people:,}."
    return _step(2, "no", reason, "software", inputs, 5)


def _potential_risk(
    declared: Declared, facts: TableFacts, found: Score, pack: RulePack, always: str
) -> StepDecision:
    """Take step 3; where small counts `always` go, the score says nothing to the public.

    All else in a score can be read off the table: what is left is the size of a withheld count.
    """
    comparison = "above" if found.exceeds_limit else "not above"
    reasons = [] if always else [f"The score is {comparison} {found.limit}."]
    if meets_safe_harbor(facts):
        reasons.append("Statewide events of whole years alone count as meeting Safe Harbor.")
    if always:
        reasons.append(f"{always.capitalize()}: small counts are always withheld.")
    if declared.others:
        named = ", ".join(declared.others)
        reasons.append(f"The expert must review other variables: {named}.")
    unclear = _to_reassess(declared, facts, pack)
    if unclear:
        named = ", ".join(unclear)
        reasons.append(f"A reviewer must reassess what else than male and female shows: {named}.")
    scored = ", ".join(f"{line.variable} {line.points:+d}" for line in found.lines)
    recorded = tuple(f"Recorded: {decision}" for decision in declared.decisions)
    total = f"Score {found.total}, limit {found.limit}"
    inputs = ("Method: publication scoring criteria", total, f"Scored: {scored}", *recorded)
    actor: Actor = "expert" if declared.others or unclear else "software"
    needed = found.exceeds_limit or bool(always)
    decision: Decision = "yes" if needed else "no"
    return _step(3, decision, " ".join(reasons), actor, inputs, 4 if needed else 5)


def _to_reassess(declared: Declared, facts: TableFacts, pack: RulePack) -> tuple[str, ...]:
    """Name the variables of sex with more than two groups of which nobody has decided."""
    table = pack.scores.sex
    return tuple(
        v.name
        for v in facts.variables
        if table.more_groups_reassessed
        and (v.kind, v.level in (None, table.two_groups)) == ("sex", True)
        and v.groups > 2
        and v.name not in declared.decided
    )


def _masking(declared: Declared, pack: RulePack, found: Score, always: str) -> StepDecision:
    inputs = (f"Score {found.total}, limit {found.limit}",)
    if declared.mitigation is not None and not always:
        reason = f"Released without masking, for what an expert has recorded: {declared.mitigation}"
        return _step(4, "required", reason, "expert", inputs, 5)
    why = always or "the score demands it"
    reason = (
        f"Counts from 1 to {pack.thresholds.numerator - 1} are withheld because {why}, with "
        "further cells so that none can be worked out, and all that is derived from them."
    )
    return _step(4, "required", reason, "software", inputs, 5)


def _legal(declared: Declared, facts: TableFacts) -> StepDecision:
    regimes = ", ".join(declared.regimes)
    reason = f"Legal services decide whether a review is needed (regimes: {regimes})."
    if "hipaa" in declared.regimes and not meets_safe_harbor(facts):
        reason += " They check the expert determination against 45 CFR 164.514(b)(1)."
    return _step(5, "required", reason, "legal", (f"Regimes: {regimes}", "Steps 1 to 4"), 6)


def _release() -> StepDecision:
    reason = "The approval on file lets the release go out."
    return _step(6, "required", reason, "approver", ("All earlier steps",), None)
