"""What the public already knows stays known; what has not changed stands as it stood."""

from __future__ import annotations

import pandas as pd
import pytest

from opengazette.disclosure.continuity import EarlierTable, carried_over
from opengazette.model.publication import PublicationTable

PUBLICATION = PublicationTable.model_validate(
    {
        "row": "one county",
        "dimensions": [
            {
                "name": "county",
                "label": "County",
                "column": "county",
                "characteristic": {"kind": "residence"},
            }
        ],
        "measures": [
            {
                "kind": "count",
                "name": "cases",
                "label": "Cases",
                "unit": "people",
                "definition": "People with the disease.",
            }
        ],
    }
)


def table(**cases: int | None) -> pd.DataFrame:
    return pd.DataFrame(
        {"county": list(cases), "cases": pd.array(list(cases.values()), dtype="Int64")}
    )


def stood(true: pd.DataFrame, *earlier: EarlierTable) -> dict[str, str]:
    carried = carried_over(true, earlier, PUBLICATION)
    marks = zip(true["county"], carried.shown["cases"], carried.withheld["cases"], strict=True)
    return {
        county: "shown" if shown else "withheld" if hidden else "new"
        for county, shown, hidden in marks
    }


def test_an_unchanged_count_stands_as_it_stood() -> None:
    earlier = EarlierTable(table(a=20, b=5, c=30), table(a=20, b=None, c=None))
    assert stood(table(a=20, b=5, c=30), earlier) == {
        "a": "shown",
        "b": "withheld",
        "c": "withheld",
    }


def test_a_changed_or_new_count_is_not_carried_over() -> None:
    earlier = EarlierTable(table(a=20, b=5), table(a=20, b=None))
    assert stood(table(a=21, b=6, d=9), earlier) == {"a": "new", "b": "new", "d": "new"}


def test_what_one_release_has_shown_no_later_one_can_take_back() -> None:
    first = EarlierTable(table(a=20), table(a=20))
    second = EarlierTable(table(a=20), table(a=None))
    assert stood(table(a=20), second, first) == {"a": "shown"}
    assert stood(table(a=20), first, second) == {"a": "shown"}


def test_the_order_of_the_rows_does_not_matter() -> None:
    earlier = EarlierTable(table(c=30, a=20, b=5), table(c=None, a=20, b=None))
    assert stood(table(a=20, b=5, c=30), earlier) == {
        "a": "shown",
        "b": "withheld",
        "c": "withheld",
    }


def test_a_release_of_another_form_is_counted_and_not_compared() -> None:
    other = table(a=20).rename(columns={"county": "region"})
    carried = carried_over(table(a=20), [EarlierTable(other, other)], PUBLICATION)
    assert (carried.compared, carried.other) == (0, 1)
    assert not carried.shown["cases"].any()


@pytest.mark.parametrize("blank", [True, False])
def test_the_first_release_carries_nothing(blank: bool) -> None:
    carried = carried_over(table(a=None if blank else 20), [], PUBLICATION)
    assert (carried.compared, carried.other) == (0, 0)
    assert not carried.shown["cases"].any()
