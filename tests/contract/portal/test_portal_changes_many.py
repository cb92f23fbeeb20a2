"""Few rows are changed where they lie, many by writing the table anew: nobody can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opengazette.localportal import rewriting

COUNTIES = ["Alameda", "Butte", "Colusa", "Del Norte", "Inyo"]
BEFORE = {
    county: {"county": county, "year": "2020", "visits": str(at)}
    for at, county in enumerate(COUNTIES[:4])
}
CSV = "county,year,visits\n" + "".join(f"{','.join(row.values())}\n" for row in BEFORE.values())
CELLS = st.fixed_dictionaries(
    {"county": st.sampled_from(COUNTIES)},
    optional={
        "year": st.sampled_from(["2021", None]),
        "visits": st.sampled_from(["7", None]),
        ":deleted": st.booleans(),
    },
)

Cells = dict[str, Any]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, desk_at: Any) -> Any:
    from fastapi.testclient import TestClient

    from opengazette.localportal import PortalSettings, create_app

    portal = PortalSettings(folder=tmp_path_factory.mktemp("many"), users={"ann": "correct horse"})
    with TestClient(create_app(portal)) as client:
        desk = desk_at(client)
        desk.dataset = desk.published(CSV, key="county")
        yield desk


def expected(rows: Sequence[Cells], *, merge: bool) -> Mapping[str, Cells]:
    """Say what is left after the rows were written one after the other; nulls are left out."""
    table = dict(BEFORE)
    for row in rows:
        sent = {name: value for name, value in row.items() if name != ":deleted"}
        kept = table.pop(row["county"], {}) if merge or row.get(":deleted") else {}
        if not row.get(":deleted"):
            table[row["county"]] = {k: v for k, v in (kept | sent).items() if v is not None}
    return table


@pytest.mark.parametrize("merge", [True, False], ids=["merged", "cleared"])
@pytest.mark.parametrize("few", [0, 1_000], ids=["anew", "in place"])
@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(rows=st.lists(CELLS, min_size=1, max_size=8))
def test_rows_are_as_if_written_one_after_the_other(
    office: Any, few: int, rows: list[Cells], *, merge: bool
) -> None:
    table, options = f"/resource/{office.dataset}", f"mergeInsteadOfReplace={str(merge).lower()}"
    office.ask("PUT", f"{table}.json", json=list(BEFORE.values()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewriting, "FEW_ROWS", few)
        patch.setattr(rewriting, "SLICE_ROWS", 2)
        office.ask("POST", f"{table}.json?{options}", json=rows)
    found = {row["county"]: row for row in office.table(office.dataset)}
    assert found == expected(rows, merge=merge)


def test_most_of_a_table_changes_at_once_and_keeps_its_order_and_names(desk: Any) -> None:
    many = rewriting.FEW_ROWS + 1_000
    dataset = desk.published("key,amount,note\n" + rows_of(many, 1))
    desk.ask("PUT", f"/api/views/{dataset}", json={"metadata": {"rowIdentifier": "key"}})
    names = f"/resource/{dataset}.json?$select=:id,:created_at,key&$order=:id&$limit={many}"
    before = desk.ask("GET", names)
    body = "key,amount\n" + "".join(f"k{at:06},{at + 2}\n" for at in range(many - 500))
    csv = {"Content-Type": "text/csv"}
    counters = desk.ask("POST", f"/resource/{dataset}.csv", content=body, headers=csv)
    assert (counters["Rows Updated"], counters["Errors"]) == (many - 500, 0)
    assert desk.ask("GET", names) == before
    sums = "$select=count(*) AS n,sum(amount) AS total,count(note) AS notes,count(:updated_at)"
    (found,) = desk.ask("GET", f"/resource/{dataset}.json?{sums}")
    total = sum(at + 1 for at in range(many)) + many - 500
    assert (found["n"], found["total"], found["notes"]) == (str(many), str(total), str(many))
    versions = f"/resource/{dataset}.json?$select=:updated_at,count(*)&$group=:updated_at"
    assert [row["count"] for row in desk.ask("GET", versions)] == ["500", str(many - 500)]


def rows_of(many: int, more: int) -> str:
    return "".join(f"k{at:06},{at + more},a note\n" for at in range(many))
