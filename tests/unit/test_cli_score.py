"""The command score, as a person types it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from opengazette.cli import main
from opengazette.demo import departments

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Type a command in a folder that holds the example, and return the exit status."""
    shutil.copy(EXAMPLES / "asthma.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["opengazette", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        return int(str(ended.value.code))

    return call


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agency's folder with the demonstration departments."""
    root = tmp_path_factory.mktemp("office")
    shutil.copytree(ROOT / "config", root / "config")
    departments.load(root / "var" / "departments.duckdb", synthetic_rows=5_000)
    return root


def test_a_dataset_is_scored_by_what_its_table_really_holds(
    office: Path,
    typed: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(office))
    assert typed("score", "youth_risk_survey", "--json") == 0
    (table,) = json.loads(capsys.readouterr().out)["tables"]
    assert table["score"] == sum(line["points"] for line in table["lines"])
    assert (table["outcome"], table["score_needed"]) == ("mask", True)
    assert set(table["variables"]) == {"age_group", "sex", "race_ethnicity"}


def test_a_dataset_without_personal_characteristics_has_no_score(
    office: Path,
    typed: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(office))
    assert typed("score", "restaurant_inspections", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["score"], found["outcome"]) == (None, "release")
    assert [step["number"] for step in found["tables"][0]["steps"]] == [1, 6]


DESCRIBED = ("score", "--describe", "asthma.yaml")


def test_a_described_table_is_explained_line_by_line(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*DESCRIBED) == 0
    said = capsys.readouterr().out
    for words in ("narrowest band in years: 3 to 5", "Small counts are withheld", "to 12:"):
        assert words in said


def test_the_json_has_score_steps_and_what_would_change_them(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*DESCRIBED, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    (table,) = found["tables"]
    assert (found["outcome"], found["score"], found["limit"]) == ("mask", 26, 12)
    assert sum(line["points"] for line in table["lines"]) == 26
    assert [step["number"] for step in table["steps"]] == [1, 2, 3, 4, 5, 6]
    assert all(step["inputs"] and step["reason"] and step["actor"] for step in table["steps"])
    assert all(remedy["score"] <= 12 for remedy in table["remedies"])
    assert len({remedy["steps"] for remedy in table["remedies"]}) == 1


def test_another_rule_pack_scores_by_its_own_tables(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*DESCRIBED, "--rulepack", "calhhs-ddg-1.0", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rule_pack"]["name"], found["score"]) == ("calhhs-ddg-1.0", 24)


@pytest.mark.parametrize(
    "words", [("score",), ("score", "x", "--describe", "asthma.yaml")], ids=["neither", "both"]
)
def test_either_a_dataset_or_a_description_is_scored(
    typed: Callable[..., int], words: tuple[str, ...]
) -> None:
    assert typed(*words) == 78


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title:", "titel:", "titel"),
        ("smallest: 3", "smallest: 0", "events.smallest"),
        ("[Alpine, Kern", "[Alpin, Kern", "Alpin"),
        ("california_counties_2010", "counties_of_nowhere", "counties_of_nowhere"),
        ("present: true", "present: false", "personal_characteristics"),
    ],
)
def test_a_description_that_cannot_hold_is_refused_with_its_field(
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    told: str,
) -> None:
    file = Path("asthma.yaml")
    file.write_text(file.read_text().replace(old, new))
    assert typed(*DESCRIBED) == 78
    assert told in capsys.readouterr().err
