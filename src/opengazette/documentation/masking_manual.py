"""The stewards' manual of masking: each rule with a table before and after it, which is tested."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from opengazette.model.frozen import Frozen


class MaskingExample(Frozen):
    """A table that is masked, and the exact file that is published, or why nothing is."""

    case: str | None = Field(default=None, description="id of a worked case of the guidelines")
    shows: str = Field(description="what happens, in words")
    contract: dict[str, Any] = Field(
        default_factory=dict, description="what differs from the base, merged into it"
    )
    cells: str = Field(description="true cells without totals, as CSV")
    published: str | None = Field(default=None, description="the published file, as CSV")
    refused: str | None = Field(default=None, description="words of the refusal")
    steps: tuple[int, ...] = Field(default=(), description="the steps of the assessment, if given")
    evidence: tuple[str, ...] = Field(default=(), description="words of the evidence")
    footnotes: dict[str, str] = Field(
        default_factory=dict, description="words of the footnote of each code"
    )
    unlisted: bool = Field(default=False, description="true: tested, but not in the manual")

    @model_validator(mode="after")
    def _one_end(self) -> MaskingExample:
        if (self.published is None) == (self.refused is None):
            raise ValueError("an example is either published or refused")
        return self


class MaskingRule(Frozen):
    """A rule, where it stands, and its examples."""

    title: str
    rule: str
    source: str
    how: str | None = Field(default=None, description="how a contract asks for it")
    examples: tuple[MaskingExample, ...]


class MaskingRules(Frozen):
    """All rules with their examples; `base` is the contract that each example changes."""

    base: dict[str, Any]
    rules: tuple[MaskingRule, ...]


INTRODUCTION = (
    "Every table here is masked by a test, through all steps to the exact file that is published.",
    "`annotation` columns hold the code that stands beside each value; a blank cell is empty in",
    "the file. Which counts are small is decided by the [score](rules.md); how further cells are",
    "chosen, you [decide](suppression.md). Before, a mean is the sum over its records.",
)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a contract with changes: maps are merged, all else is replaced, None drops."""
    whole = dict(base)
    for name, value in changes.items():
        if value is None:
            whole.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(whole.get(name), Mapping):
            whole[name] = merged(whole[name], value)
        else:
            whole[name] = value
    return whole


def masking_manual(rules: MaskingRules) -> str:
    """Return the manual as Markdown."""
    return "\n".join(_lines(rules)) + "\n"


def _lines(rules: MaskingRules) -> Iterator[str]:
    yield "# What is hidden, by example"
    yield ""
    yield from INTRODUCTION
    for rule in rules.rules:
        yield from ("", f"## {rule.title}", "", rule.rule, "", f"*Source: {rule.source}.*")
        if rule.how is not None:
            yield from ("", "```yaml", *rule.how.rstrip().splitlines(), "```")
        for example in rule.examples:
            if not example.unlisted:
                yield from _example(example)


def _example(example: MaskingExample) -> Iterator[str]:
    yield from ("", f"**{example.shows}** Before, without totals:", "")
    yield from _table(example.cells)
    if example.refused is not None:
        yield from ("", f"Nothing is published: *{example.refused}*")
        return
    steps = f" (steps {', '.join(map(str, example.steps))})" if example.steps else ""
    yield from ("", f"Published{steps}:", "")
    yield from _table(example.published or "")
    for code, text in example.footnotes.items():
        yield from ("", f"Footnote {code}: *{text}*")


def _table(text: str) -> Iterator[str]:
    header, *rows = csv.reader(text.strip().splitlines())
    yield "| " + " | ".join(name.replace("_annotation", " annotation") for name in header) + " |"
    yield "|---|" + "--:|" * (len(header) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
