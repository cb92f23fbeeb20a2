"""Single records: groups, risk, diversity, identifiers, and the limits that a person decides by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import nbinom

from opengazette.disclosure.identifiers.record_risk import individual_risks, measured, record_risk
from opengazette.disclosure.identifiers.records import identifying_in_records
from opengazette.errors import DisclosureRisk
from opengazette.model.record_release import RecordLimits, RecordRelease
from opengazette.model.record_risk import RecordRisk

LIMITS = RecordLimits(
    smallest_group=2,
    fewest_sensitive_values=2,
    highest_risk=0.5,
    highest_expected_percent=50,
    most_unique_percent=0,
    basis="Limits of the tests",
)
PEOPLE = pd.DataFrame(
    {
        "age": ["old", "old", "old", "young", "young"],
        "sex": ["F", "F", "M", "F", "F"],
        "illness": ["flu", "gout", "flu", "flu", "flu"],
    }
)


def asked(columns: dict[str, Any] | None = None, **more: Any) -> RecordRelease:
    roles = {"age": "quasi_identifier", "sex": "quasi_identifier", "illness": "sensitive"}
    return RecordRelease.model_validate(
        {
            "id": "example",
            "title": "Records of the tests",
            "department": "health",
            "record_level": True,
            "recipient": "An institute",
            "reason": "A table would not do.",
            "columns": columns or {name: {"role": role} for name, role in roles.items()},
            **more,
        }
    )


def risk(**more: Any) -> RecordRisk:
    return record_risk(PEOPLE, asked(**more), LIMITS)


def test_records_are_grouped_by_all_quasi_identifiers() -> None:
    found = risk()
    assert (found.records, found.groups, found.smallest_group) == (5, 3, 1)
    assert (found.unique, found.below, found.unique_percent) == (1, 1, 20.0)


def test_the_risk_of_a_record_is_one_by_its_group_where_the_recipient_may_know_who_is_in() -> None:
    found = risk()
    assert found.highest_risk == 1.0
    assert found.expected == pytest.approx(3.0)
    assert found.expected_percent == pytest.approx(60.0)


def test_a_group_of_one_value_has_no_secret() -> None:
    (found,) = risk().diversity
    assert (found.column, found.fewest, found.uniform) == ("illness", 1, 3)


def test_the_report_tells_what_each_quasi_identifier_adds() -> None:
    told = {each.column: (each.smallest_group, each.unique) for each in risk().without}
    assert told == {"age": (1, 1), "sex": (2, 0)}


def test_an_empty_value_is_a_value_like_any_other() -> None:
    blank = PEOPLE.assign(sex=["F", "F", "", "F", "F"])
    assert record_risk(blank, asked(), LIMITS).unique == 1


def test_every_broken_limit_is_named() -> None:
    assert [m.kept for m in measured(risk(), LIMITS)] == [False] * 5


def test_limits_that_are_just_met_are_kept() -> None:
    pairs = pd.concat([PEOPLE[:2], PEOPLE[:2].assign(age="young")])
    found = record_risk(pairs, asked(), LIMITS)
    assert [m.kept for m in measured(found, LIMITS)] == [True] * 5


def test_records_drawn_from_a_larger_population_are_at_less_risk() -> None:
    drawn = risk(population={"people": 500, "basis": "Drawn by lot"})
    assert drawn.highest_risk < 0.06
    assert drawn.smallest_group == 1


@pytest.mark.parametrize(
    ("size", "fraction"), [(1, 0.01), (2, 0.5), (3, 0.99), (40, 0.01), (103, 0.0625), (5000, 0.3)]
)
def test_the_risk_in_a_sample_is_the_expected_value_of_one_by_the_people_alike(
    size: int, fraction: float
) -> None:
    beyond = np.arange(50_000)
    expected = (nbinom.pmf(beyond, size, fraction) / (beyond + size)).sum()
    assert individual_risks(np.array([size]), fraction)[0] == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)
@given(st.lists(st.integers(1, 100_000), min_size=1), st.floats(1e-6, 1.0))
def test_no_sample_is_at_more_risk_than_records_whose_people_are_known(
    sizes: list[int], fraction: float
) -> None:
    groups = np.array(sizes)
    risks = individual_risks(groups, fraction)
    assert (risks > 0).all()
    assert (risks <= 1 / groups).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), min_size=1))
def test_leaving_a_quasi_identifier_out_never_makes_a_group_smaller(
    rows: list[tuple[str, str]],
) -> None:
    table = pd.DataFrame(rows, columns=["age", "sex"]).assign(illness="flu")
    found = record_risk(table, asked(), LIMITS)
    assert all(each.smallest_group >= found.smallest_group for each in found.without)
    assert all(each.unique <= found.unique for each in found.without)


@pytest.mark.parametrize(
    ("records", "more"),
    [(PEOPLE[:0], {}), (PEOPLE, {"population": {"people": 4, "basis": "Too few people"}})],
)
def test_what_cannot_be_measured_is_refused(records: pd.DataFrame, more: dict[str, Any]) -> None:
    with pytest.raises(DisclosureRisk):
        record_risk(records, asked(**more), LIMITS)


def test_records_leave_only_where_somebody_said_so_on_purpose() -> None:
    for given_flag in (False, None):
        with pytest.raises(ValidationError):
            asked(record_level=given_flag)


def test_a_request_without_quasi_identifiers_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least one quasi_identifier"):
        asked({"age": {"role": "other"}})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("patient_name", ["A", "B"] * 20),
        ("contact", ["a@example.org", "none"] * 20),
        ("area", ["94110", "94112", "94114", "94116", "94118"] * 8),
        ("seen", [f"2020-01-{day:02d}" for day in range(1, 21)] * 2),
        ("token", [f"x{number}y" for number in range(40)]),
    ],
)
def test_what_looks_like_an_identifier_is_found_unless_a_person_said_why_not(
    name: str, values: list[str]
) -> None:
    records = pd.DataFrame({name: values})
    column = {"role": "quasi_identifier"}
    assert [f.column for f in identifying_in_records(records, asked({name: column}))] == [name]
    explained = {**column, "not_identifying": "R. Alvarez, 5 January: a made-up value"}
    assert identifying_in_records(records, asked({name: explained})) == ()


def test_what_is_left_out_may_identify() -> None:
    columns = {"patient_name": {"role": "left_out"}, "sex": {"role": "quasi_identifier"}}
    records = pd.DataFrame({"patient_name": ["A", "B"], "sex": ["F", "M"]})
    assert identifying_in_records(records, asked(columns)) == ()
