"""Find how a cell can move unseen, by adding product moves until only withheld cells move."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.product_moves import NEVER, Move, MoveSpace

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Reaches = tuple[int, ...]

# Any corner costs a hair, so that short moves come first. A fault that stays gets dearer by the
# step; most of what a shown cell costs is that it moves at all.
HAIR, HARDER, MOVES_AT_ALL = 1e-3, 0.6, 0.5
STEPS = 10
NEARBY: Reaches = (1, 2)
ANYWHERE: Reaches = (1, 2, 0)
WIDE: Reaches = (2, 0)
# A move that costs less than this does no harm.
SMALLEST = 0.09


@dataclass
class Ground:
    """What may move where: how far each place may fall, what is withheld.

    Shape: one entry per place of `space`. `reach` is how far the move goes that is looked for.
    `worth` says what it costs that a shown place moves, or a withheld one by more than it may.
    """

    space: MoveSpace
    reach: int
    fall: Floats
    withheld: Mask
    worth: Floats
    prices: Floats = field(init=False)
    changed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.prices = np.empty((2, *self.space.shape))
        self._both, self._tilt = self.prices.reshape(2, -1)
        self.reset(np.arange(len(self.fall)))

    def reset(self, places: Index) -> None:
        """Price moves of places as if nothing had moved yet."""
        hidden, worth = self.withheld[places], self.worth[places]
        over = np.maximum(0.0, self.reach - self.fall[places]) / self.reach
        up = np.where(hidden, 0.0, worth) + HAIR
        down = np.where(hidden, worth * over, worth) + HAIR
        self._both[places] = up + down
        self._tilt[places] = up - down

    def excess(self, place: int, by: int) -> int:
        """Tell how far a place that has moved must move back: up (+) or down (-)."""
        return max(0, int(-self.fall[place]) - by) if self.withheld[place] else -by

    def fault(self, place: int, by: int) -> float:
        """Tell how wrong it is that a place moves this far."""
        over = min(1.0, abs(self.excess(place, by)) / self.reach)
        if over and not self.withheld[place]:
            over = MOVES_AT_ALL + (1.0 - MOVES_AT_ALL) * over
        return float(over * self.worth[place])

    def price(self, place: int, by: int, step: int, extra: float) -> None:
        """Price a further move, by a step, of a place that has moved."""
        now = self.fault(place, by)
        up, down = self.fault(place, by + step) - now, self.fault(place, by - step) - now
        self.set(place, up + (extra if up > 0 else 0.0), down + (extra if down > 0 else 0.0))

    def set(self, place: int, up: float, down: float) -> None:
        """Set what a move of a place up or down costs, until it is reset."""
        self._both[place] = up + down + 2 * HAIR
        self._tilt[place] = up - down
        self.changed.add(place)

    def restore(self) -> None:
        """Forget all moves."""
        self.reset(np.array(sorted(self.changed), dtype=np.int64))
        self.changed.clear()

    def withhold(self, places: Index) -> None:
        """Withhold further places."""
        self.withheld[places] = True
        self.reset(places)

    def cheapest(self, place: int, sign: int, enough: float, reaches: Reaches) -> Move | None:
        """Return the cheapest move of a place; one nearby if it costs less than enough."""
        best: Move | None = None
        for within in reaches:
            limit = NEVER / 2 if best is None else best.cost
            found = self.space.cheapest(self.prices, place, sign, within=within, limit=limit)
            best = best if found is None else found
            if best is not None and best.cost < enough:
                break
        return best


@dataclass(frozen=True)
class Trail:
    """A way to move a place: how far each place moves, and which should not (`faults`)."""

    moved: dict[int, int]
    faults: tuple[int, ...]
    wrong: float


def straight(ground: Ground, place: int, sign: int) -> Trail | None:
    """Move a place by one product move of withheld cells of its own groups, if there is one."""
    move = ground.space.cheapest(ground.prices, place, sign, within=1, limit=SMALLEST)
    if move is None:
        return None
    trail = _trail(ground, _together({}, move, ground.reach))
    return None if trail.faults else trail


def pursue(ground: Ground, place: int, sign: int, reaches: Reaches = ANYWHERE) -> Trail | None:
    """Move a place and mend what else moves, move by move; return the best trail.

    It may still move cells that are shown: those are its faults. The `reaches` say
    within how many groups above a cell to look for moves, 0 for anywhere.
    """
    first = ground.cheapest(place, sign, SMALLEST, reaches)
    if first is None:
        return None
    moved, extra = _together({}, first, ground.reach), dict[int, float]()
    best = _trail(ground, moved)
    for _ in range(STEPS):
        now = _trail(ground, moved)
        best = now if now.wrong < best.wrong else best
        if not now.faults:
            break
        mended = _mended(ground, now, (place, sign), extra, reaches)
        if mended is None:
            break
        extra.update({at: extra.get(at, 0.0) + HARDER for at in now.faults})
        moved = mended
    ground.restore()
    return best


def _mended(
    ground: Ground, now: Trail, kept: tuple[int, int], extra: dict[int, float], reaches: Reaches
) -> dict[int, int] | None:
    """Mend the fault that can be mended at the least new harm; `kept` does not move back."""
    best: tuple[float, Move, int] | None = None
    faults = [(at, ground.excess(at, now.moved[at])) for at in now.faults if at != kept[0]]
    faults.sort(key=lambda fault: abs(fault[1]))
    priced = 0
    for within in reaches:
        for at, back in faults:
            if abs(back) != priced:
                priced = abs(back)
                _reprice(ground, now, kept, extra, priced)
            enough = SMALLEST - ground.fault(at, now.moved[at])
            limit = NEVER / 2 if best is None else best[0]
            move = ground.space.cheapest(
                ground.prices, at, 1 if back > 0 else -1, within=within, limit=limit
            )
            if move is not None:
                best = move.cost, move, abs(back)
                if move.cost < enough:
                    return _together(now.moved, move, abs(back))
    return None if best is None else _together(now.moved, best[1], best[2])


def _reprice(
    ground: Ground, now: Trail, kept: tuple[int, int], extra: dict[int, float], step: int
) -> None:
    for place, by in now.moved.items():
        ground.price(place, by, step, extra.get(place, 0.0))
    ground.set(kept[0], *((0.0, NEVER) if kept[1] > 0 else (NEVER, 0.0)))


def _together(moved: dict[int, int], move: Move, times: int) -> dict[int, int]:
    both = dict(moved)
    for at, by in zip(move.places.tolist(), move.signs.tolist(), strict=True):
        both[at] = both.get(at, 0) + times * by
    return both


def _trail(ground: Ground, moved: dict[int, int]) -> Trail:
    wrong = {at: ground.fault(at, by) for at, by in moved.items() if by}
    faults = tuple(at for at, cost in wrong.items() if cost > 0)
    return Trail(dict(moved), faults, sum(wrong.values()))
