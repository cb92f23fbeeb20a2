"""Two releases of tests and their positives, and tables of another shape, against enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit.audit import PublishedTable, attack
from opengazette.disclosure.audit.memory import Reader, reader_of
from opengazette.disclosure.primary.counts import Protection, SmallCountRule
from opengazette.disclosure.releases.seen import SeenTable
from opengazette.disclosure.tables.linear_system import CellTable, Dimension

RULE = SmallCountRule(threshold=3)
SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
KEYS = (("T",), ("f",), ("m",))
INSIDE = np.array([[1, 1], [1, 0], [0, 1]])
MOST = 4
PAIRS = [(n, p) for n in range(9) for p in range(n + 1)]
# Tests of women and men, then positives of women and men, each with its total.
EVERY = np.array([(a[0], b[0], a[1], b[1]) for a, b in product(PAIRS, PAIRS)])
SHEETS = np.concatenate([EVERY[:, :2] @ INSIDE.T, EVERY[:, 2:] @ INSIDE.T], axis=1)
Night = tuple[np.ndarray, np.ndarray]


@st.composite
def nights(draw: st.DrawFn) -> Night:
    tests = [draw(st.integers(0, 4)) for _ in range(2)]
    positives = [draw(st.integers(0, n)) for n in tests]
    numbers = np.concatenate([INSIDE @ np.array(tests), INSIDE @ np.array(positives)])
    chosen = np.array(draw(st.lists(st.booleans(), min_size=6, max_size=6)))
    return numbers, chosen & (numbers > 0)


def table(numbers: np.ndarray) -> CellTable:
    counts = {"n": numbers[:3], "p": numbers[3:]}
    return CellTable((SEX,), KEYS, counts, {"p": "n"})


def public(night: Night, measures: str = "np") -> PublishedTable:
    numbers, hidden = night
    values = np.where(hidden, np.nan, numbers)
    shown = {m: values[3 * i : 3 * i + 3] for i, m in enumerate("np") if m in measures}
    return PublishedTable((SEX,), KEYS, shown, {"p": "n"} if measures == "np" else {})


def places(measures: str) -> np.ndarray:
    return np.array([3 * "np".index(m) + i for m in measures for i in range(3)])


def fits(night: Night, measures: str = "np") -> np.ndarray:
    numbers, hidden = night
    at = places(measures)
    blank, told = at[hidden[at]], at[~hidden[at]]
    fit = (SHEETS[:, told] == numbers[told]).all(1) & (SHEETS[:, blank] >= 1).all(1)
    return np.asarray(SHEETS[fit])


def both_bounds(first: Night, second: Night, measures: str) -> tuple[np.ndarray, np.ndarray]:
    """Bound every cell of both nights over all pairs that agree where nothing has changed."""
    then, now, at = fits(first), fits(second, measures), places(measures)
    same = at[first[0][at] == second[0][at]]
    rows: dict[tuple[int, ...], list[np.ndarray]] = {}
    for row in then:
        rows.setdefault(tuple(row[same]), []).append(row)
    kept = [row for row in now if tuple(row[same]) in rows]
    shared = {tuple(row[same]) for row in kept}
    old = np.array([row for key in shared for row in rows[key]])
    ends = np.concatenate([old, np.zeros((0, 6), dtype=int)]), np.array(kept)
    low = np.concatenate([each.min(axis=0) for each in ends])
    return low, np.concatenate([each.max(axis=0) for each in ends])


def read(first: Night, second: Night, measures: str = "np") -> Reader:
    seen = [SeenTable(table(first[0]), public(first))]
    true = {m: c for m, c in table(second[0]).counts.items() if m in measures}
    return reader_of(public(second, measures), true, seen, RULE)


@settings(deadline=None, max_examples=100)
@given(nights(), nights(), st.sampled_from(["np", "n", "p"]))
def test_a_reader_of_parts_and_wholes_learns_what_enumeration_finds(
    first: Night, second: Night, measures: str
) -> None:
    """Tonight's table has tests and positives, or one of them alone."""
    reader = read(first, second, measures)
    low, high = both_bounds(first, second, measures)
    wanted = {m: np.array([q is not None for q in names]) for m, names in reader.names.items()}
    at = {key: i for i, key in enumerate(reader.published.keys)}
    for finding in attack(reader.published, wanted, Protection(0, MOST), RULE):
        i = at[finding.key]
        name = reader.names[finding.measure][i]
        assert name is not None
        measure = "np".index(name.measure)
        then = int(first[0][3 * measure + name.meaning])
        night = 0 if i >= reader.n_tonight and then == name.value else 1
        place = 6 * night + 3 * measure + name.meaning
        assert finding.low == low[place]
        assert min(finding.high, MOST) == min(high[place], MOST)


@settings(deadline=None, max_examples=40)
@given(nights(), nights())
def test_an_earlier_release_never_widens_what_is_known(first: Night, second: Night) -> None:
    alone = reader_of(public(second), table(second[0]).counts, [], RULE)
    both = read(first, second)
    hidden = {m: np.isnan(v) for m, v in public(second).values.items()}
    found_alone = attack(alone.published, hidden, Protection(0, MOST), RULE)
    before = {(f.measure, f.key[:1]): f for f in found_alone}
    n = len(both.published.keys) - 3
    wide = {m: np.concatenate([mask, np.zeros(n, dtype=bool)]) for m, mask in hidden.items()}
    for after in attack(both.published, wide, Protection(0, MOST), RULE):
        found = before[after.measure, after.key[:1]]
        assert after.low >= found.low
        assert min(after.high, MOST) <= min(found.high, MOST)
