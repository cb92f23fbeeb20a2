"""Checks an extract with Great Expectations; names and counts leave, never a value.

Great Expectations works on frames in memory. An extract of at most `rows_at_once` rows is read
in one piece, only the columns that its expectations name. A larger one is read in pieces where
an expectation looks at each row by itself, and counted by DuckDB where it looks for repeated
values; what remains (means, quantiles, orders) reads its own columns whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from opengazette.adapters.config_files import refusal
from opengazette.adapters.contract_references import column_types
from opengazette.adapters.contracts import read_expectations
from opengazette.adapters.expectation_suites import Built, build, library
from opengazette.adapters.extract_frames import Extract
from opengazette.adapters.repeated_values import repeated_rows
from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.expectations import Expectation
from opengazette.model.reference import DataElements
from opengazette.ports import CheckResult
from opengazette.standards.expected import ROW_COUNT, implied_expectations

_UNIQUE = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")

_WHOLE_TABLE = frozenset(
    {
        *_UNIQUE,
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_decreasing",
        "expect_column_values_to_not_be_outliers",
        "expect_column_value_z_scores_to_be_less_than",
    }
)

_OF_ALL_ROWS = ("expect_column_values_to_be_null", "expect_column_values_to_not_be_null")


@dataclass(frozen=True)
class Tally:
    """What one expectation came to on some rows: counts alone."""

    passed: bool
    raised: bool = False
    checked: int | None = None
    missing: int = 0
    failed: int | None = None


class GreatExpectationsValidator:
    """A `ports.Validator`; the dataset's own expectations lie in a folder."""

    def __init__(self, expectations: Path, rows_at_once: int = 1_000_000) -> None:
        self._folder = expectations
        self._rows_at_once = rows_at_once

    def validate(
        self, extract: Path, contract: Contract, elements: DataElements
    ) -> Sequence[CheckResult]:
        """Return one result for each expectation: first the implied ones, then the file's.

        Shape: `checked` counts the rows looked at, empty values included where the expectation
        looks at them; both counts are None where an expectation speaks of the whole table.
        Raises ContractInvalid where an expectation cannot be built or run.
        """
        suite = planned(self._folder, contract, elements)
        table = Extract(extract)
        if table.rows <= self._rows_at_once:
            tallies = run(table.frame(_columns(suite)), suite)
        else:
            tallies = _in_pieces(table, suite, self._rows_at_once)
        return tuple(_result(contract, b, t) for b, t in zip(suite, tallies, strict=True))


def planned(folder: Path, contract: Contract, elements: DataElements) -> tuple[Built, ...]:
    """Return the suite of a dataset, constructed and counted. Raises ContractInvalid."""
    asked = implied_expectations(contract, elements)
    file = read_expectations(folder, contract)
    if file is not None:
        if file.value is None:
            raise refusal(file.problems)
        asked = (*asked, *file.value.expectations)
    types = column_types(contract, elements)
    suite = tuple(_built(contract, each, types) for each in asked)
    if len(suite) != len(asked) or not suite:
        raise ContractInvalid(f"{contract.id}: the suite does not hold every expectation.", "")
    return suite


def run(frame: pd.DataFrame, suite: Sequence[Built]) -> tuple[Tally, ...]:
    """Return what each expectation comes to on a frame, in the order of the suite."""
    return _session()(frame, suite)


def _built(contract: Contract, asked: Expectation, types: Mapping[str, Any]) -> Built:
    built = build(asked, types)
    if isinstance(built, Built):
        return built
    faults = "; ".join(f"{'.'.join(f.field)}: {f.reason}; {f.fix}" for f in built)
    raise ContractInvalid(f"{contract.id}: {asked.type}: {faults}", "Run `opengazette check`.")


Check = Callable[[pd.DataFrame, Sequence[Built]], tuple[Tally, ...]]


def _session() -> Check:
    """Return a function that checks frames within one context that writes nothing."""
    gx = library()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("extract").add_dataframe_asset("rows")
    piece = asset.add_batch_definition_whole_dataframe("piece")

    def check(frame: pd.DataFrame, suite: Sequence[Built]) -> tuple[Tally, ...]:
        numbered = [b.expectation.copy(update={"meta": {"number": n}}) for n, b in enumerate(suite)]
        asked = gx.ExpectationSuite(name="suite", expectations=numbered)
        batch = piece.get_batch({"dataframe": frame})
        results = _validated(batch, asked)
        found = {r["expectation_config"]["meta"]["number"]: _tally(r) for r in results}
        if not found or sorted(found) != list(range(len(suite))):
            raise ContractInvalid("Great Expectations left out an expectation.", "")
        return tuple(found[n] for n in range(len(suite)))

    return check


