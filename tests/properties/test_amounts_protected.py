"""Withheld amounts leave even who contributed in doubt, by an attacker written for the purpose."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from opengazette.disclosure.audit.amounts import given_away
from opengazette.disclosure.masking.amounts import withheld_amounts
from opengazette.disclosure.primary.amounts import ProtectedAmounts, protected_amounts
from opengazette.disclosure.primary.contributions import with_contributions
from opengazette.disclosure.tables.margins import with_margins
from opengazette.disclosure.tables.structure import published_amounts
from opengazette.errors import CannotProtect
from opengazette.model.amounts import AmountRules
from opengazette.model.publication import PublicationTable

SIDES = {"side": ["l", "r"], "row": ["x", "y", "z"]}
FEW, RULES = (
    3,
    AmountRules(largest=1, largest_percent=80, p_percent=20, few_percent=25, source="none"),
)
PUBLICATION = PublicationTable.model_validate(
    {
        "row": "one cell",
        "dimensions": [
            {
                "name": name,
                "label": name,
                "column": name,
                "characteristic": {"kind": "facility"},
                "total": "All",
            }
            for name in SIDES
        ],
        "measures": [
            {"kind": "count", "name": "n", "label": "N", "unit": "claims", "definition": "All."},
            {
                "kind": "sum",
                "name": "paid",
                "label": "Paid",
                "unit": "dollars",
                "definition": "Paid.",
                "column": "paid",
                "over": "n",
            },
        ],
    }
)
PAID = PUBLICATION.sums()[0]

# For each of the six cells: who gave what; the same few people may give to several cells.
GIVEN = st.lists(
    st.dictionaries(st.integers(0, 7), st.integers(0, 90), max_size=6), min_size=6, max_size=6
)


def amounts_of(given_by: list[dict[int, int]]) -> tuple[pd.DataFrame, ProtectedAmounts]:
    keys = list(product(*SIDES.values()))
    rows = [
        (*key, who, paid)
        for key, cell in zip(keys, given_by, strict=True)
        for who, paid in cell.items()
    ]
    contributions = pd.DataFrame(rows, columns=[*SIDES, "contributor", "amount"])
    base = pd.DataFrame(keys, columns=list(SIDES)).assign(
        n=pd.array([len(cell) for cell in given_by], dtype="Int64"),
        paid=pd.array([sum(cell.values()) for cell in given_by], dtype="Int64"),
    )
    true = with_contributions(with_margins(base, PUBLICATION), PUBLICATION, "paid", contributions)
    nobody = np.zeros(len(true), dtype=np.bool_)
    found = protected_amounts(true, PUBLICATION, PAID, RULES, threshold=FEW, withheld_count=nobody)
    return true, found


def highest(true: pd.DataFrame, withheld: np.ndarray, at: int) -> tuple[float, float]:
    """Bound one amount by everything that is shown, over the real numbers."""
    place = {key: i for i, key in enumerate(zip(true["side"], true["row"], strict=True))}
    rows = []
    for axis, name in enumerate(SIDES):
        for other in ["All", *[c for n, codes in SIDES.items() if n != name for c in codes]]:
            row = np.zeros(len(true))
            for code, sign in [("All", 1.0), *((c, -1.0) for c in SIDES[name])]:
                row[place[(code, other) if axis == 0 else (other, code)]] = sign
            rows.append(row)
    cost = np.zeros(len(true))
    cost[at] = 1.0
    paid = true["paid"].astype(float)
    bounds = [(0, None) if gone else (x, x) for gone, x in zip(withheld, paid, strict=True)]
    ends = []
    for sign in (1.0, -1.0):
        answer = linprog(sign * cost, A_eq=np.array(rows), b_eq=np.zeros(len(rows)), bounds=bounds)
        ends.append(np.inf * -sign if answer.status == 3 else sign * answer.fun)
    return ends[0], ends[1]


def gives_away(true: pd.DataFrame, given_by: list[dict[int, int]], withheld: np.ndarray) -> int:
    """Count the amounts from which one of the contributors learns too much of another."""
    bad = 0
    keys = list(product(*SIDES.values()))
    for i, (side, row) in enumerate(zip(true["side"], true["row"], strict=True)):
        gave: dict[int, int] = {}
        for key, cell in zip(keys, given_by, strict=True):
            if side in ("All", key[0]) and row in ("All", key[1]):
                for who, paid in cell.items():
                    gave[who] = gave.get(who, 0) + paid
        total, first = sum(gave.values()), sorted([*gave.values(), 0, 0], reverse=True)
        low, high = highest(true, withheld, i) if withheld[i] else (total, total)
        few = 1 <= len(gave) < FEW
        bad += bool(
            (few and high < total + max(1, 0.25 * total) - 1e-6)
            or (few and low > max(0, total - max(1, 0.25 * total)) + 1e-6)
            or (first[0] > 0.8 * total and high < first[0] / 0.8 - 1e-6)
            or (total and high - first[1] < 1.2 * first[0] - 1e-6)
        )
    return bad


@settings(deadline=None, max_examples=60)
@given(GIVEN)
def test_no_contributor_learns_too_much_of_another(given_by: list[dict[int, int]]) -> None:
    assume(any(given_by))
    true, amounts = amounts_of(given_by)
    nothing, prices = np.zeros(len(true), dtype=np.bool_), {"paid": np.ones(len(true))}
    try:
        withheld = withheld_amounts(amounts, prices=prices, shown=nothing, withheld=nothing)
    except CannotProtect:
        assume(False)
        raise
    assert not withheld[amounts.empty].any()
    assert gives_away(true, given_by, withheld) == 0
    public = true.assign(paid=true["paid"].mask(withheld))
    assert given_away(amounts, published_amounts(PUBLICATION, public, "paid")) == (0, 0)


@settings(deadline=None, max_examples=60)
@given(GIVEN, st.lists(st.booleans(), min_size=12, max_size=12))
def test_the_audit_passes_no_pattern_that_gives_a_contributor_away(
    given_by: list[dict[int, int]], chosen: list[bool]
) -> None:
    assume(any(given_by))
    true, amounts = amounts_of(given_by)
    withheld = (np.array(chosen) | amounts.primary) & ~amounts.empty
    public = true.assign(paid=true["paid"].mask(withheld))
    shown, narrow = given_away(amounts, published_amounts(PUBLICATION, public, "paid"))
    assert shown == 0
    if narrow == 0:
        assert gives_away(true, given_by, withheld) == 0
