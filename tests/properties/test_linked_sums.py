"""Releases of tests that are their positives and negatives together, against enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from opengazette.disclosure.audit.audit import PublishedTable, attack, audit
from opengazette.disclosure.audit.knowledge import PublishedSum
from opengazette.disclosure.audit.memory import Reader, reader_of
from opengazette.disclosure.complementary.pattern import count_weights
from opengazette.disclosure.masking.counts import withheld_for
from opengazette.disclosure.primary.counts import Protection, SmallCountRule, primary_cells
from opengazette.disclosure.primary.protected_cells import Concern
from opengazette.disclosure.releases.memory import remember
from opengazette.disclosure.releases.seen import SeenTable
from opengazette.disclosure.tables.linear_system import CellTable, Dimension
from opengazette.errors import CannotProtect

RULE, RANGE = SmallCountRule(threshold=3), Protection(1, 2)
SEX = Dimension("sex", "T", {"T": ("f", "m")}, ("T", "f", "m"))
KEYS = (("T",), ("f",), ("m",))
INSIDE = np.array([[1, 1], [1, 0], [0, 1]])
MOST, MEASURES = 4, ("tests", "positive", "negative")
ENDS = np.array(list(product(range(9), repeat=4)))
POSITIVE, NEGATIVE = ENDS[:, :2] @ INSIDE.T, ENDS[:, 2:] @ INSIDE.T
# Tests, positives and negatives, each of everybody, women and men.
EVERY = np.concatenate([POSITIVE + NEGATIVE, POSITIVE, NEGATIVE], axis=1)
ALL, NEGATIVE_ALONE = np.arange(9), np.arange(6, 9)
Night = tuple[np.ndarray, np.ndarray]


@st.composite
def nights(draw: st.DrawFn) -> Night:
    ends = [draw(st.integers(0, 3)) for _ in range(4)]
    positive, negative = INSIDE @ np.array(ends[:2]), INSIDE @ np.array(ends[2:])
    numbers = np.concatenate([positive + negative, positive, negative])
    chosen = np.array(draw(st.lists(st.booleans(), min_size=9, max_size=9)))
    return numbers, chosen & (numbers > 0)


def by_measure(values: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    return {m: values[3 * i : 3 * i + 3] for i, m in enumerate(MEASURES) if 3 * i in places}


def public(night: Night, places: np.ndarray) -> PublishedTable:
    numbers, hidden = night
    values = by_measure(np.where(hidden, np.nan, numbers), places)
    sums = (PublishedSum("tests", ("positive", "negative"), range(3)),)
    return PublishedTable((SEX,), KEYS, values, sums=sums if len(values) > 1 else ())


def seen(night: Night) -> SeenTable:
    table = CellTable((SEX,), KEYS, by_measure(night[0], ALL))
    return SeenTable(table, public(night, ALL))


def read(first: Night, second: Night, places: np.ndarray) -> Reader:
    true = by_measure(second[0], places)
    return reader_of(public(second, places), true, [seen(first)], RULE)


def fits(night: Night, places: np.ndarray) -> np.ndarray:
    numbers, hidden = night
    blank, told = places[hidden[places]], places[~hidden[places]]
    fit = (EVERY[:, told] == numbers[told]).all(1) & (EVERY[:, blank] >= 1).all(1)
    return np.asarray(EVERY[fit])


def both_bounds(
    first: Night, second: Night, places: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Bound every cell of both nights over all pairs that agree where nothing has changed."""
    then, now = fits(first, ALL), fits(second, places)
    same = places[first[0][places] == second[0][places]]
    rows: dict[tuple[int, ...], list[np.ndarray]] = {}
    for row in then:
        rows.setdefault(tuple(row[same]), []).append(row)
    kept = np.array([row for row in now if tuple(row[same]) in rows])
    shared = {tuple(row[same]) for row in kept}
    old = np.array([row for key in shared for row in rows[key]])
    return tuple((each.min(axis=0), each.max(axis=0)) for each in (old, kept))


Ranges = list[tuple[int, int]]


def learnt(first: Night, second: Night, places: np.ndarray) -> tuple[Ranges, Ranges]:
    """Return the range of every cell of interest, by the audit and by enumeration."""
    reader = read(first, second, places)
    true = both_bounds(first, second, places)
    wanted = {m: np.array([q is not None for q in names]) for m, names in reader.names.items()}
    at = {key: i for i, key in enumerate(reader.published.keys)}
    audited, enumerated = Ranges(), Ranges()
    for finding in attack(reader.published, wanted, Protection(0, MOST), RULE):
        i = at[finding.key]
        name = reader.names[finding.measure][i]
        assert name is not None
        place = 3 * MEASURES.index(name.measure) + name.meaning
        before = i >= reader.n_tonight and int(first[0][place]) == name.value
        low, high = true[0 if before else 1]
        audited.append((finding.low, min(finding.high, MOST)))
        enumerated.append((low[place], min(high[place], MOST)))
    return audited, enumerated


@settings(deadline=None, max_examples=40)
@given(nights(), nights())
def test_a_reader_of_two_nights_of_results_learns_what_enumeration_finds(
    first: Night, second: Night
) -> None:
    audited, enumerated = learnt(first, second, ALL)
    assert audited == enumerated


@settings(deadline=None, max_examples=40)
@given(nights(), nights())
def test_a_reader_of_one_result_tonight_learns_what_enumeration_finds(
    first: Night, second: Night
) -> None:
    audited, enumerated = learnt(first, second, NEGATIVE_ALONE)
    assert audited == enumerated


def masked(first: Night, numbers: np.ndarray) -> np.ndarray:
    """Mask a table of the negatives alone as the pipeline does."""
    tonight = CellTable((SEX,), KEYS, by_measure(numbers, NEGATIVE_ALONE))
    joint = remember(tonight, [seen(first)])
    small = {"negative": primary_cells(numbers[NEGATIVE_ALONE], RULE)}
    try:
        withheld = withheld_for(
            joint.table,
            RULE,
            joint.concerns([Concern(small, RANGE)], RULE, RANGE),
            prices=joint.prices(count_weights(tonight)),
            must_publish=joint.must_publish({}),
        )
    except CannotProtect:
        assume(False)
        raise
    hidden = np.zeros(9, dtype=np.bool_)
    hidden[NEGATIVE_ALONE] = joint.tonight(withheld.cells)["negative"] | small["negative"]
    return hidden


# Negatives that came to one woman and one man, then to two men: the total may not fall with them.
FALLS_NO_FURTHER = (
    (np.array([4, 2, 2, 2, 1, 1, 2, 1, 1]), np.array([1, 1, 1, 1, 0, 1, 1, 1, 0], dtype=np.bool_)),
    (np.array([3, 0, 3, 1, 0, 1, 2, 0, 2]), np.array([0, 0, 0, 0, 0, 1, 1, 0, 0], dtype=np.bool_)),
)


@settings(deadline=None, max_examples=60)
@example(*FALLS_NO_FURTHER)
@given(nights(), nights())
def test_the_masker_leaves_no_small_result_of_an_earlier_release_narrow(
    first: Night, second: Night
) -> None:
    tonight = (second[0], masked(first, second[0]))
    reader = read(first, tonight, NEGATIVE_ALONE)
    past = reader.past(RULE, RANGE)
    assert audit(reader.published, past.cells, RANGE, RULE).passed
