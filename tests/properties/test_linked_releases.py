"""Releases of one table against an attacker who tries everything that fits all of them."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit.audit import PublishedTable, attack, audit
from opengazette.disclosure.audit.memory import Reader, reader_of
from opengazette.disclosure.complementary.pattern import count_weights
from opengazette.disclosure.masking.counts import withheld_for
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.releases.memory import remember
from opengazette.disclosure.releases.seen import BETWEEN, Growing, SeenTable
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.errors import CannotProtect

RULE, RANGE = SmallCountRule(threshold=3), Protection(low=1, high=2)
PLACE = Dimension("place", "T", {"T": ("g", "c"), "g": ("a", "b")}, ("T", "g", "a", "b", "c"))
KEYS = tuple((code,) for code in PLACE.codes)
INSIDE = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
LARGEST, MOST = 3, 6
# Three of at most three come to nine: no part of a shown total is larger.
ENOUGH = 3 * LARGEST
EVERY = np.array(list(product(range(ENOUGH + 1), repeat=3))) @ INSIDE.T
TO_DATE = Growing(between_releases=True)
Night = tuple[np.ndarray, np.ndarray]


def counts() -> st.SearchStrategy[np.ndarray]:
    few = st.lists(st.integers(0, LARGEST), min_size=3, max_size=3)
    return few.map(lambda ends: INSIDE @ np.array(ends))


def masks() -> st.SearchStrategy[np.ndarray]:
    return st.lists(st.booleans(), min_size=5, max_size=5).map(np.array)


def table(numbers: np.ndarray) -> CellTable:
    return CellTable((PLACE,), KEYS, {"n": numbers})


def public(numbers: np.ndarray, hidden: np.ndarray) -> PublishedTable:
    return PublishedTable((PLACE,), KEYS, {"n": np.where(hidden, np.nan, numbers)})


def seen(*nights: Night) -> list[SeenTable]:
    """List releases, given oldest first, newest first."""
    return [SeenTable(table(n), public(n, hidden)) for n, hidden in reversed(nights)]


def enumerated(nights: tuple[Night, ...], growing: Growing) -> list[tuple[np.ndarray, ...]]:
    """List every series of tables that fits what is shown and which counts have not changed."""
    series: list[tuple[np.ndarray, ...]] = [()]
    for k, (numbers, hidden) in enumerate(nights):
        fits = (EVERY[:, ~hidden] == numbers[~hidden]).all(1) & (EVERY[:, hidden] >= 1).all(1)
        longer = []
        for before in series:
            alike = fits.copy()
            for (old, _), table_then in zip(nights, before, strict=False):
                same = old == numbers
                alike &= (EVERY[:, same] == table_then[same]).all(1)
            if growing.between_releases and k:
                rose = nights[k - 1][0] < numbers
                alike &= (EVERY[:, rose] > before[-1][rose]).all(1)
            longer += [(*before, now) for now in EVERY[alike]]
        series = longer
    return series


def bounds(nights: tuple[Night, ...], growing: Growing) -> dict[tuple[str, int], tuple[int, int]]:
    """Bound each number of people in the last release, in those before, and added between."""
    series = np.array(enumerated(nights, growing))
    found = {}
    for k, i in product(range(len(nights)), range(5)):
        found[f"{k}", i] = (int(series[:, k, i].min()), int(series[:, k, i].max()))
        if k:
            added = series[:, k, i] - series[:, k - 1, i]
            found[f"+{k}", i] = (int(added.min()), int(added.max()))
    return found


def read(nights: tuple[Night, ...], growing: Growing) -> Reader:
    numbers, hidden = nights[-1]
    return reader_of(public(numbers, hidden), {"n": numbers}, seen(*nights[:-1]), RULE, growing)


def places(nights: tuple[Night, ...], reader: Reader) -> dict[int, tuple[str, int]]:
    """Say which number of people each cell of the reader holds, as far as it is open."""
    told = {PLACE.codes[i]: i for i in range(5)}
    found: dict[int, tuple[str, int]] = {}
    meanings = {}
    for cell, name in enumerate(reader.names["n"]):
        if name is None:
            continue
        if cell < reader.n_tonight:
            found[cell] = (f"{len(nights) - 1}", told[reader.published.keys[cell][0]])
            meanings[name.meaning] = found[cell][1]
    for cell, name in enumerate(reader.names["n"]):
        if name is not None and cell >= reader.n_tonight:
            i = name.meaning
            for k in range(len(nights)):
                if name.kind == BETWEEN and k:
                    ends = (int(nights[k - 1][0][i]), int(nights[k][0][i]))
                    if ends == name.values:
                        found[cell] = (f"+{k}", i)
                elif name.kind == "count" and int(nights[k][0][i]) == name.value:
                    found[cell] = (f"{k}", i)
    return found


Ranges = list[tuple[int, int]]


def learnt(nights: tuple[Night, ...], growing: Growing) -> tuple[Ranges, Ranges]:
    """Return the range of every cell of interest, by the audit and by enumeration."""
    reader = read(nights, growing)
    wanted = {"n": np.array([name is not None for name in reader.names["n"]])}
    at = {key: i for i, key in enumerate(reader.published.keys)}
    true, cells = bounds(nights, growing), places(nights, reader)
    findings = attack(reader.published, wanted, Protection(0, MOST), RULE)
    enumerated = [true[cells[at[finding.key]]] for finding in findings]
    return (
        [(finding.low, min(finding.high, MOST)) for finding in findings],
        [(low, min(high, MOST)) for low, high in enumerated],
    )


@settings(deadline=None, max_examples=60)
@given(counts(), masks(), counts(), masks())
def test_a_reader_of_two_releases_learns_what_enumeration_finds(
    first: np.ndarray, then: np.ndarray, second: np.ndarray, now: np.ndarray
) -> None:
    nights = ((first, then & (first > 0)), (second, now & (second > 0)))
    audited, enumerated = learnt(nights, Growing())
    assert audited == enumerated


@settings(deadline=None, max_examples=60)
@given(counts(), masks(), counts(), masks())
def test_a_reader_of_counts_that_grow_learns_what_enumeration_finds(
    first: np.ndarray, then: np.ndarray, added: np.ndarray, now: np.ndarray
) -> None:
    second = first + added
    assume(second.max() <= ENOUGH)
    nights = ((first, then & (first > 0)), (second, now & (second > 0)))
    audited, enumerated = learnt(nights, TO_DATE)
    assert audited == enumerated


def masked(nights: tuple[Night, ...], numbers: np.ndarray, growing: Growing) -> np.ndarray:
    """Mask one more release as the pipeline does."""
    tonight = table(numbers)
    joint = remember(tonight, seen(*nights), growing)
    small = {"n": primary_cells(numbers, RULE)}
    withheld = withheld_for(
        joint.table,
        RULE,
        joint.concerns([Concern(small, RANGE)], RULE, RANGE),
        prices=joint.prices(count_weights(tonight)),
        must_publish=joint.must_publish({}),
    )
    hidden: np.ndarray = joint.tonight(withheld.cells)["n"] | small["n"]
    return hidden


def series(growing: Growing, *releases: np.ndarray) -> tuple[Night, ...]:
    nights: tuple[Night, ...] = ()
    for numbers in releases:
        try:
            nights = (*nights, (numbers, masked(nights, numbers, growing)))
        except CannotProtect:
            assume(False)
            raise
    return nights


def narrowed(nights: tuple[Night, ...], growing: Growing) -> list[str]:
    """Name what is small and can be narrowed: in any release, or of what was added."""
    reader = read(nights, growing)
    small = {"n": primary_cells(nights[-1][0], RULE)}
    concerns = (*reader.concerns([Concern(small, RANGE)]), reader.past(RULE, RANGE))
    audits = [audit(reader.published, concern.cells, RANGE, RULE) for concern in concerns]
    found = ["by the audit" for each in audits if not each.passed]
    true = bounds(nights, growing)
    for k, (numbers, hidden) in enumerate(nights):
        if growing.between_releases and k:
            added = numbers - nights[k - 1][0]
            some = np.flatnonzero((added >= 1) & (added <= 2))
            found += [f"added to {i} by night {k}" for i in some if true[f"+{k}", int(i)][1] < 2]
        for i in np.flatnonzero(primary_cells(numbers, RULE)):
            if not hidden[i] or true[f"{k}", int(i)][1] < 2:
                found.append(f"{i} of night {k}")
    return found


@settings(deadline=None, max_examples=60)
@given(counts(), counts(), counts())
def test_no_series_that_fits_narrows_a_small_count_of_any_release(
    first: np.ndarray, second: np.ndarray, third: np.ndarray
) -> None:
    nights = series(Growing(), first, second)
    assert narrowed(nights, Growing()) == []
    assert narrowed(series(Growing(), first, second, third), Growing()) == []


@settings(deadline=None, max_examples=60)
@given(counts(), counts())
def test_no_series_that_fits_narrows_what_was_added(first: np.ndarray, added: np.ndarray) -> None:
    assume((first + added).max() <= ENOUGH)
    assert narrowed(series(TO_DATE, first, first + added), TO_DATE) == []
