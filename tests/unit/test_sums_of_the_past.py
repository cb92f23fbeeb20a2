"""Tests, positives and negatives: what adds up in one release gives nothing away in the next."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.nights import Nights, by_group, count

from opengazette.errors import AuditFailed
from opengazette.model.contract import Contract

TESTS, POSITIVE = count("tests"), count("positive", "tests")
NEGATIVE = count("negative", "tests")
RESULTS = by_group(TESTS, POSITIVE, NEGATIVE)
FIRST = "group,tests,positive,negative A,100,4,96 B,300,100,200 C,250,90,160"
SECOND = "group,tests,positive,negative A,112,16,96 B,300,100,200 C,260,95,165"
TOGETHER = "together with the releases that the public has seen"


def test_negatives_that_have_not_changed_do_not_tell_the_positives_of_the_night_before(
    tmp_path: Path,
) -> None:
    """Last night 100 tests were shown, 4 positive and 96 negative withheld; tonight 96 stand."""
    nights = Nights(tmp_path, RESULTS)
    assert nights.shown(nights.released(FIRST))["A"] == "100 ? ?"
    masked = nights.masked(SECOND)
    with pytest.raises(AuditFailed, match=TOGETHER):
        nights.cleared(nights.showing_all_but(masked))
    second = nights.released(SECOND)
    assert nights.shown(second) == {"A": "112 ? ?", "B": "300 100 200", "C": "260 95 165"}
    found = "No small count of another release, or added since, can be narrowed"
    assert nights.checks(second)[found].startswith("1 attacked")


def test_totals_do_not_tell_the_negatives_either(tmp_path: Path) -> None:
    nights = Nights(tmp_path, by_group(TESTS, POSITIVE, NEGATIVE, total="All"))
    nights.released(FIRST)
    with pytest.raises(AuditFailed, match=TOGETHER):
        nights.cleared(nights.showing_all_but(nights.masked(SECOND), positive="A", negative="A"))
    now = nights.shown(nights.released(SECOND))
    assert now["A"] == "112 ? ?"
    assert "672 211 461" in now.values()
    assert sum("?" in row for row in now.values()) == 2


def test_a_count_that_is_dropped_is_remembered_with_those_that_it_adds_up_with(
    tmp_path: Path,
) -> None:
    nights = Nights(tmp_path, RESULTS)
    nights.released(FIRST)
    later = Nights(tmp_path, by_group(count("negative")))
    later.earlier = nights.earlier
    masked = later.masked("group,negative A,96 B,200 C,165")
    with pytest.raises(AuditFailed, match=TOGETHER):
        later.cleared(later.showing_all_but(masked))
    assert later.shown(masked) == {"A": "?", "B": "200", "C": "165"}
    assert later.cleared(masked).complementary == 1


def test_a_count_under_another_name_is_remembered_with_its_sum(tmp_path: Path) -> None:
    """Alone, a linked table of the negatives would show all of them on the same night."""
    nights = Nights(tmp_path, RESULTS)
    nights.released(FIRST)
    link = {
        "dataset": "example",
        "basis": "The same tests.",
        "names": {"well": "negative"},
    }
    told = by_group(count("well")).model_dump(mode="json", exclude_none=True)
    other = Nights(tmp_path, Contract.model_validate(told | {"id": "well", "linked_to": [link]}))
    other.linked = {"example": nights.earlier}
    masked = other.masked("group,well A,96 B,200 C,160")
    with pytest.raises(AuditFailed, match=TOGETHER):
        other.cleared(other.showing_all_but(masked))
    assert other.shown(other.released("group,well A,96 B,200 C,160"))["A"] == "?"


def test_a_count_of_a_linked_dataset_is_not_another_of_the_same_name(tmp_path: Path) -> None:
    """What the linked dataset calls `well` and shows is nothing of tonight's, its negatives."""
    nights = Nights(tmp_path, by_group(count("negative"), count("well"), total="All"))
    first = nights.released("group,negative,well A,5,200 B,20,20 C,100,100")
    assert sum("?" in row for row in nights.shown(first).values()) == 2
    link = {"dataset": "example", "basis": "The same tests.", "names": {"well": "negative"}}
    told = by_group(count("well"), total="All").model_dump(mode="json", exclude_none=True)
    other = Nights(tmp_path, Contract.model_validate(told | {"id": "well", "linked_to": [link]}))
    other.linked = {"example": nights.earlier}
    masked = other.masked("group,well A,33 B,20 C,100")
    assert "?" in other.shown(masked).values()
    with pytest.raises(AuditFailed, match=TOGETHER):
        other.cleared(other.showing_all_but(masked))


def test_a_few_more_positives_beside_the_same_negatives_take_the_tests_along(
    tmp_path: Path,
) -> None:
    """Shown, 104 tests after 100 would say that 8 positives are 4 more than the night before."""
    nights = Nights(tmp_path, RESULTS)
    nights.released(FIRST)
    more = "group,tests,positive,negative A,104,8,96 B,300,100,200 C,260,95,165"
    masked = nights.masked(more)
    with pytest.raises(AuditFailed):
        nights.cleared(nights.showing_all_but(masked, positive="A", negative="A"))
    shown = nights.shown(nights.released(more))
    assert shown == {"A": "? ? ?", "B": "300 100 200", "C": "260 95 165"}
