"""The command records, as a person types it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from opengazette.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Type a command in a folder that holds the example, and return the exit status."""
    for name in ("records.csv", "records.yaml"):
        shutil.copy(ROOT / "docs/examples" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(ROOT))
    monkeypatch.setenv("OPENGAZETTE_VAR", str(tmp_path / "var"))

    def call(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["opengazette", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        return int(str(ended.value.code))

    return call


RECORDS = ("records", "records.csv", "--request", "records.yaml")


def change(old: str, new: str, file: str = "records.yaml") -> None:
    text = Path(file).read_text("utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new), "utf-8")


def test_records_that_break_the_limits_are_refused_and_reported(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*RECORDS, "--report", "report.html") == 65
    said = capsys.readouterr()
    assert "broken" in said.out
    assert "break the limits of Emergency Care" in said.err
    page = Path("report.html").read_text("utf-8")
    assert "Signature and name of the person who decides" in page
    assert "2 of the 5 limits are broken" in page


def test_no_value_of_a_record_is_told(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(*RECORDS, "--report", "report.html")
    said = capsys.readouterr()
    told = said.out + said.err + Path("report.html").read_text("utf-8")
    assert not [value for value in ("Alpine", "Kern", "85 or older", "admitted") if value in told]


def test_coarser_records_keep_the_limits_and_still_a_person_decides(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    change("county: {role: quasi_identifier}", "county: {role: left_out}")
    assert typed(*RECORDS) == 0
    assert "Nothing was released. A person decides and signs." in capsys.readouterr().out


def test_what_was_measured_can_be_read_by_programs(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    typed(*RECORDS, "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["smallest_group"] == 2
    assert [m["kept"] for m in told["measures"]] == [False, True, False, True, True]


@pytest.mark.parametrize(
    ("old", "new", "status", "said"),
    [
        ("record_level: true", "record_level: false", 78, "record_level"),
        ("emergency_care", "vital_records", 78, "has set no limits"),
        ("  weekday: {role: other}\n", "", 65, "has, unlisted, the columns weekday"),
        ("weekday:", "ward:", 65, "lacks the columns ward"),
        ("encounter: {role: left_out}", "encounter: {role: other}", 65, "code of one record"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    status: int,
    said: str,
) -> None:
    change(old, new)
    assert typed(*RECORDS) == status
    assert said in capsys.readouterr().err
