"""What the public already knows stays known; what has not changed stands as it stood."""

from __future__ import annotations

import numpy as np
import pytest

from opengazette.disclosure.audit.audit import PublishedTable, audit
from opengazette.disclosure.audit.memory import given_away_before, reader_of
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.releases.memory import Remembered, remember
from opengazette.disclosure.releases.seen import Growing, SeenTable
from opengazette.disclosure.tables.linear_system import CellTable, Dimension

RULE, RANGE = SmallCountRule(), Protection()
COUNTIES = ("a", "b", "c", "d")


def counties(*codes: str, total: bool = False) -> Dimension:
    whole = {"all": codes} if total else {}
    return Dimension("county", "all" if total else None, whole, (*whole, *codes))


def table(total: int | None = None, **cases: int) -> CellTable:
    place = counties(*cases, total=total is not None)
    counts = [*([] if total is None else [total]), *cases.values()]
    return CellTable((place,), tuple((c,) for c in place.codes), {"cases": np.array(counts)})


def released(true: CellTable, *hidden: str, own: bool = True) -> SeenTable:
    blank = [key[0] in hidden for key in true.keys]
    values = {"cases": np.where(blank, np.nan, true.counts["cases"])}
    return SeenTable(true, PublishedTable(true.dimensions, true.keys, values), own=own)


def stood(joint: Remembered) -> dict[str, str]:
    marks = zip(joint.table.keys, joint.open["cases"], joint.before["cases"], strict=False)
    return {
        key[0]: "shown" if not unknown else "withheld" if hidden else "new"
        for key, unknown, hidden in marks
    }


def test_an_unchanged_count_stands_as_it_stood() -> None:
    earlier = released(table(a=20, b=5, c=30), "b", "c")
    assert stood(remember(table(a=20, b=5, c=30), [earlier])) == {
        "a": "shown",
        "b": "withheld",
        "c": "withheld",
    }


def test_a_changed_or_new_count_is_not_carried_over() -> None:
    earlier = released(table(a=20, b=5), "b")
    found = stood(remember(table(a=21, b=6, d=9), [earlier]))
    assert found == {"a": "new", "b": "new", "d": "new"}


def test_what_one_release_has_shown_no_later_one_can_take_back() -> None:
    first, second = released(table(a=20)), released(table(a=20), "a")
    assert stood(remember(table(a=20), [second, first])) == {"a": "shown"}
    assert stood(remember(table(a=20), [first, second])) == {"a": "shown"}


def test_the_order_of_the_rows_does_not_matter() -> None:
    earlier = released(table(c=30, a=20, b=5), "b", "c")
    assert stood(remember(table(a=20, b=5, c=30), [earlier]))["a"] == "shown"
    assert stood(remember(table(a=20, b=5, c=30), [earlier]))["c"] == "withheld"


def test_a_release_with_another_dimension_is_compared_by_its_totals() -> None:
    sex = Dimension("sex", "both", {"both": ("f", "m")}, ("both", "f", "m"))
    keys = tuple((c, s) for c in ("a", "b") for s in sex.codes)
    finer = CellTable((counties("a", "b"), sex), keys, {"cases": np.array([20, 12, 8, 5, 2, 3])})
    assert stood(remember(table(a=20, b=5), [released(finer, "b")])) == {
        "a": "shown",
        "b": "withheld",
    }


def test_the_first_release_remembers_nothing() -> None:
    joint = remember(table(a=20), [])
    assert stood(joint) == {"a": "new"}
    assert joint.table.keys == (("a",),)


def test_a_table_that_is_released_again_adds_no_cells() -> None:
    night = table(55, a=20, b=5, c=30)
    again = [released(night, "b", "c")] * 20
    assert len(remember(night, again).table.keys) == 4
    reader = reader_of(again[0].public, night.counts, again, RULE)
    assert (len(reader.published.keys), reader.facts) == (4, 0)


