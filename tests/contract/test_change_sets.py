"""A small difference goes row by row: what stands stays, and what is seen is whole."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from examples.offices import CONTRACT, KEY, LocalPortal, Office
from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.portals import apart, changes, likeness
from opengazette.adapters.portals.changes import change_set
from opengazette.adapters.portals.connection import Connection
from opengazette.adapters.portals.shipment import Shipment
from opengazette.documentation import canonical
from opengazette.errors import PortalRejected, PortalUnavailable
from opengazette.model.stages import Documented
from opengazette.steps.plan import plan

COLUMNS = {"county": "text", "cases": "integer", "cases_annotation": "text"}
BEFORE = {f"é{n}": n for n in range(40)}
#: One row changed, two added, one removed: four in 41.
AFTER = {**{place: n for place, n in BEFORE.items() if n}, "é7": 70, "x": 1, "y": 2}


@pytest.fixture
def office(tmp_path: Path, local_portal: LocalPortal) -> Office:
    return Office(tmp_path / "archive", local_portal)


def rows_of(office: Office, uid: str) -> dict[str, dict[str, str]]:
    params = {"$select": f":id,:updated_at,{KEY[0]},cases", "$limit": "5000"}
    rows = office.by_hand("GET", f"/resource/{uid}.json", params=params)
    assert len({row[KEY[0]] for row in rows}) == len(rows), "no row stands there twice"
    return {row[KEY[0]]: row for row in rows}


def cases_of(office: Office, uid: str) -> dict[str, int]:
    return {place: int(row["cases"]) for place, row in rows_of(office, uid).items()}


def planned(office: Office, cases: dict[str, int]) -> str:
    documented = Documented(office.release(cases).release, ())
    world = (office.entries(), office.portal, office.papers)
    return plan(documented, CONTRACT, None, *world).action


def test_what_stands_is_not_touched_and_a_changed_row_keeps_its_id(office: Office) -> None:
    uid = office.publish(BEFORE).uid
    before = rows_of(office, uid)
    assert planned(office, AFTER) == "change rows"
    office.publish(AFTER)
    after = rows_of(office, uid)
    assert cases_of(office, uid) == AFTER
    untouched = before.keys() & after.keys() - {"é7"}
    assert all(before[place] == after[place] for place in untouched)
    assert before["é7"][":id"] == after["é7"][":id"]
    assert before["é7"][":updated_at"] != after["é7"][":updated_at"]


@pytest.mark.parametrize("protocol", ["soda", "revisions"])
def test_a_large_difference_and_every_revision_replace_the_table(
    tmp_path: Path, local_portal: LocalPortal, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path / "archive", local_portal, protocol)
    uid = office.publish(BEFORE).uid
    monkeypatch.setattr(Connection, "upsert", None)
    many = {place: n + 100 * (n < 5) for place, n in BEFORE.items()}
    few = AFTER if protocol == "revisions" else many
    assert planned(office, few) == "replace"
    office.publish(few)
    assert cases_of(office, uid) == few


def test_what_somebody_edited_by_hand_is_put_back_row_by_row(office: Office) -> None:
    uid = office.publish(BEFORE).uid
    before = rows_of(office, uid)
    office.by_hand("POST", f"/resource/{uid}.json", json=[{**before["é3"], "cases": "999"}])
    assert cases_of(office, uid)["é3"] == 999
    office.publish(BEFORE)
    assert cases_of(office, uid) == BEFORE
    assert rows_of(office, uid)["é5"] == before["é5"]


def test_a_set_whose_answer_was_lost_is_not_added_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = office.publish(BEFORE).uid
    upsert = Connection.upsert

    def unheard(client: Connection, *arguments: Any) -> None:
        upsert(client, *arguments)
        raise PortalUnavailable("The portal did not answer.")

    monkeypatch.setattr(Connection, "upsert", unheard)
    with pytest.raises(PortalUnavailable):
        office.publish(AFTER)
    monkeypatch.undo()
    stamps = rows_of(office, uid)
    office.publish(AFTER)
    assert rows_of(office, uid) == stamps, "nothing was left to send"
    assert office.kinds()[-1] == "published"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_is_killed_at_its_change_set_is_finished_by_the_next(
    office: Office, after: bool
) -> None:
    uid = office.publish(BEFORE).uid
    child = os.fork()
    if child == 0:
        Connection.upsert = deadly(Connection.upsert, after=after)
        office.publish(AFTER)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert cases_of(office, uid) == (AFTER if after else BEFORE), "all of it or nothing"
    office.publish(AFTER)
    assert cases_of(office, uid) == AFTER


def deadly(called: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    def die(*arguments: Any) -> None:
        if after:
            called(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    return die


def test_a_portal_that_refuses_the_set_gets_the_whole_table(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = office.publish(BEFORE).uid

    def refuse(*_arguments: Any) -> None:
        raise PortalRejected("The portal refused the request.")

    monkeypatch.setattr(Connection, "upsert", refuse)
    office.publish(AFTER)
    assert cases_of(office, uid) == AFTER


def test_a_set_that_does_not_make_the_release_is_put_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = office.publish(BEFORE).uid
    upsert = Connection.upsert
    monkeypatch.setattr(
        Connection, "upsert", lambda client, uid, rows: upsert(client, uid, rows[:-1])
    )
    with pytest.raises(PortalRejected, match="previous release was put back"):
        office.publish(AFTER)
    assert cases_of(office, uid) == BEFORE


TABLES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "1.0", "2", ""]), st.just("")),
    max_size=6,
)


@given(TABLES, TABLES)
def test_a_set_makes_of_any_table_any_other_and_never_touches_what_stands(
    now: list[tuple[str, str, str]], then: list[tuple[str, str, str]]
) -> None:
    numbered = {str(number): row for number, row in enumerate(now)}
    made_of = change_set(numbered.items(), then, COLUMNS)
    made: dict[str, tuple[object, ...]] = {
        number: tuple(plain(cell) for cell in row) for number, row in numbered.items()
    }
    standing = dict(made)
    for at, change in enumerate(made_of):
        number = str(change.get(":id", f"new {at}"))
        if change.get(":deleted"):
            del made[number]
        else:
            made[number] = tuple(change[name] or "" for name in COLUMNS)
            assert made[number] != standing.get(number), "a row that stands is not sent"
    assert sorted(map(repr, made.values())) == sorted(
        repr(tuple(plain(cell) for cell in row)) for row in then
    )


def plain(cell: str) -> str:
    return "1" if cell == "1.0" else cell


def test_of_a_long_table_only_the_rows_that_differ_or_lie_elsewhere_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [(f"place {n % 400}", str(n), "") for n in range(1_000)]
    then = [*now[3:500], ("place 7", "1e2", ""), *now[501:], ("new", "1", "1")]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(map(",".join, [tuple(COLUMNS), *then])) + "\n")
    shipment = Shipment(table, COLUMNS, lambda: (len(then), ""), {}, ())
    numbered = {str(number): row for number, row in enumerate(now)}
    made = changes._changes(numbered.items(), shipment)
    assert made is not None
    assert sorted(map(str, made)) == sorted(map(str, change_set(numbered.items(), then, COLUMNS)))
    assert len(made) == 6
    shuffled = dict(sorted(numbered.items(), key=lambda each: each[0][::-1]))
    again = changes._changes(shuffled.items(), shipment)
    assert again is not None
    assert sorted(map(str, again)) == sorted(map(str, made))
    monkeypatch.setattr(apart, "MOST_APART", 300)
    assert changes._changes(shuffled.items(), shipment) is None, "more is held than is allowed"
    assert changes._changes(numbered.items(), shipment) == made
    few = replace(shipment, measured=lambda: (30, ""))
    assert changes._changes(numbered.items(), few) is None, "six are many of thirty"


def test_tables_are_the_same_in_any_order_and_spelling_and_far_ones_are_told_apart_early(
    tmp_path: Path,
) -> None:
    def shipment(name: str, rows: list[tuple[str, str]], *, known: bool = True) -> Shipment:
        file, columns = tmp_path / name, {"place": "text", "cases": "number"}
        file.write_text("\n".join(map(",".join, [tuple(columns), *rows])) + "\n")

        def measured() -> tuple[int, str]:
            assert known, "nobody had to read it through"
            with Shipment(file, columns, measured, {}, ()).opened() as lines:
                return canonical.count_and_digest(columns, lines)

        return Shipment(file, columns, measured, {}, ())

    rows = [(f"place {n}", str(n)) for n in range(20_000)]
    first = shipment("first", rows)
    assert likeness.same_rows(first, shipment("again", rows, known=False))
    assert likeness.same_rows(first, shipment("order", rows[::-1]))
    assert likeness.same_rows(first, shipment("spelling", [(at, f"{n}.0") for at, n in rows]))
    last = shipment("last", [*rows[:-1], ("place", "1")], known=False)
    assert not likeness.same_rows(replace(first, measured=last.measured), last)
    again = shipment("one again", [*rows[:-1], (rows[-1][0], "19999.0")], known=False)
    assert likeness.same_rows(replace(first, measured=again.measured), again)
    assert likeness.differ_little(first, last)
    assert likeness.differ_little(first, shipment("order", rows[::-1]))
    other = shipment("other", [(at, f"{n}1") for at, n in rows], known=False)
    assert not likeness.same_rows(replace(first, measured=other.measured), other)
    assert not likeness.differ_little(first, other)


def test_tables_with_the_same_lines_in_other_cells_are_not_the_same(tmp_path: Path) -> None:
    def shipment(name: str, lines: str) -> Shipment:
        file, columns = tmp_path / name, {"place": "text", "cases": "number"}
        file.write_text(f"place,cases\n{lines}\n")

        def measured() -> tuple[int, str]:
            with Shipment(file, columns, measured, {}, ()).opened() as rows:
                return canonical.count_and_digest(columns, rows)

        return Shipment(file, columns, measured, {}, ())

    first = shipment("first", '"a\nb\nc",1\n"d\ne\nf",2')
    assert not likeness.same_rows(first, shipment("second", '"a\ne\nc",1\n"d\nb\nf",2'))
    assert likeness.same_rows(first, shipment("third", '"d\ne\nf",2\n"a\nb\nc",1'))
