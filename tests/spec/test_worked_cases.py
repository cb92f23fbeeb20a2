"""The worked cases of the guidelines by their ids, scored as a person does: by the command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from opengazette.cli import main
from opengazette.documentation.rules_manual import Example, Expected, RuleExamples, described

RULES = RuleExamples.model_validate(
    YAML(typ="safe").load(Path(__file__).with_name("rules.yaml").read_text("utf-8"))
)
IDS = {
    *(f"S{n}" for n in (*range(1, 13), 14, 15, 19, 21, 23, 25, 26, 27, *range(29, 36))),
    *("N1", "N2", "N3", "N6", "N7"),
}
Score = Callable[[dict[str, Any], str], dict[str, Any]]


def cases() -> Iterator[Example]:
    return (e for s in RULES.sections for rule in s.rules for e in rule.examples if e.case)


def worked() -> Iterator[Any]:
    for example in cases():
        for edition in ("1.0", "2.0"):
            expected = getattr(example, f"v{edition[0]}")
            if expected is not None:
                name = f"{example.case} {example.shows}, edition {edition}"
                yield pytest.param(example, expected, f"calhhs-ddg-{edition}", id=name)


@pytest.fixture
def scored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Score:
    """Write a description, run the command on it and return what it prints."""

    def run(table: dict[str, Any], pack: str) -> dict[str, Any]:
        file = tmp_path / "table.yaml"
        file.write_text(json.dumps(table), "utf-8")
        words = ["score", "--describe", str(file), "--rulepack", pack, "--json"]
        monkeypatch.setattr(sys, "argv", ["opengazette", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        assert ended.value.code == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def test_every_worked_case_is_here() -> None:
    assert {example.case for example in cases()} == IDS


@pytest.mark.parametrize(("example", "expected", "pack"), list(worked()))
def test_a_worked_case_comes_out_as_printed(
    example: Example, expected: Any, pack: str, scored: Score
) -> None:
    if isinstance(expected, Expected):
        as_printed(expected, scored(written(example), pack))
        return
    for number, given in ends(example, expected):
        found = points(scored(written(example, number), pack))
        assert found[str(example.variable)] == given


def ends(example: Example, expected: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return both ends of a ladder; every step of it is tested beside the rules."""
    steps = list(zip(example.boundaries, expected, strict=True))
    return [steps[0], steps[-1]]


def written(example: Example, number: int | None = None) -> dict[str, Any]:
    return described(RULES.base, example, number).model_dump(mode="json", exclude_defaults=True)


def points(found: dict[str, Any]) -> dict[str, int]:
    return {line["variable"]: line["points"] for line in found["tables"][0]["lines"]}


def as_printed(expected: Expected, found: dict[str, Any]) -> None:
    assert expected.points.items() <= points(found).items()
    if expected.score is not None:
        assert found["score"] == expected.score
    if expected.tables:
        assert [table["score"] for table in found["tables"]] == list(expected.tables)
    if expected.outcome is not None:
        assert found["outcome"] == expected.outcome
    steps = {step["number"]: step for step in found["tables"][0]["steps"]}
    if expected.steps:
        assert list(steps) == list(expected.steps)
    if expected.says is not None:
        assert expected.says in steps[3]["reason"]
