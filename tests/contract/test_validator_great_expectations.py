"""The validator over real Parquet files: right counts, no silent pass, no value that leaves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from opengazette.adapters.config_files import load_yaml
from opengazette.adapters.great_expectations import GreatExpectationsValidator
from opengazette.adapters.repeated_values import repeated_rows
from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements
from opengazette.ports import CheckResult

CANARY = "987-65-4320"

ELEMENTS = DataElements.model_validate(
    {
        "elements": {
            "sex": {
                "label": "Sex",
                "type": "text",
                "definition": "Sex as recorded.",
                "allowed": ("F", "M"),
                "source": "A standard",
            }
        }
    }
)

CONTRACT = """\
id: visits
title: Visits by sex and month
summary: Visits by sex.
department: health
classification: {level: 1, basis: Open}
legal: {regimes: [ipa], authority: A law}
source: {database: d, table: visits, fewest_rows: 3}
columns:
  number: {type: text, role: identifier, label: Number, unique: true}
  sex: {element: sex, role: quasi_identifier, label: Sex, required: false}
  age: {type: integer, role: quasi_identifier, label: Age, lowest: 0, highest: 120}
  seen: {type: date, role: quasi_identifier, label: Day, required: false}
  paid: {type: boolean, role: attribute, label: Paid, required: false, allowed: [true]}
  cost: {type: number, role: measure, label: Cost, required: false}
publication:
  row: one sex
  dimensions:
    - {name: sex, label: Sex, column: sex, characteristic: {kind: sex}}
  measures:
    - {kind: count, name: visits, label: Visits, unit: visits, definition: All visits}
disclosure:
  personal_characteristics: {present: false, basis: A test}
  high_risk: {present: false, basis: A test}
  reporting_period: {years: 1}
documentation:
  description: Visits.
  limitations: None known.
  topic: Health Care
  tags: [visits]
  frequency: annual
  coverage: {start: 2024-01-01, end: 2024-12-31}
  geography: California
  contact: {name: Open data, email: o@example.gov}
  attribution: Health
schedule: {cron: "0 2 * * *"}
"""

OWN = """\
dataset: visits
expectations:
  - type: expect_column_values_to_match_regex
    kwargs: {column: number, regex: '^n[0-9]+$', mostly: 0.5}
    severity: warning
    reason: Numbers have a form
  - type: expect_column_values_to_be_between
    kwargs: {column: seen, min_value: 2024-01-02, max_value: 2024-12-31}
    severity: info
    reason: Visits lie within the year
  - type: expect_compound_columns_to_be_unique
    kwargs: {column_list: [sex, age]}
    severity: info
    reason: One visit for each sex and age
  - type: expect_column_pair_values_to_be_equal
    kwargs: {column_A: number, column_B: sex}
    severity: info
    reason: Never true, but it must be counted
  - type: expect_column_mean_to_be_between
    kwargs: {column: cost, min_value: 1, max_value: 2}
    severity: info
    reason: Costs are small
  - type: expect_column_values_to_be_increasing
    kwargs: {column: age}
    severity: info
    reason: Rows are sorted by age
  - type: expect_table_column_count_to_equal
    kwargs: {value: 6}
    severity: info
    reason: Six columns are read
