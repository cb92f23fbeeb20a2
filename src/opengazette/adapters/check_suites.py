"""Tries a dataset's expectations on made-up rows: good ones, and damaged ones that must fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.lib as pa

from opengazette.adapters.config_files import Reading
from opengazette.adapters.config_problems import Problem
from opengazette.adapters.contract_references import column_types
from opengazette.adapters.contracts import read_expectations
from opengazette.adapters.expectation_suites import Built, build
from opengazette.adapters.extract_frames import comparable
from opengazette.adapters.great_expectations import Tally, run
from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.expectations import Expectation, ExpectationFile
from opengazette.model.reference import DataElements
from opengazette.standards.expected import ROW_COUNT, implied_expectations

Sampler = Callable[[Contract, DataElements], pd.DataFrame]

#: One value for each kind of column that hardly any column may hold, low and high.
_STRANGE: tuple[dict[str, str | int | float | date], ...] = (
    {"text": "", "int": -(10**12), "float": -1e300, "bool": 1, "day": date(1, 1, 1)},
    {
        "text": "\ufffd no such value",
        "int": 10**12,
        "float": 1e300,
        "bool": 0,
        "day": date(9999, 12, 31),
    },
)


def suite_problems(
    folder: Path, contract: Reading[Contract], elements: DataElements, sampler: Sampler
) -> Iterator[Problem]:
    """Find expectations that cannot be built, cannot be run, or can never fail."""
    if contract.value is None:
        return
    file = read_expectations(folder, contract.value)
    yield from file.problems if file is not None else ()
    own = file.value.expectations if file is not None and file.value is not None else ()
    implied = implied_expectations(contract.value, elements)
    types = column_types(contract.value, elements)
    suite: list[tuple[Built, Place]] = []
    for number, asked in enumerate((*implied, *own)):
        place = _place(contract, file, asked, number - len(implied))
        built = build(asked, types)
        if isinstance(built, Built):
            suite.append((built, place))
        else:
            for fault in built:
                yield place(fault.field, f"{asked.type}: {fault.reason}", fault.fix)
    yield from _tried(contract, elements, sampler, suite, len(implied))


Place = Callable[[tuple[str, ...], str, str], Problem]


def _place(
    contract: Reading[Contract],
    file: Reading[ExpectationFile] | None,
    asked: Expectation,
    number: int,
) -> Place:
    """Return what makes a problem at the spot that an expectation comes from."""
    if file is not None and number >= 0:
        own = file
        return lambda field, reason, fix: own.problem(("expectations", number, *field), reason, fix)
    column = asked.kwargs.get("column")
    spot = ("columns", str(column)) if column else ("source", "fewest_rows")
    return lambda _field, reason, fix: contract.problem(spot, reason, fix)


def _tried(
    contract: Reading[Contract],
    elements: DataElements,
    sampler: Sampler,
    suite: Sequence[tuple[Built, Place]],
    implied: int,
) -> Iterator[Problem]:
    if contract.value is None or not suite:
        return
    try:
        rows = pa.Table.from_pandas(sampler(contract.value, elements), preserve_index=False)
    except ContractInvalid as error:
        yield contract.problem((), f"no rows can keep to it: {error.problem}", error.remedy)
        return
    built = [each for each, _ in suite]
    sound = run(comparable(rows), built)
    good: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    damaged = [run(_plain(frame), built) for frame in damages(good, built)]
    for number, (each, place) in enumerate(suite):
        found = _verdict(each, sound[number], [tallies[number] for tallies in damaged])
        contradicts = not sound[number].passed and each.asked.type != ROW_COUNT
        if found is None and number < implied and contradicts:
            found = "fails on rows that keep to the contract", "do the column's limits agree?"
        if found is not None:
            yield place((), f"{each.asked.type} {found[0]}", found[1])


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    return comparable(pa.Table.from_pandas(frame, preserve_index=False))


def _verdict(built: Built, sound: Tally, damaged: Sequence[Tally]) -> tuple[str, str] | None:
    if sound.raised:
        return "cannot be run on such a column", "do its arguments fit the column's type?"
    may_fail = not sound.passed or any(not t.passed and not t.raised for t in damaged)
    if may_fail or _says_all(built.asked):
        return None
    return "can never fail, whatever the rows hold", "make it narrower, or leave it out"


def _says_all(asked: Expectation) -> bool:
    """Tell whether made-up damage cannot show that an expectation has teeth.

    So it is with a list of both truth values, with a largest number of rows alone, and with a
    pattern that must not occur: nobody makes up a text for it here.
    """
    values = asked.kwargs.get("value_set")
    listed = {v for v in values if isinstance(v, bool)} if isinstance(values, list) else set()
    most_rows = asked.type == ROW_COUNT and asked.kwargs.get("max_value") is not None
    return listed == {True, False} or most_rows or "_not_match_regex" in asked.type


def damages(good: pd.DataFrame, suite: Sequence[Built]) -> Iterator[pd.DataFrame]:
    """Return damaged copies: no rows, one row repeated, blanks, strange and forbidden values."""
    yield good.head(0)
    yield good.iloc[[0] * len(good)].reset_index(drop=True)
    yield good.mask(pd.DataFrame(data=True, index=good.index, columns=good.columns))
    for values in _STRANGE:
        yield pd.DataFrame({name: _filled(good[name], values) for name in good.columns})
    forbidden = {name: value for built in suite for name, value in _forbidden(built.asked)}
    yield good.assign(
        **{
            name: pd.Series([value] * len(good), dtype=good[name].dtype)
            for name, value in forbidden.items()
        }
    )


def _forbidden(asked: Expectation) -> Iterator[tuple[str, object]]:
    values = asked.kwargs.get("value_set")
    if asked.type == "expect_column_values_to_not_be_in_set" and isinstance(values, list):
        yield str(asked.kwargs["column"]), values[0]


def _filled(column: pd.Series, values: dict[str, str | int | float | date]) -> pd.Series:
    kind: pa.DataType = pa.Array.from_pandas(column).type
    if kind == pa.date32():
        value: object = values["day"]
    elif kind == pa.bool_():
        value = bool(values["bool"])
    elif kind in (pa.float32(), pa.float64()):
        value = values["float"]
    elif kind in (pa.string(), pa.large_string()):
        value = values["text"]
    else:
        value = values["int"]
    return pd.Series([value] * len(column), dtype=column.dtype)
