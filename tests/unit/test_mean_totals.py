"""A mean of whole numbers, times the people beside it, is no way round a withheld count."""

from __future__ import annotations

import pandas as pd
import pytest

from opengazette.disclosure.margins import with_margins
from opengazette.disclosure.mean_totals import refuse_told_totals
from opengazette.errors import CannotProtect
from opengazette.model.publication import PublicationTable


def publication(decimals: int = 1) -> PublicationTable:
    told = {"label": "Of the table", "unit": "each", "definition": "Of the table."}
    return PublicationTable.model_validate(
        {
            "row": "one group",
            "dimensions": [
                {
                    "name": "group",
                    "label": "Group",
                    "column": "group",
                    "characteristic": {"kind": "other"},
                    "total": "All",
                }
            ],
            "measures": [
                {"kind": "count", "name": "members", **told},
                {
                    "kind": "mean",
                    "name": "ill",
                    "column": "is_ill",
                    "over": "members",
                    "decimals": decimals,
                    **told,
                },
            ],
        }
    )


def is_refused(people: list[int], total: list[float], decimals: int = 1) -> bool:
    try:
        attacked(people, total, decimals)
    except CannotProtect:
        return True
    return False


def attacked(people: list[int], total: list[float], decimals: int = 1) -> None:
    shape = publication(decimals)
    base = pd.DataFrame({"group": list("ABCD")[: len(people)], "members": people, "ill": total})
    base = base.astype({"members": "Int64", "ill": "float64"})
    refuse_told_totals(base, with_margins(base, shape), shape, threshold=11)


def test_a_tenth_of_forty_people_is_told_to_be_a_handful() -> None:
    with pytest.raises(CannotProtect, match="1 means of 'ill' tell a number from 1 to 10"):
        attacked([40, 50], [5, 20])


def test_none_in_a_hundred_that_is_rounded_tells_that_there_are_few() -> None:
    with pytest.raises(CannotProtect, match="1 means of 'ill'"):
        attacked([100, 500], [3, 200])


def test_a_total_of_groups_that_are_withheld_is_looked_at_too() -> None:
    with pytest.raises(CannotProtect, match="1 means of 'ill'"):
        attacked([9, 10], [2, 3])


def test_nobody_and_more_than_ten_and_what_rounding_hides_pass() -> None:
    assert not is_refused([40, 50, 100_000], [0, 20, 7])


def test_two_decimals_tell_more_than_one() -> None:
    assert not is_refused([1000, 500], [7, 200], decimals=1)
    assert is_refused([1000, 500], [7, 200], decimals=3)


def test_fractions_are_no_numbers_of_people() -> None:
    assert not is_refused([40, 50], [5.5, 20.0])


def test_a_group_whose_count_is_withheld_shows_no_mean() -> None:
    assert not is_refused([5, 500], [3, 200])
