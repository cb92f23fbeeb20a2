"""The stewards' manual of rules: each rule with its source and the examples that are tested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from opengazette.model.described import DescribedTable
from opengazette.model.frozen import Frozen
from opengazette.model.readings import Readings
from opengazette.model.rulepack import RulePack


class Expected(Frozen):
    """What one edition gives for a table."""

    points: dict[str, int] = Field(default_factory=dict, description="points by variable")
    score: int | None = None
    tables: tuple[int, ...] = Field(default=(), description="score of each table side by side")
    outcome: str | None = None
    steps: tuple[int, ...] = Field(default=(), description="the steps that were taken")
    says: str | None = Field(default=None, description="words of step 3")
    silent: str | None = Field(default=None, description="words that step 3 does not say")


class Example(Frozen):
    """A table, and what each edition gives; absent: the edition does not score it so."""

    case: str | None = Field(default=None, description="id of a worked case of the guidelines")
    shows: str = Field(description="what the table shows, in words")
    table: dict[str, Any] = Field(description="what differs from the base")
    variable: str | None = Field(default=None, description="line whose points the boundaries give")
    boundaries: tuple[int, ...] = Field(default=(), description="numbers that stand for $n")
    shown: tuple[int, ...] = Field(default=(), description="the boundaries as people read them")
    v1: Expected | tuple[int, ...] | None = None
    v2: Expected | tuple[int, ...] | None = None


class Rule(Frozen):
    """A rule, where it stands, and its examples."""

    rule: str
    source: str
    examples: tuple[Example, ...]


class Section(Frozen):
    """Rules that belong together."""

    title: str
    rules: tuple[Rule, ...]


class RuleExamples(Frozen):
    """All rules with their examples; `base` is the table that each example changes."""

    base: dict[str, Any]
    sections: tuple[Section, ...]


def described(
    base: Mapping[str, Any], example: Example, number: int | None = None
) -> DescribedTable:
    """Return the table of an example; `number` stands for $n."""
    whole = json.dumps({**base, **example.table}).replace('"$n"', str(number))
    return DescribedTable.model_validate_json(whole)


def rules_manual(rules: RuleExamples, packs: Sequence[RulePack]) -> str:
    """Return the manual as Markdown; `packs` are the editions whose readings are listed."""
    return "\n".join((*_lines(rules), *_readings(packs))) + "\n"


def _lines(rules: RuleExamples) -> Iterator[str]:
    yield "# The rules, by example"
    yield ""
    yield from INTRODUCTION
    for section in rules.sections:
        yield ""
        yield f"## {section.title}"
        for rule in section.rules:
            yield ""
            yield rule.rule
            yield ""
            yield f"*Source: {rule.source}.*"
            for example in rule.examples:
                if example.boundaries:
                    yield from _boundaries(example)
            plain = [example for example in rule.examples if not example.boundaries]
            yield from _examples(plain)


def _readings(packs: Sequence[RulePack]) -> Iterator[str]:
    yield ""
    yield "## Where the guidelines contradict themselves"
    yield ""
    yield from READINGS
    yield ""
    yield f"| Setting | Decides | {' | '.join(pack.name for pack in packs)} |"
    yield "|---|---|" + "---|" * len(packs)
    for name, field in Readings.model_fields.items():
        chosen = " | ".join(f"`{getattr(pack.readings, name)}`" for pack in packs)
        decides = (field.description or "").partition(": ")[2]
        yield f"| `{name}` | {_capital(decides)} | {chosen} |"
    yield ""
    yield from SETTLED


READINGS = (
    "Each place is a setting under `readings` in the rule pack. Where the guidelines leave it",
    "open, the safer reading is the default. Four leave no room: both editions print +3 for ages",
    "of 6 to 10 years, and a credit for a smallest count of 3 or 5; what is finer than any listed",
    "level takes the highest listed score; a longer period never scores higher than a shorter one.",
    "A department can choose the stricter reading of these, too: `by_population`, `never`,",
    "`one_more_each`, `as_four`.",
)

SETTLED = (
    "Other places need no setting. Whole percents (2.6-6): 10 of 1,100 are 0.909 percent, not",
    "the 0.009 that is printed; more than nobody and less than one percent is shown as <1%, as",
    "in the guidelines' table. Education (2.6-4): the smallest group is 1,893,671 or 2,135,865",
    "people, veterans are 1,467,025 or 1,467,026; each scores +2. Appendices (2.6-11): the",
    "template of the expert determination is cited as Appendix B, where it stands. Anything",
    "finer than a month scores as a month, and what an edition does not list takes the highest",
    "score of its table.",
)

INTRODUCTION = (
    "Every line here is a table that a test scores. Both editions of the guidelines are rule",
    "packs: `calhhs-ddg-1.0` (2016) and `calhhs-ddg-2.0` (2025, the default). Points add up; above",
    "12, small counts are withheld. Unless a line says otherwise, the table counts events of one",
    "year in the whole state, the smallest count is 2 and the smallest denominator 1,000.",
)


def _boundaries(example: Example) -> Iterator[str]:
    numbers = example.shown or example.boundaries
    yield ""
    yield f"| {_capital(example.shows)} | {' | '.join(f'{n:,}' for n in numbers)} |"
    yield "|---|" + "--:|" * len(numbers)
    for edition, points in (("1.0", example.v1), ("2.0", example.v2)):
        if isinstance(points, Sequence):
            yield f"| Edition {edition} | {' | '.join(f'{p:+d}' for p in points)} |"


def _examples(examples: Sequence[Example]) -> Iterator[str]:
    if not examples:
        return
    yield ""
    yield "| The table shows | Edition 1.0 | Edition 2.0 |"
    yield "|---|---|---|"
    for example in examples:
        yield f"| {example.shows} | {_given(example.v1)} | {_given(example.v2)} |"


def _given(expected: Expected | tuple[int, ...] | None) -> str:
    if not isinstance(expected, Expected):
        return "–"
    said = [f"{name} {points:+d}" for name, points in expected.points.items()]
    if expected.score is not None:
        said.append(f"score {expected.score}")
    if expected.tables:
        said.append(f"({' and '.join(map(str, expected.tables))})")
    if expected.steps:
        said.append(f"steps {', '.join(map(str, expected.steps))}")
    if expected.says is not None:
        said.append(f"step 3 says “{expected.says} …”")
    if expected.outcome is not None:
        said.append({"mask": "**masked**", "release": "released"}[expected.outcome])
    return ", ".join(said)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
