"""Attackers who are in the table: whoever is alone in a cell knows that it holds one."""

from __future__ import annotations

import numpy as np
import pytest

from opengazette.disclosure.audit.audit import PublishedTable, attack, audit
from opengazette.disclosure.audit.insiders import Insider, singletons
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, Width
from opengazette.disclosure.tables.linear_system import Dimension
from opengazette.errors import AuditFailed

RULE, RANGE = SmallCountRule(), Protection()
AGE = Dimension("age", "T", {"T": ("a", "b", "c", "d")}, ("T", "a", "b", "c", "d"))
KEYS = tuple((code,) for code in AGE.codes)
Masks = dict[str, np.ndarray]


def hidden(*codes: str) -> np.ndarray:
    return np.array([key[0] in codes for key in KEYS])


def one_way(counts: list[int], *codes: str) -> tuple[PublishedTable, Masks]:
    values = {"n": np.where(hidden(*codes), np.nan, [sum(counts), *counts])}
    return PublishedTable((AGE,), KEYS, values), {"n": np.array([sum(counts), *counts])}


def test_who_is_alone_in_a_cell_can_tell_its_neighbour() -> None:
    shown, true = one_way([1, 10, 30, 40], "a", "b")
    protected = {"n": hidden("a", "b")}
    assert audit(shown, protected, RANGE, RULE).passed
    result = audit(shown, protected, RANGE, RULE, insiders=singletons(shown, true))
    assert [(f.key, f.low, f.high) for f in result.narrowest] == [(("b",), 10, 10)]


def test_a_third_withheld_cell_keeps_the_insider_in_doubt() -> None:
    shown, true = one_way([1, 10, 30, 40], "a", "b", "c")
    protected = {"n": hidden("a", "b")}
    assert audit(shown, protected, RANGE, RULE, insiders=singletons(shown, true)).passed


def test_what_insiders_know_of_themselves_is_not_held_against_a_pattern() -> None:
    shown, true = one_way([1, 12, 30, 40], "a", "b")
    assert audit(shown, {"n": hidden("a")}, RANGE, RULE, insiders=singletons(shown, true)).passed


def test_the_demand_for_a_width_is_tried_by_insiders_too() -> None:
    shown, true = one_way([1, 10, 30, 40], "a", "b")
    protected, people = {"n": hidden("a", "b")}, singletons(shown, true)
    assert audit(shown, protected, Width(3), RULE).passed
    assert audit(shown, protected, Width(3), RULE, insiders=people).n_narrow == 1


def test_a_group_knows_what_its_members_know_together() -> None:
    shown, _ = one_way([4, 9, 30, 40], "a", "b", "c")
    protected = {"n": hidden("a")}
    group = Insider(cells=(2, 3), values=(9.0, 30.0))
    assert audit(shown, protected, RANGE, RULE, insiders=[Insider((2,), (9.0,))]).passed
    (finding,) = attack(shown, protected, RANGE, RULE, insiders=[group])
    assert (finding.low, finding.high, finding.covered) == (4, 4, False)


def test_one_person_alone_in_a_cell_and_its_totals_is_one_insider() -> None:
    place = Dimension(
        "place",
        "CA",
        {"CA": ("n", "s"), "n": ("n1", "n2"), "s": ("s1",)},
        ("CA", "n", "s", "n1", "n2", "s1"),
    )
    keys = tuple((code,) for code in place.codes)
    true = {
        "tests": np.array([41, 1, 40, 1, 0, 40]),
        "n": np.array([2, 1, 1, 1, 0, 1]),
    }
    gone = np.array([False, True, True, True, False, True])
    shown = PublishedTable(
        (place,), keys, {m: np.where(gone, np.nan, v) for m, v in true.items()}, {"n": "tests"}
    )
    found = singletons(shown, true)
    assert [insider.cells for insider in found] == [(1, 3, 7, 9), (8, 11)]


def test_equal_cells_of_linked_tables_hold_the_same_person() -> None:
    year = Dimension("year", None, {}, ("2023", "2024"))
    gone = {"n": np.array([np.nan, np.nan])}
    shown = PublishedTable((year,), (("2023",), ("2024",)), gone, same=((0, 1),))
    (person,) = singletons(shown, {"n": np.array([1, 1])})
    assert (person.cells, person.values) == ((0, 1), (1.0, 1.0))


def test_an_insider_elsewhere_learns_nothing() -> None:
    shown, _ = one_way([4, 20, 30, 40], "a", "b")
    assert audit(shown, {"n": hidden("a")}, RANGE, RULE, insiders=[Insider((3,), (30.0,))]).passed


def test_an_insider_who_contradicts_the_table_is_refused() -> None:
    shown, _ = one_way([4, 20, 30, 40], "a", "b")
    with pytest.raises(AuditFailed, match="contradicts the published values"):
        audit(shown, {"n": hidden("a")}, RANGE, RULE, insiders=[Insider((2,), (0.0,))])
