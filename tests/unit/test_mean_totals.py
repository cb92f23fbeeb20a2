"""A mean of whole numbers, times the people beside it, is no way round a withheld count."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from examples.nights import Nights, by_group, count

from opengazette.disclosure.tables.margins import with_margins
from opengazette.disclosure.tables.mean_totals import refuse_told_totals, told_totals
from opengazette.errors import CannotProtect, DisclosureRisk
from opengazette.model.contract import Contract
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


def told(people: list[int | None], mean: list[float | None], decimals: int = 1) -> dict[str, int]:
    public = pd.DataFrame({"members": people, "ill": mean}).astype(
        {"members": "Int64", "ill": "Float64"}
    )
    return told_totals(public, publication(decimals), whole=["ill"], threshold=11)


def test_a_reader_multiplies_the_mean_with_the_people_beside_it() -> None:
    assert told([20, 300], [0.1, 0.3]) == {"ill": 1}
    assert told([20], [0.1], decimals=2) == {"ill": 1}
    assert told([200, 100], [0.1, 0.1]) == {}
    assert told([20, None], [0.0, None]) == {}


def test_a_mean_of_which_no_whole_number_is_the_total_tells_none() -> None:
    assert told([20], [0.51], decimals=2) == {}


SHARE = {
    "kind": "mean",
    "name": "share",
    "label": "Share",
    "unit": "share",
    "definition": "Share of members who are ill.",
    "column": "amount",
    "over": "members",
    "decimals": 2,
}


def test_the_second_pair_of_eyes_finds_the_mean_of_a_handful_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of twenty: the masker, which looks at the sums themselves, has overlooked them."""
    nights = Nights(tmp_path, by_group(count("members"), SHARE))
    with pytest.raises(CannotProtect, match="1 means of 'share'"):
        nights.masked("group,members,share A,20,2 B,300,90")
    monkeypatch.setattr("opengazette.steps.deidentify.refuse_told_totals", lambda *_, **__: None)
    masked = nights.masked("group,members,share A,20,2 B,300,90")
    with pytest.raises(DisclosureRisk, match=r"from 1 to 10 of what they add up: share \(1\)"):
        nights.cleared(masked)


def test_fractions_are_cleared_though_they_are_few(tmp_path: Path) -> None:
    told = by_group(count("members"), SHARE).model_dump(mode="json", exclude_none=True)
    told["columns"]["amount"]["type"] = "number"
    nights = Nights(tmp_path, Contract.model_validate(told))
    assert nights.cleared(nights.masked("group,members,share A,20,2.5 B,300,90.25")).primary == 0
