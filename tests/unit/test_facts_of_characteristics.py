"""What is measured in a table's ages, periods and places for its score."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from examples.assessed import BANDS, EVERYBODY, POPULATIONS, SEX, assessed, contract, dimension
from examples.contracts import cells

from opengazette.disclosure.assessment.facts import table_facts
from opengazette.disclosure.tables.margins import with_margins
from opengazette.model.contract import Contract


def facts(agreed: Contract, base: pd.DataFrame) -> Any:
    return table_facts(agreed, with_margins(base, agreed.publication), POPULATIONS)


def test_s1_the_narrowest_band_in_the_table_is_measured() -> None:
    ages = dimension("age", {"kind": "age"}, generalise={"rule": "bands", "bands": BANDS})
    base = cells("age cases", ("0 to 11", 2), ("12 to 14", 3), ("15 to 18", 4))
    (variable,) = facts(contract(ages), base).variables
    assert (variable.width, variable.opens_at) == (3, None)
    (variable,) = facts(contract(ages), cells("age cases", ("19 or Older", 5))).variables
    assert (variable.width, variable.opens_at) == (None, 19)


@pytest.mark.parametrize(
    ("generalise", "level", "labels", "width"),
    [
        ({"rule": "as_is"}, None, ("17", "18"), 1),
        ({"rule": "as_is"}, "10", ("17", "18"), 1),
        ({"rule": "as_is"}, "10", ("10-19", "20-29"), 10),
        ({"rule": "as_is"}, "10", ("10-19", "Ages 18 to 19"), 2),
        ({"rule": "as_is"}, None, ("10-19", "20-29"), 1),
        (
            {"rule": "categories", "groups": {"Teens": [13, 14, 15], "Rest": [16, 17]}},
            None,
            ("Teens",),
            3,
        ),
        ({"rule": "categories", "groups": {"Teens": [13, 14, 19]}}, None, ("Teens",), 1),
        ({"rule": "categories", "groups": {"Teens": ["x", "y"]}}, None, ("Teens",), 1),
    ],
    ids=["single", "denied", "recorded", "finer", "text", "whole years", "gap", "words"],
)
def test_ages_that_cannot_be_measured_count_as_one_year(
    generalise: dict[str, Any], level: str | None, labels: tuple[str, ...], width: int
) -> None:
    ages = dimension("age", {"kind": "age", "level": level}, generalise=generalise)
    (variable,) = facts(contract(ages), cells("age cases", *[(x, 5) for x in labels])).variables
    assert variable.width == width


@pytest.mark.parametrize("label", ["95+", "95 and over", "95 years or older", "95 or more"])
def test_an_open_band_among_labels_of_ages_is_measured_from_where_it_begins(label: str) -> None:
    ages = dimension("age", {"kind": "age", "level": "10"})
    base = cells("age cases", ("85-94", 5), (label, 5))
    (variable,) = facts(contract(ages), base).variables
    assert (variable.width, variable.opens_at) == (10, 95)


@pytest.mark.parametrize(
    ("labels", "level", "expected"),
    [
        (("2020", "2021"), None, ("year",)),
        (("2020-H1",), None, ("half_year",)),
        (("2020-Q3",), None, ("quarter",)),
        (("2020-07",), "year", ("month",)),
        (("2015-2019",), None, (5,)),
        (("Monday",), None, ("week",)),
        (("FY20",), "year", ("year",)),
    ],
)
def test_periods_are_read_from_the_labels(
    labels: tuple[str, ...], level: str | None, expected: tuple[Any, ...]
) -> None:
    time = dimension("time", {"kind": "time", "level": level})
    agreed = contract(time, period={"dimension": "time"})
    assert facts(agreed, cells("time cases", *[(x, 5) for x in labels])).periods == expected


def test_a_declared_period_does_not_hide_a_finer_one_in_the_table() -> None:
    month = dimension("month", {"kind": "time"}, generalise={"rule": "period", "unit": "month"})
    agreed = contract(month, period={"years": 5})
    assert facts(agreed, cells("month cases", ("2020-07", 5))).periods == (5, "month")


def test_what_is_counted_scores_unless_a_person_has_recorded_why_not() -> None:
    base = cells("disease cases", *[(f"d{i}", 5) for i in range(9)])
    plain = contract(dimension("disease", {"kind": "event"}))
    decided = contract(dimension("disease", {"kind": "event", "basis": "It is the event."}))
    (variable,) = facts(plain, base).variables
    assert (variable.kind, variable.groups) == ("other", 9)
    assert facts(decided, base).variables == ()
    assert "expert must review" in assessed(plain, base).steps[2].reason


def test_facilities_and_totals_are_no_variables() -> None:
    agreed = contract(
        dimension("clinic", {"kind": "facility"}), dimension("sex", {"kind": "sex"}, total="All")
    )
    found = facts(agreed, cells("clinic sex cases", ("a", "f", 3), ("a", "m", 0), ("b", "f", 9)))
    assert [(v.name, v.groups) for v in found.variables] == [("sex", 2)]
    assert (found.smallest_count, found.has_zeros) == (3, True)


def test_s33_service_for_residents_alone_is_measured_as_both() -> None:
    service = {"kind": "service_location", "level": "residents_only", "reference": "counties"}
    found = facts(contract(dimension("county", service)), cells("county cases", ("Amador", 3)))
    assert (found.residence_population, found.service_population) == (37_853, 37_853)


def test_s32_an_address_needs_no_population() -> None:
    service = {"kind": "service_location", "level": "address_rural"}
    found = facts(contract(dimension("clinic", service)), cells("clinic cases", ("a", 3)))
    assert (found.service_place, found.service_population) == ("address_rural", None)


def test_a_table_without_areas_takes_its_smallest_denominator_as_its_people() -> None:
    found = facts(
        contract(SEX, denominator=EVERYBODY | {"people": 12_344}), cells("sex cases", ("f", 3))
    )
    assert found.residence_population == 12_344