"""


def rows(count: int) -> pd.DataFrame:
    """Return rows of which some break each rule."""
    return pd.DataFrame(
        {
            "number": [f"n{i}" if i % 3 else "odd" for i in range(count)],
            "sex": [("F", "M", "Q", None)[i % 4] for i in range(count)],
            "age": pd.array([i % 130 if i % 7 else None for i in range(count)], dtype="Int64"),
            "seen": [date(2024, 1, 1 + i % 28) for i in range(count)],
            "paid": [i % 5 > 0 for i in range(count)],
            "cost": [i / 10 for i in range(count)],
        }
    )


def validated(
    folder: Path, frame: pd.DataFrame, own: str | None = None, rows_at_once: int = 1_000_000
) -> Sequence[CheckResult]:
    (folder / "contract.yaml").write_text(CONTRACT)
    (folder / "expectations").mkdir(exist_ok=True)
    if own is not None:
        (folder / "expectations/visits.yaml").write_text(own)
    frame.to_parquet(folder / "extract.parquet")
    contract = load_yaml(folder / "contract.yaml", Contract)
    validator = GreatExpectationsValidator(folder / "expectations", rows_at_once)
    return validator.validate(folder / "extract.parquet", contract, ELEMENTS)


def found(results: Sequence[CheckResult]) -> dict[tuple[str | None, str], tuple[bool, int | None]]:
    return {(r.column, r.expectation.split("_to_")[-1]): (r.passed, r.failed) for r in results}


def test_counts_are_of_the_rows_that_fail(tmp_path: Path) -> None:
    results = found(validated(tmp_path, rows(140)))
    assert results[(None, "be_between")] == (True, None)
    assert results[("number", "not_be_null")] == (True, 0)
    assert results[("number", "be_unique")] == (False, 47)
    assert results[("sex", "be_in_set")] == (False, 35)
    assert results[("age", "not_be_null")] == (False, 20)
    assert results[("age", "be_between")] == (False, 8)
    assert results[("paid", "be_in_set")] == (False, 28)


def test_the_files_expectations_follow_the_implied_ones(tmp_path: Path) -> None:
    results = validated(tmp_path, rows(140), OWN)
    assert [r.severity for r in results[-7:]] == ["warning", *["info"] * 6]
    ours = found(results[-7:])
    assert ours[("number", "match_regex")] == (True, 47)
    assert ours[("seen", "be_between")] == (False, 5)
    assert ours[("cost", "be_between")] == (False, None)
    assert ours[(None, "equal")] == (True, None)


@pytest.mark.parametrize("pieces", [1, 7, 50, 139])
def test_pieces_give_the_same_results_as_the_whole(tmp_path: Path, pieces: int) -> None:
    assert validated(tmp_path, rows(140), OWN, pieces) == validated(tmp_path, rows(140), OWN)


def test_a_share_that_must_pass_is_of_the_whole_and_not_of_each_piece(tmp_path: Path) -> None:
    frame = rows(40).assign(number=["x"] * 15 + [f"n{i}" for i in range(25)])
    results = found(validated(tmp_path, frame, OWN, rows_at_once=10))
    assert results[("number", "match_regex")] == (True, 15)


def test_no_rows_fail(tmp_path: Path) -> None:
    critical = [r for r in validated(tmp_path, rows(0)) if not r.passed]
    assert [r.expectation for r in critical] == ["expect_table_row_count_to_be_between"]
    assert critical[0].severity == "critical"


def test_without_a_file_the_columns_alone_are_held(tmp_path: Path) -> None:
    assert len(validated(tmp_path, rows(20))) == 7


@pytest.mark.parametrize("pieces", [10, 1000])
def test_repeated_rows_are_counted_as_pandas_counts_them(tmp_path: Path, pieces: int) -> None:
    frame = rows(pieces)
    frame.to_parquet(tmp_path / "extract.parquet")
    pair = frame[["sex", "age"]]
    filled = pair[~pair.isna().all(axis=1)]
    assert repeated_rows(tmp_path / "extract.parquet", ["sex", "age"], pieces) == (
        pieces - len(filled),
        int(filled.duplicated(keep=False).sum()),
    )


TRAPS = {
    "misspelt type": ("column_values_to_match_regex", "column_values_to_mach_regex", "mean"),
    "unknown severity": ("severity: warning", "severity: fatal", "use one of critical"),
    "misspelt argument": ("mostly: 0.5", "mostley: 0.5", "mostley"),
    "share above one": ("mostly: 0.5", "mostly: 1.5", "mostly"),
    "share of nothing": ("mostly: 0.5", "mostly: 0", "everything passes"),
    "pattern that does not compile": ("^n[0-9]+$", "^n[0-9+$", "does not compile"),
    "column that is not listed": ("column: cost", "column: costs", "'costs'"),
    "parameter": ("mostly: 0.5", "mostly: {$PARAMETER: share}", "is a parameter"),
    "result format": ("mostly: 0.5", "result_format: COMPLETE", "is not an argument"),
    "exceptions let through": ("mostly: 0.5", "catch_exceptions: false", "is not an argument"),
    "bounds exchanged": ("max_value: 2}", "max_value: 0}", "lies below min_value"),
    "SQL": (
        "expect_column_values_to_be_increasing", "expect_column_values_to_match_like_pattern",
        "only inside a database",
    ),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS.keys())
def test_what_great_expectations_would_drop_or_accept_is_refused(
    tmp_path: Path, trap: tuple[str, str, str]
) -> None:
    old, new, words = trap
    assert old in OWN
    with pytest.raises(ContractInvalid) as refused:
        validated(tmp_path, rows(20), OWN.replace(old, new, 1))
    assert words in str(refused.value)


def test_an_empty_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractInvalid, match="give at least 1"):
        validated(tmp_path, rows(20), "dataset: visits\nexpectations: []\n")


def test_an_expectation_that_cannot_be_run_is_an_error_and_not_a_failure(tmp_path: Path) -> None:
    own = OWN.replace("column: cost", "column: sex")
    with pytest.raises(ContractInvalid, match="expect_column_mean_to_be_between on 'sex' cannot"):
        validated(tmp_path, rows(20), own)


@pytest.mark.parametrize("at_once", [1000, 7], ids=["whole", "pieces"])
@pytest.mark.parametrize("own", [OWN, OWN.replace("column: cost", "column: sex")])
def test_no_value_leaves_by_result_error_log_or_screen(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    own: str,
    at_once: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    frame = rows(20).assign(sex=CANARY, number=CANARY)
    told = ""
    try:
        told = repr(validated(tmp_path, frame, own, at_once))
    except ContractInvalid as error:
        chain = (error, error.__cause__, error.__context__)
        told = repr([(str(each), repr(each)) for each in chain])
    screen = capfd.readouterr()
    assert told
    assert CANARY not in told + caplog.text + screen.out + screen.err


def test_nothing_is_written_beside_the_extract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    monkeypatch.chdir(empty)
    validated(tmp_path, rows(140), OWN, 50)
    assert list(empty.iterdir()) == []
