"""Every rule does what its example says, and the manual says what the examples do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from opengazette.adapters.contracts import load_populations, load_rule_pack
from opengazette.disclosure.assessment.described_facts import explain_described
from opengazette.disclosure.assessment.explanation import Explained
from opengazette.documentation.rules_manual import (
    Example,
    Expected,
    RuleExamples,
    described,
    rules_manual,
)
from opengazette.model.rulepack import RulePack

ROOT = Path(__file__).parents[2]
RULES = RuleExamples.model_validate(
    YAML(typ="safe").load(Path(__file__).with_name("rules.yaml").read_text("utf-8"))
)
PACKS = {name: load_rule_pack(ROOT, f"calhhs-ddg-{name[1]}.0") for name in ("v1", "v2")}
POPULATIONS = load_populations(ROOT)


def examples() -> Iterator[Any]:
    for section in RULES.sections:
        for rule in section.rules:
            for example in rule.examples:
                for edition in PACKS:
                    if getattr(example, edition) is not None:
                        name = f"{example.case or section.title}: {example.shows} ({edition})"
                        yield pytest.param(example, edition, id=name)


def explained(example: Example, pack: RulePack, number: int | None = None) -> tuple[Explained, ...]:
    return explain_described(described(RULES.base, example, number), POPULATIONS, pack)


def points(found: Explained) -> dict[str, int]:
    assert found.score is not None
    return {line.variable: line.points for line in found.score.lines}


@pytest.mark.parametrize(("example", "edition"), list(examples()))
def test_a_rule_does_what_its_example_says(example: Example, edition: str) -> None:
    expected = getattr(example, edition)
    if isinstance(expected, Expected):
        follows(expected, explained(example, PACKS[edition]))
        return
    assert example.variable is not None
    given = [
        points(explained(example, PACKS[edition], n)[0])[example.variable]
        for n in example.boundaries
    ]
    assert given == list(expected)


def follows(expected: Expected, found: tuple[Explained, ...]) -> None:
    totals = [table.score.total for table in found if table.score is not None]
    if expected.points:
        assert expected.points.items() <= points(found[0]).items()
    if expected.score is not None:
        assert max(totals) == expected.score
    if expected.tables:
        assert totals == list(expected.tables)
    if expected.outcome is not None:
        assert {table.outcome for table in found} == {expected.outcome}
    steps = found[0].assessment.steps
    if expected.steps:
        assert [step.number for step in steps] == list(expected.steps)
        assert [step.next_step for step in steps] == [*expected.steps[1:], None]
    if expected.says is not None:
        assert expected.says in next(step.reason for step in steps if step.number == 3)
    if expected.silent is not None:
        assert expected.silent not in next(step.reason for step in steps if step.number == 3)


def test_the_manual_of_rules_is_written_from_the_examples() -> None:
    written = (ROOT / "docs/stewards/rules.md").read_text("utf-8")
    assert written == rules_manual(RULES, list(PACKS.values())), (
        "run 'python tests/spec/write_manual.py'"
    )
