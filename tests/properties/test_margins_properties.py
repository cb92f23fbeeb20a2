"""Whatever the table, its margins add up in every direction."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from opengazette.disclosure.tables.linear_system import LinearSystem
from opengazette.disclosure.tables.margins import with_margins
from opengazette.disclosure.tables.structure import cell_table
from opengazette.model.publication import PublicationTable

GROUPS = {"West": ("A", "B"), "North": ("West", "C")}
LABELS = {"state": "ABCD", "sex": "fm", "year": ("2020", "2021")}


def publication(combinations: str) -> PublicationTable:
    def dimension(name: str, kind: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "label": name,
            "column": name,
            "characteristic": {"kind": kind},
        } | more

    count = {"kind": "count", "label": "C", "unit": "people", "definition": "People."}
    return PublicationTable.model_validate(
        {
            "row": "one cell",
            "dimensions": [
                dimension("year", "time"),
                dimension("state", "residence", total="All", groups=GROUPS),
                dimension("sex", "sex", total="Both"),
            ],
            "measures": [count | {"name": "tests"}, count | {"name": "found", "part_of": "tests"}],
            "combinations": combinations,
        }
    )


@st.composite
def bases(draw: st.DrawFn) -> pd.DataFrame:
    keys = draw(
        st.lists(
            st.sampled_from(list(product(LABELS["year"], LABELS["state"], LABELS["sex"]))),
            min_size=1,
            unique=True,
        )
    )
    tests = draw(st.lists(st.integers(0, 40), min_size=len(keys), max_size=len(keys)))
    found = [draw(st.integers(0, n)) for n in tests]
    frame = pd.DataFrame(keys, columns=["year", "state", "sex"])
    return frame.assign(tests=pd.array(tests, dtype="Int64"), found=pd.array(found, dtype="Int64"))


def under(code: str) -> set[str]:
    below = {"All": set("ABCD"), "West": {"A", "B"}, "North": {"A", "B", "C"}, "Both": {"f", "m"}}
    return below.get(code, {code})


@settings(max_examples=60, deadline=None)
@given(bases(), st.sampled_from(["complete", "observed"]))
def test_every_margin_is_the_sum_of_the_base_cells_below_it(
    base: pd.DataFrame, combinations: str
) -> None:
    table = with_margins(base, publication(combinations))
    for year, state, sex, tests, found in table.to_numpy().tolist():
        below = base[
            base["year"].eq(year) & base["state"].isin(under(state)) & base["sex"].isin(under(sex))
        ]
        assert (tests, found) == (below["tests"].sum(), below["found"].sum())
        assert combinations == "complete" or len(below)


@settings(max_examples=60, deadline=None)
@given(bases(), st.sampled_from(["complete", "observed"]))
def test_the_linear_system_of_the_table_holds(base: pd.DataFrame, combinations: str) -> None:
    cells = cell_table(publication(combinations), with_margins(base, publication(combinations)))
    system = LinearSystem.of(cells)
    assert np.count_nonzero(system.matrix @ system.values(cells)) == 0


@settings(max_examples=40, deadline=None)
@given(bases(), st.randoms(use_true_random=False))
def test_the_order_of_the_base_cells_does_not_matter(base: pd.DataFrame, random: Any) -> None:
    places = list(range(len(base)))
    random.shuffle(places)
    table = publication("complete")
    pd.testing.assert_frame_equal(with_margins(base, table), with_margins(base.iloc[places], table))


@settings(max_examples=40, deadline=None)
@given(bases())
def test_a_complete_table_has_every_combination_once(base: pd.DataFrame) -> None:
    table = with_margins(base, publication("complete"))
    sizes = [table[name].nunique() for name in ("year", "state", "sex")]
    assert len(table) == np.prod(sizes)
    assert not table.duplicated(["year", "state", "sex"]).any()
