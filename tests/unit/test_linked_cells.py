"""Joining tables that share cells, and what two tables give away together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from opengazette.disclosure.audit.audit import PublishedRate, PublishedTable, audit
from opengazette.disclosure.audit.linkage import published_twice, read_together
from opengazette.disclosure.complementary.pattern import protect
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.tables.linear_system import CellTable, Dimension, LinearSystem, floors
from opengazette.disclosure.tables.linkage import joined, linked, shared, unlinked
from opengazette.errors import AuditFailed, CannotProtect

RULE, RANGE = SmallCountRule(), Protection()
COUNTY = Dimension("county", "State", {"State": ("A", "B", "C")}, ("State", "A", "B", "C"))
SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
YEAR = Dimension("year", None, {}, ("2023", "2024"))


def one_way(dimension: Dimension, *counts: int) -> CellTable:
    return CellTable((dimension,), tuple((c,) for c in dimension.codes), {"n": np.array(counts)})


def by_county() -> CellTable:
    """Alone: A and B hide each other."""
    return one_way(COUNTY, 75, 5, 20, 50)


def by_sex_in(county: str, *counts: int) -> CellTable:
    keys = tuple((county, code) for code in SEX.codes)
    place = Dimension("county", "State", {}, (county,))
    return CellTable((place, SEX), keys, {"n": np.array(counts)})


TABLES = {"counties": by_county(), "sexes of B": by_sex_in("B", 20, 12, 8)}


def small(table: CellTable) -> dict[str, np.ndarray]:
    return {m: primary_cells(counts, RULE) for m, counts in table.counts.items()}


def publish(table: CellTable, hidden: dict[str, np.ndarray]) -> PublishedTable:
    values = {m: np.where(hidden[m], np.nan, counts) for m, counts in table.counts.items()}
    return PublishedTable(table.dimensions, table.keys, values, table.parts)


def each_alone() -> dict[str, dict[str, np.ndarray]]:
    return {n: dict(protect(t, RULE, RANGE).withheld) for n, t in TABLES.items()}


def test_two_tables_that_are_safe_alone_give_a_count_away_together() -> None:
    hidden = each_alone()
    shown = {name: publish(table, hidden[name]) for name, table in TABLES.items()}
    for name, table in TABLES.items():
        assert audit(shown[name], small(table), RANGE, RULE).passed
    primary = joined(TABLES, {name: small(table) for name, table in TABLES.items()})
    result = audit(read_together(shown), primary, RANGE, RULE)
    assert [(f.key, f.low, f.high) for f in result.narrowest] == [(("A", "", ""), 5, 5)]


def test_protected_together_they_give_nothing_away() -> None:
    pattern = protect(linked(TABLES, shared(TABLES)), RULE, RANGE)
    hidden = unlinked(TABLES, pattern.withheld)
    shown = {name: publish(table, hidden[name]) for name, table in TABLES.items()}
    assert audit(read_together(shown), pattern.primary, RANGE, RULE).passed
    assert hidden["counties"]["n"][2] == hidden["sexes of B"]["n"][0]


def test_cells_are_shared_if_they_agree_in_all_but_totals() -> None:
    assert shared(TABLES) == ((("counties", ("B",)), ("sexes of B", ("B", "T"))),)
    assert published_twice(
        {name: publish(t, {"n": np.zeros(len(t.keys), bool)}) for name, t in TABLES.items()}
    ) == shared(TABLES)


def test_trees_stay_apart_and_equal_cells_are_one_equation() -> None:
    table = linked(TABLES, shared(TABLES))
    assert [d.name for d in table.dimensions] == [
        "counties: county",
        "sexes of B: county",
        "sexes of B: sex",
    ]
    assert table.keys[2] == ("B", "", "")
    assert table.keys[4] == ("", "B", "T")
    assert LinearSystem.of(table).matrix.toarray().tolist() == [
        [1, -1, -1, -1, 0, 0, 0],
        [0, 0, 0, 0, 1, -1, -1],
        [0, 0, 1, 0, -1, 0, 0],
    ]


def test_equal_cells_reveal_as_little_or_as_much_as_each_other() -> None:
    table = linked(TABLES, shared(TABLES))
    assert floors(table, least=1)["n"].tolist() == [4, 1, 2, 1, 2, 1, 1]


def test_every_measure_is_linked_and_a_table_keeps_its_own_equal_cells() -> None:
    tables = {
        name: replace(t, counts={"tests": t.counts["n"], "n": t.counts["n"]}, parts={"n": "tests"})
        for name, t in TABLES.items()
    }
    tables["counties"] = replace(tables["counties"], same=((1, 5),))
    assert linked(tables, shared(tables)).same == ((1, 8), (2, 4), (9, 11))


def test_equal_cells_that_differ_do_not_add_up() -> None:
    tables = TABLES | {"sexes of B": by_sex_in("B", 21, 13, 8)}
    with pytest.raises(CannotProtect, match="does not add up: 1 of its"):
        protect(linked(tables, shared(tables)), RULE, RANGE)


def test_tables_of_different_measures_are_not_linked() -> None:
    odd = {"n": by_county(), "m": replace(by_county(), counts={"m": by_county().counts["n"]})}
    with pytest.raises(CannotProtect, match="differ in their measures"):
        linked(odd, ())
    with pytest.raises(AuditFailed, match="differ in their measures"):
        read_together({n: publish(t, small(t)) for n, t in odd.items()})


def test_a_pair_that_names_no_cell_is_refused() -> None:
    with pytest.raises(CannotProtect, match="1 of the cells"):
        linked(TABLES, [(("counties", ("Z",)), ("sexes of B", ("B", "T")))])


def test_rates_and_reasons_of_each_table_reach_the_attacker() -> None:
    table = one_way(YEAR, 30, 40)
    nan = float("nan")
    rate = PublishedRate("n", "n", 100.0, 1, np.array([nan, 100.0]))
    plain = publish(table, {"n": np.array([True, False])})
    told = replace(plain, rates=(rate,), reasons={"n": np.array([2, 0])}, same=((0, 0),))
    both = read_together({"first": plain, "second": told}, [])
    assert [np.nan_to_num(r.values).tolist() for r in both.rates] == [[0, 0, 0, 100.0]]
    assert both.reasons["n"].tolist() == [0, 0, 2, 0]
    assert both.same == ((2, 2),)
