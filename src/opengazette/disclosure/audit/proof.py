"""The proof that a published table gives a cell away: equations that a person can add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from opengazette.disclosure.audit.knowledge import PublishedTable, totals_along

Key = tuple[str, ...]
Floats = NDArray[np.float64]

# Multipliers of such equations are small fractions; anything else is not worth reading.
LARGEST_DENOMINATOR = 60
SLACK = 1e-6


@dataclass(frozen=True)
class Equation:
    """What one published total says of withheld cells: `sum(sign * cell) == rest`.

    `words` says so with the labels of the table.
    """

    signs: dict[int, int]
    rest: int
    words: str


@dataclass(frozen=True)
class Proof:
    """Why a cell is `exactly`, `at most` or `at least` a value: equations and what they come to.

    Every step holds in exact arithmetic; it shows what the public can work out.
    """

    key: Key
    relation: str
    value: int
    steps: tuple[str, ...]


def proofs(published: PublishedTable, measure: str, key: Key, *, least: int) -> tuple[Proof, ...]:
    """Prove what the totals of one measure tell of a withheld cell.

    One proof if it is determined, else one for each end of its interval that they narrow. Only
    the totals are used, and that a withheld cell holds at least `least`; whole numbers may
    rule out more.
    """
    if published.absent != "zero":
        return ()
    target = published.keys.index(key)
    values = np.asarray(published.values[measure], dtype=np.float64)
    known = _connected(equations(published, values), target)
    if not known:
        return ()
    frame = _Frame(published.keys, known, target, least)
    exact = frame.prove(0)
    if exact is not None:
        return (exact,)
    return tuple(proof for proof in (frame.prove(-1), frame.prove(+1)) if proof is not None)


def equations(published: PublishedTable, values: Floats) -> list[Equation]:
    """Return what each total says of the withheld cells around it."""
    found = []
    for axis in range(len(published.dimensions)):
        for parent, children, _ in totals_along(published, axis):
            hidden = [i for i in children if np.isnan(values[i])]
            if hidden or np.isnan(values[parent]):
                found.append(_equation(published, values, axis, parent, children))
    return found


def _equation(
    published: PublishedTable, values: Floats, axis: int, parent: int, children: list[int]
) -> Equation:
    hidden = [i for i in children if np.isnan(values[i])]
    shown = int(sum(values[i] for i in children if not np.isnan(values[i])))
    every = len(hidden) == len(children)
    come = "all its parts are withheld" if every else f"its published parts come to {shown:,}"
    key, keys = published.keys[parent], published.keys
    place = ", ".join(
        f"{d.name} {code}"
        for d, code in zip(published.dimensions, key, strict=True)
        if d is not published.dimensions[axis]
    )
    parts = " + ".join(named(keys[i]) for i in hidden)
    whole = f"{published.dimensions[axis].name} {key[axis]}"
    start = f"{place}: {whole}" if place else whole
    if np.isnan(values[parent]):
        signs, rest = {parent: 1} | dict.fromkeys(hidden, -1), shown
        left = " − ".join(named(keys[i]) for i in signs)
        words = f"{start} is withheld; {come}; so {left} = {rest:,}"
    else:
        signs, rest = dict.fromkeys(hidden, 1), int(values[parent]) - shown
        words = f"{start} is {int(values[parent]):,}; {come}; so {parts} = {rest:,}"
    return Equation(signs, rest, words)


def named(key: Key) -> str:
    """Return how a proof names a withheld cell."""
    return "[" + " / ".join(key) + "]"


def _connected(known: list[Equation], target: int) -> list[Equation]:
    """Keep the equations that reach the target through withheld cells."""
    using: dict[int, list[int]] = defaultdict(list)
    for i, equation in enumerate(known):
        for cell in equation.signs:
            using[cell].append(i)
    reached, waiting = set[int](), [target]
    cells = {target}
    while waiting:
        for i in using[waiting.pop()]:
            if i not in reached:
                reached.add(i)
                fresh = set(known[i].signs) - cells
                cells |= fresh
                waiting.extend(sorted(fresh))
    return [known[i] for i in sorted(reached)]


class _Frame:
    """The equations around one withheld cell, ready to be combined."""

    def __init__(self, keys: Sequence[Key], known: list[Equation], target: int, least: int) -> None:
        self._keys, self._known, self._target, self._least = keys, known, target, least
        cells = sorted({cell for equation in known for cell in equation.signs} - {target})
        at = {cell: i for i, cell in enumerate(cells)}
        terms = [
            (at[cell], row, sign)
            for row, equation in enumerate(known)
            for cell, sign in equation.signs.items()
            if cell != target
        ]
        columns, rows, signs = zip(*terms, strict=True) if terms else ((), (), ())
        self._others = sparse.csr_array((signs, (columns, rows)), shape=(len(cells), len(known)))
        self._own = np.array([equation.signs.get(target, 0) for equation in known], dtype=float)
        rest = np.array([equation.rest for equation in known], dtype=float)
        self._bound = rest - least * np.asarray(self._others.sum(axis=0), dtype=float).ravel()

    def prove(self, end: int) -> Proof | None:
        """Prove the exact value (0), the greatest (-1) or the least (+1) that is possible.

        The equations are combined so that the cell itself stands alone (0), or beside others
        that can only be added to it (-1) or subtracted (+1). Few equations are preferred.
        """
        if end == 0:
            weights = self._combined(np.ones(2 * len(self._known)), end, None)
        else:
            best = self._combined(-end * np.tile(self._bound, 2) * self._halves(), end, None)
            if best is None:
                return None
            limit = float(self._bound @ best) - end * SLACK
            weights = self._combined(np.ones(2 * len(self._known)), end, limit)
            weights = best if weights is None else weights
        return None if weights is None else self._told(weights, end)

    def _halves(self) -> Floats:
        return np.repeat([1.0, -1.0], len(self._known))

    def _combined(self, cost: Floats, end: int, limit: float | None) -> Floats | None:
        """Return the weight of each equation, or None where no combination does it."""
        both = sparse.hstack([self._others, -self._others], format="csr")
        own = np.concatenate([self._own, -self._own])[None, :]
        above, most = [], []
        if end and both.shape[0]:
            above.append(end * both)
            most.append(np.zeros(both.shape[0]))
        if limit is not None:
            above.append(sparse.csr_array(-end * np.concatenate([self._bound, -self._bound])[None]))
            most.append(np.array([-end * limit]))
        equal = own if end else sparse.vstack([sparse.csr_array(own), both])
        answer = linprog(
            cost,
            A_ub=sparse.vstack(above, format="csr") if above else None,
            b_ub=np.concatenate(most) if most else None,
            A_eq=equal,
            b_eq=np.concatenate([[1.0], np.zeros(equal.shape[0] - 1)]),
            bounds=(0, None),
            method="highs",
        )
        if answer.status != 0:
            return None
        plus, minus = np.split(np.asarray(answer.x, dtype=np.float64), 2)
        return np.asarray(plus - minus, dtype=np.float64)

    def _told(self, weights: Floats, end: int) -> Proof | None:
        """Write a combination down, if it holds in exact arithmetic."""
        used = [
            (equation, Fraction(float(w)).limit_denominator(LARGEST_DENOMINATOR))
            for equation, w in zip(self._known, weights, strict=True)
            if abs(w) > SLACK
        ]
        used.sort(key=lambda pair: pair[1] < 0)
        left: dict[int, Fraction] = defaultdict(Fraction)
        for equation, weight in used:
            for cell, sign in equation.signs.items():
                left[cell] += sign * weight
        left = {cell: by for cell, by in left.items() if by}
        rest = sum((equation.rest * weight for equation, weight in used), Fraction())
        beside = {cell: by for cell, by in left.items() if cell != self._target}
        lawful = left.get(self._target) == 1 and all(end * by < 0 for by in beside.values())
        if not lawful:
            return None
        bound = rest - self._least * sum(beside.values(), Fraction())
        value = int(bound // 1) if end < 0 else -int(-bound // 1)
        if end > 0 and value <= self._least:
            return None
        steps = [f"({i + 1}) {equation.words}." for i, (equation, _) in enumerate(used)]
        if len(used) > 1:
            combined = _sum_of([weight for _, weight in used])
            steps.append(f"{combined}: {self._line(left)} = {_plain(rest)}.")
        if beside:
            steps.append(self._conclusion(beside, bound, value, end))
        relation = {0: "exactly", -1: "at most", +1: "at least"}[end]
        return Proof(self._keys[self._target], relation, value, tuple(steps))

    def _line(self, left: dict[int, Fraction]) -> str:
        cells = [self._target, *(cell for cell in left if cell != self._target)]
        text = ""
        for cell in cells:
            by = left[cell]
            sign = (" + " if by > 0 else " − ") if text else ("" if by > 0 else "−")
            text += f"{sign}{_times(abs(by))}{named(self._keys[cell])}"
        return text

    def _conclusion(
        self, beside: dict[int, Fraction], bound: Fraction, value: int, end: int
    ) -> str:
        others = "The other cell is" if len(beside) == 1 else f"The other {len(beside)} are each"
        relation = "at most" if end < 0 else "at least"
        own = named(self._keys[self._target])
        whole = "" if bound == value else f", and as a whole number {relation} {value:,}"
        return f"{others} {self._least} or more, so {own} is {relation} {_plain(bound)}{whole}."


def _sum_of(weights: list[Fraction]) -> str:
    text = ""
    for i, weight in enumerate(weights):
        sign = (" + " if weight > 0 else " − ") if text else ("" if weight > 0 else "−")
        text += f"{sign}{_times(abs(weight))}({i + 1})"
    return text


def _times(by: Fraction) -> str:
    return "" if by == 1 else f"{by} × "


def _plain(value: Fraction) -> str:
    return f"{value.numerator:,}" if value.denominator == 1 else str(value)