def _validated(batch: Any, suite: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    try:
        outcome = batch.validate(
            suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
        )
        return [result.to_json_dict() for result in outcome.results]
    except Exception as error:  # noqa: BLE001 - its text may quote a cell
        kind = type(error).__name__
    raise ContractInvalid(f"The expectations cannot be run ({kind}).", "Run `opengazette check`.")


def _tally(result: Mapping[str, Any]) -> Tally:
    """Keep counts alone: everything else that a result holds may quote a cell."""
    if _raised(result.get("exception_info") or {}):
        return Tally(passed=False, raised=True)
    counts = result["result"]
    return Tally(
        passed=bool(result["success"]),
        checked=counts.get("element_count"),
        missing=int(counts.get("missing_count") or 0),
        failed=counts.get("unexpected_count"),
    )


def _raised(exceptions: Mapping[str, Any]) -> bool:
    nested = [each for each in exceptions.values() if isinstance(each, Mapping)]
    return bool(exceptions.get("raised_exception")) or any(_raised(each) for each in nested)


def _result(contract: Contract, built: Built, tally: Tally) -> CheckResult:
    if tally.raised:
        where = f" on {built.column!r}" if built.column else ""
        raise ContractInvalid(
            f"{contract.id}: {built.asked.type}{where} cannot be run on this table.",
            f"Do its arguments fit the column's type? Correct expectations/{contract.id}.yaml or "
            f"config/datasets/{contract.id}.yaml, then run `opengazette check`.",
        )
    return CheckResult(
        expectation=built.asked.type,
        column=built.column,
        severity=built.asked.severity,
        passed=tally.passed,
        checked=tally.checked,
        failed=tally.failed,
        reason=built.asked.reason,
    )


def _columns(suite: Sequence[Built]) -> frozenset[str] | None:
    """Return the columns that the suite reads, or None where that may be any."""
    if any(built.columns is None for built in suite):
        return None
    return frozenset(column for built in suite for column in built.columns or ())


def _in_pieces(table: Extract, suite: Sequence[Built], rows: int) -> tuple[Tally, ...]:
    check = _session()
    by_row = [n for n, built in enumerate(suite) if _looks_at_one_row(built)]
    sums = _added_up(table, [suite[n] for n in by_row], rows, check)
    tallies = dict(zip(by_row, sums, strict=True))
    for number, built in enumerate(suite):
        if number not in tallies:
            tallies[number] = _at_once(table, built, check)
    return tuple(tallies[n] for n in range(len(suite)))


def _looks_at_one_row(built: Built) -> bool:
    kinds = library().expectations.expectation
    by_row = (
        kinds.ColumnMapExpectation,
        kinds.ColumnPairMapExpectation,
        kinds.MulticolumnMapExpectation,
    )
    return isinstance(built.expectation, by_row) and built.asked.type not in _WHOLE_TABLE


def _added_up(table: Extract, suite: Sequence[Built], rows: int, check: Check) -> Iterator[Tally]:
    if not suite:
        return
    sums: list[list[Tally]] = [[] for _ in suite]
    for frame in table.pieces(_columns(suite), rows):
        for parts, tally in zip(sums, check(frame, suite), strict=True):
            parts.append(tally)
    for built, parts in zip(suite, sums, strict=True):
        yield _sum(built, parts)


def _sum(built: Built, parts: Sequence[Tally]) -> Tally:
    """Add pieces up and judge the whole by the share that must pass, not each piece."""
    if any(part.raised for part in parts):
        return Tally(passed=False, raised=True)
    checked = sum(part.checked or 0 for part in parts)
    missing = sum(part.missing for part in parts)
    failed = sum(part.failed or 0 for part in parts)
    judged = checked if built.asked.type in _OF_ALL_ROWS else checked - missing
    return Tally(_mostly(built, judged, failed), checked=checked, missing=missing, failed=failed)


def _mostly(built: Built, judged: int, failed: int) -> bool:
    return judged == 0 or (judged - failed) / judged >= float(built.expectation.mostly)


def _at_once(table: Extract, built: Built, check: Check) -> Tally:
    """Judge an expectation that pieces cannot decide, with its own columns alone in memory."""
    arguments = set(built.asked.kwargs)
    if built.asked.type == ROW_COUNT and arguments <= {"min_value", "max_value"}:
        low, high = built.expectation.min_value, built.expectation.max_value
        return Tally((low is None or table.rows >= low) and (high is None or table.rows <= high))
    if built.asked.type in _UNIQUE and arguments <= {"column", "column_list", "mostly"}:
        missing, failed = repeated_rows(table.path, built.columns or (), table.rows)
        passed = _mostly(built, table.rows - missing, failed)
        return Tally(passed, checked=table.rows, missing=missing, failed=failed)
    tally: Tally = check(table.frame(built.columns), [built])[0]
    return tally
