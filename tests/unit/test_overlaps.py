"""A contract may not publish one number twice without saying so, nor money as anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter

from opengazette.model.measures import Count, Measure
from opengazette.model.overlaps import broken_money, broken_overlaps, relation

READ: TypeAdapter[Measure] = TypeAdapter(Measure)


def count(name: str, **further: Any) -> Measure:
    told = {"name": name, "label": name, "unit": "people", "definition": "People counted."}
    return READ.validate_python({"kind": "count", **told, **further})


def mean(name: str, column: str, **further: Any) -> Measure:
    told = {"name": name, "label": name, "unit": "days", "definition": "The mean of each."}
    return READ.validate_python(
        {"kind": "mean", **told, "column": column, "over": "members", **further}
    )


def population(name: str, column: str, unit: str = "people") -> Measure:
    told = {"name": name, "label": name, "unit": unit, "definition": "Known beforehand."}
    return READ.validate_python({"kind": "population", **told, "column": column})


def chosen(**where: list[str]) -> Count:
    found = count("chosen", where=where)
    assert isinstance(found, Count)
    return found


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"result": ["p"]}, {"result": ["n"]}, "apart"),
        ({"result": ["p"]}, {"result": ["p", "n"]}, "part"),
        ({"result": ["p", "n"]}, {"result": ["p"]}, "whole"),
        ({"result": ["p"]}, {}, "part"),
        ({"result": ["p"], "sex": ["f"]}, {"result": ["p", "n"]}, "part"),
        ({"result": ["p"]}, {"result": ["p"]}, "same"),
        ({"result": ["p", "n"]}, {"result": ["n", "x"]}, "overlapping"),
        ({"result": ["p"]}, {"sex": ["f"]}, "crossed"),
        ({"result": ["p"], "sex": ["f"]}, {"result": ["p"], "age": ["1"]}, "crossed"),
    ],
)
def test_what_chooses_records_tells_how_counts_lie_to_each_other(
    one: Mapping[str, list[str]], other: Mapping[str, list[str]], expected: str
) -> None:
    assert relation(chosen(**one), chosen(**other)) == expected


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        (
            [count("tests"), count("positives", where={"result": ["p"]})],
            "measure 'positives' counts some of 'tests': needs part_of: tests",
        ),
        (
            [count("positives", where={"result": ["p"]}), count("tests")],
            "measure 'positives' counts some of 'tests': needs part_of: tests",
        ),
        (
            [count("a", where={"r": ["p", "q"]}), count("b", where={"r": ["q", "s"]})],
            "measures 'a' and 'b' count some of the same records",
        ),
        (
            [count("members"), count("visits", column="visits"), mean("per_member", "visits")],
            "measure 'per_member': 'visits' is what 'visits' adds up",
        ),
        (
            [count("visits", column="visits"), population("known", "visits")],
            "measure 'known': 'visits' is what 'visits' adds up",
        ),
        (
            [count("women", where={"sex": ["f"]})],
            "measure 'women': where chooses by 'sex', which a dimension shows already",
        ),
    ],
)
def test_a_number_that_stands_in_the_table_twice_is_refused(
    measures: list[Measure], said: str
) -> None:
    found = list(broken_overlaps(measures, {"sex"}))
    assert len(found) == 1
    assert found[0].startswith(said)


def test_declared_parts_and_counts_apart_are_not_refused() -> None:
    measures = [
        count("tests", where={"r": ["p", "n"]}),
        count("positives", where={"r": ["p"]}, part_of="tests"),
        count("negatives", where={"r": ["n"]}, part_of="tests"),
        count("positive_now", where={"r": ["p"], "when": ["now"]}, part_of="positives"),
        count("visits", column="visits"),
    ]
    assert list(broken_overlaps(measures, {"sex"})) == []


@pytest.mark.parametrize("unit", ["dollars", "US$", "USD thousand", "Cents", "euros"])
def test_money_is_neither_a_count_nor_a_mean_like_others(unit: str) -> None:
    found = [count("paid", unit=unit), population("budget", "budget", unit), mean("cost", "cost")]
    said = list(broken_money(found, {"cost": unit}, personal=True))
    assert [line.split(": ")[0] for line in said] == [
        "measure 'paid'",
        "measure 'budget'",
        "measure 'cost'",
    ]
    assert list(broken_money(found, {"cost": unit}, personal=False)) == []


def test_a_mean_of_money_that_is_marked_and_percents_are_no_other_money() -> None:
    found = [mean("cost", "cost", financial=True, unit="dollars"), mean("share", "share")]
    assert list(broken_money(found, {"share": "percent"}, personal=True)) == []
