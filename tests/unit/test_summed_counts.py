"""Counts that add up to another count of the same row give none of them away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from opengazette.disclosure.audit.audit import audit
from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern, ProtectedCounts
from opengazette.disclosure.tables.margins import with_margins
from opengazette.disclosure.tables.measure_sums import MOST_PARTS, measure_sums
from opengazette.disclosure.tables.structure import published_table
from opengazette.disclosure.tables.summed_counts import withheld_with_sums
from opengazette.errors import CannotProtect
from opengazette.model.publication import PublicationTable

RANGE = Protection(1, 10)


def publication(*names: str) -> PublicationTable:
    measures = [
        {
            "kind": "count",
            "name": n,
            "label": n,
            "unit": "people",
            "definition": "People counted.",
            "column": n,
        }
        for n in names
    ]
    dimension = {
        "name": "group",
        "label": "Group",
        "column": "group",
        "characteristic": {"kind": "other"},
        "total": "All",
    }
    return PublicationTable.model_validate(
        {"row": "one group", "dimensions": [dimension], "measures": measures}
    )


def table(**counts: list[int]) -> tuple[pd.DataFrame, PublicationTable]:
    """Build a true table with its total, one group for each number."""
    rows = len(next(iter(counts.values())))
    base = pd.DataFrame({"group": list("ABCDEFGH")[:rows]} | counts)
    shape = publication(*counts)
    return with_margins(base.astype(dict.fromkeys(counts, "Int64")), shape), shape


def small(true: pd.DataFrame, shape: PublicationTable) -> ProtectedCounts:
    rule = SmallCountRule(measures=tuple(m.name for m in shape.counts()))
    cells = {m.name: primary_cells(true[m.name].to_numpy(), rule) for m in shape.counts()}
    nothing = {name: np.zeros(len(true), dtype=np.bool_) for name in cells}
    return ProtectedCounts(rule, cells, nothing, (Concern(cells, RANGE),), ())


def blank(true: pd.DataFrame, **groups: str) -> dict[str, Any]:
    """Mark the groups that a pattern withholds of each count."""
    return {name: true["group"].isin(list(wanted)).to_numpy() for name, wanted in groups.items()}


def masked(
    true: pd.DataFrame, shape: PublicationTable, **groups: str
) -> tuple[dict[str, str], bool]:
    """Return the groups withheld of each count, and whether the audit passes them."""
    counts, sums = small(true, shape), measure_sums(true, shape)

    def holds(pattern: Mapping[str, Any]) -> bool:
        shown = published_table(shape, withhold(true, shape, pattern), sums)
        return audit(shown, counts.small, RANGE, counts.rule).passed

    found = withheld_with_sums(true, sums, blank(true, **groups), holds)
    return {name: "".join(true["group"][mask]) for name, mask in found.items()}, holds(found)


def test_positives_are_not_what_tests_leave_of_negatives() -> None:
    true, shape = table(tests=[50, 70, 90], positives=[5, 30, 50], negatives=[45, 40, 40])
    withheld, passed = masked(true, shape, tests="", positives="AB", negatives="")
    assert withheld == {"tests": "", "positives": "AB", "negatives": "AB"}
    assert passed


def test_the_audit_finds_positives_that_tests_and_negatives_tell() -> None:
    true, shape = table(tests=[50, 70, 90], positives=[5, 30, 50], negatives=[45, 40, 40])
    counts, pattern = small(true, shape), blank(true, tests="", positives="AB", negatives="")
    public = withhold(true, shape, pattern)
    assert audit(published_table(shape, public), counts.small, RANGE, counts.rule).passed
    told = published_table(shape, public, measure_sums(true, shape))
    assert audit(told, counts.small, RANGE, counts.rule).n_narrow == 1


def test_where_nobody_is_negative_the_tests_go_with_the_positives() -> None:
    true, shape = table(tests=[50, 30, 90], positives=[5, 30, 50], negatives=[45, 0, 40])
    withheld, passed = masked(true, shape, tests="", positives="AB", negatives="")
    assert withheld == {"tests": "AB", "positives": "AB", "negatives": "A"}
    assert passed


def test_a_whole_that_is_withheld_is_not_what_its_parts_add_up_to() -> None:
    true, shape = table(tests=[9, 70, 90], positives=[5, 30, 50], negatives=[4, 40, 40])
    withheld, passed = masked(true, shape, tests="AB", positives="AC", negatives="AC")
    assert withheld == {"tests": "ABC", "positives": "ABC", "negatives": "ABC"}
    assert passed


def test_one_count_under_two_names_is_withheld_in_the_same_rows() -> None:
    true, shape = table(cases=[5, 30, 40], patients=[5, 30, 40])
    withheld, passed = masked(true, shape, cases="AB", patients="AC")
    assert withheld == {"cases": "ABC", "patients": "ABC"}
    assert passed


def test_counts_that_do_not_add_up_stay_as_they_are() -> None:
    true, shape = table(tests=[50, 70, 90], positives=[5, 30, 50], negatives=[44, 40, 40])
    assert measure_sums(true, shape) == ()
    assert masked(true, shape, tests="", positives="AB", negatives="")[0]["negatives"] == ""


def test_every_way_to_add_up_is_found_and_a_count_of_nobody_is_none() -> None:
    true, shape = table(
        all=[60, 60, 60, 40], a=[10, 20, 30, 7], b=[20, 30, 10, 8], c=[30, 10, 20, 25], d=[0] * 4
    )
    assert measure_sums(true, shape) == (("all", ("a", "b", "c")),)


def test_too_many_counts_that_hang_together_are_refused() -> None:
    parts = {f"part_{i}": [i, 2 * i + 1] for i in range(1, MOST_PARTS + 2)}
    whole = {"all": [sum(p[0] for p in parts.values()), sum(p[1] for p in parts.values())]}
    true, shape = table(**whole, **parts)
    with pytest.raises(CannotProtect, match="hang together"):
        measure_sums(true, shape)
