"""An insider's attack is that of a reader to whom the insider's own cells were published."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit.audit import PublishedTable, attack
from opengazette.disclosure.audit.insiders import Insider, singletons
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.tables.linear_system import Dimension

RULE, WIDE = SmallCountRule(threshold=4), Protection(low=0, high=30)
SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
AGE = Dimension("age", "T", {"T": ("0", "1", "2")}, ("T", "0", "1", "2"))
KEYS = tuple(product(SEX.codes, AGE.codes))
Flags = np.ndarray


@st.composite
def maskings(draw: st.DrawFn) -> tuple[np.ndarray, Flags]:
    """A two-way table with any cells withheld that are not zero."""
    count = st.sampled_from([0, 0, 1, 1, 1, 2, 5])
    ends = np.array(draw(st.lists(count, min_size=6, max_size=6))).reshape(2, 3)
    cells = np.concatenate([ends.sum(axis=0, keepdims=True), ends])
    cells = np.concatenate([cells.sum(axis=1, keepdims=True), cells], axis=1).ravel()
    chosen = draw(st.lists(st.booleans(), min_size=12, max_size=12))
    return cells, np.array(chosen) & (cells > 0)


def publish(cells: np.ndarray, hidden: Flags) -> PublishedTable:
    return PublishedTable((SEX, AGE), KEYS, {"n": np.where(hidden, np.nan, cells)})


def ends(
    shown: PublishedTable, marked: Flags, insiders: tuple[Insider, ...] = ()
) -> dict[tuple[str, ...], tuple[float, float]]:
    found = attack(shown, {"n": marked}, WIDE, RULE, insiders=insiders)
    return {f.key: (f.low, min(f.high, 30)) for f in found}


@settings(deadline=None, max_examples=60)
@given(maskings())
@example(
    (
        np.array([8, 3, 1, 4, 5, 2, 1, 2, 3, 1, 0, 2]),
        np.array([1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1], dtype=bool),
    )
)
def test_what_insiders_know_is_as_good_as_published(case: tuple[np.ndarray, Flags]) -> None:
    cells, hidden = case
    shown = publish(cells, hidden)
    for person in singletons(shown, {"n": cells}):
        own = np.zeros(len(KEYS), dtype=bool)
        own[list(person.cells)] = True
        told = replace(shown, values={"n": np.where(own, cells, shown.values["n"])})
        assert ends(shown, hidden & ~own, (person,)) == ends(told, hidden & ~own)


@settings(deadline=None, max_examples=60)
@given(maskings())
def test_insiders_never_widen_an_interval(case: tuple[np.ndarray, Flags]) -> None:
    cells, hidden = case
    shown = publish(cells, hidden)
    public, all_of_them = ends(shown, hidden), ends(shown, hidden, singletons(shown, {"n": cells}))
    assert public.keys() == all_of_them.keys()
    for key, (low, high) in all_of_them.items():
        assert low >= public[key][0]
        assert high <= public[key][1]


@settings(deadline=None, max_examples=60)
@given(maskings())
def test_every_withheld_one_belongs_to_exactly_one_insider(
    case: tuple[np.ndarray, Flags],
) -> None:
    cells, hidden = case
    people = singletons(publish(cells, hidden), {"n": cells})
    known = sorted(cell for person in people for cell in person.cells)
    assert known == np.flatnonzero(hidden & (cells == 1)).tolist()