def test_what_has_nothing_to_do_with_tonight_is_left_out() -> None:
    """Every count has changed: an old blank cannot be told from tonight's counts."""
    earlier = released(table(55, a=20, b=5, c=30), "b", "c")
    night = table(85, a=30, b=15, c=40)
    assert len(remember(night, [earlier]).table.keys) == 4
    assert reader_of(released(night).public, night.counts, [earlier], RULE).facts == 0


def test_a_small_count_that_is_public_already_is_withheld_and_not_asked_for() -> None:
    earlier, night = released(table(35, a=5, b=30)), table(45, a=5, b=40)
    small = {"cases": primary_cells(night.counts["cases"], RULE)}
    joint = remember(night, [earlier])
    assert joint.concerns([Concern(small, RANGE)], RULE, RANGE) == []
    reader = reader_of(released(night, "a").public, night.counts, [earlier], RULE)
    assert reader.already["cases"].tolist() == [False, True, False]
    (concern,) = reader.concerns([Concern(small, RANGE)])
    assert not concern.any
    assert audit(reader.published, concern.cells, RANGE, RULE).passed


def test_a_small_count_that_was_another_number_in_between_is_not_known() -> None:
    """An old release showed 5, the next one 30; that it is 5 again is known to nobody."""
    first, second = released(table(35, a=5, b=30)), released(table(60, a=30, b=30))
    night, earlier = table(45, a=5, b=40), [second, first]
    small = {"cases": primary_cells(night.counts["cases"], RULE)}
    joint = remember(night, earlier, rule=RULE)
    (asked,) = joint.concerns([Concern(small, RANGE)], RULE, RANGE)
    assert asked.cells["cases"][:3].tolist() == [False, True, False]
    reader = reader_of(released(night, "a").public, night.counts, earlier, RULE)
    (concern,) = reader.concerns([Concern(small, RANGE)])
    assert not audit(reader.published, concern.cells, RANGE, RULE).passed


def test_what_earlier_releases_give_away_together_is_known_to_be_lost() -> None:
    """Each night hides a and another; b was shown on the second, c on the first."""
    first = released(table(55, a=5, b=20, c=30), "a", "b")
    second = released(table(55, a=5, b=20, c=30), "a", "c")
    night = table(75, a=5, b=20, c=50)
    hidden = released(night, "a", "c")
    lost = given_away_before(hidden.public, night.counts, [second, first], RULE, RANGE)
    assert [(q.value, ends) for q, ends in lost.items()] == [(5, (5, 5))]
    joint = remember(night, [second, first], given_away=set(lost))
    small = {"cases": primary_cells(night.counts["cases"], RULE)}
    assert joint.concerns([Concern(small, RANGE)], RULE, RANGE) == []


def test_earlier_releases_that_are_safe_together_give_nothing_away() -> None:
    first = released(table(55, a=5, b=20, c=30), "a", "b")
    night = table(65, a=5, b=20, c=40)
    assert given_away_before(first.public, night.counts, [first], RULE, RANGE) == {}


@pytest.mark.parametrize("grows", [True, False])
def test_only_what_is_said_to_grow_has_a_growth_to_protect(grows: bool) -> None:
    earlier, night = released(table(90, a=40, b=50)), table(105, a=43, b=62)
    reader = reader_of(
        released(night, "a", "b").public,
        night.counts,
        [earlier],
        RULE,
        Growing(between_releases=grows),
    )
    small = reader.past(RULE, RANGE).cells["cases"]
    assert [q.value for q, s in zip(reader.names["cases"], small, strict=True) if s and q] == (
        [3] if grows else []
    )


def test_a_count_that_falls_is_a_correction_and_no_growth() -> None:
    earlier, night = released(table(90, a=40, b=50)), table(105, a=37, b=68)
    to_date = Growing(between_releases=True)
    assert len(remember(night, [earlier], to_date).table.keys) > 3
    reader = reader_of(released(night, "a", "b").public, night.counts, [earlier], RULE, to_date)
    assert not reader.past(RULE, RANGE).any
