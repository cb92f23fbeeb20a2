"""Move a place as far as is asked by several product moves, each as far as there is room."""

from __future__ import annotations

from opengazette.disclosure.complementary.product_moves import Move
from opengazette.disclosure.complementary.pursuit import Ground, Trail

# A move that is put together from more than this is given up.
MOST = 20


def stride(
    ground: Ground, place: int, sign: int, asked: int, *, within: int, limit: float
) -> Trail | None:
    """Move a place so far up (+1) or down (-1); nothing moves further than it may.

    The ground has a reach of 1, and what may never move costs `limit` there. What is shown and
    moves has to be withheld: these are the faults of the trail. None where there is no room.
    """
    moved, left = dict[int, int](), asked
    for _ in range(MOST):
        move = ground.space.cheapest(ground.prices, place, sign, within=within, limit=limit)
        step = 0 if move is None else _room(ground, move, moved, left)
        if move is None or not step:
            break
        for at, by in zip(move.places.tolist(), move.signs.tolist(), strict=True):
            moved[at] = moved.get(at, 0) + by * step
        left -= step
        if not left:
            break
        for at in move.places.tolist():
            ground.set(at, 0.0, 0.0 if ground.fall[at] + moved[at] >= 1 else limit)
    ground.restore()
    if left:
        return None
    faults = tuple(at for at, by in moved.items() if by and not ground.withheld[at])
    return Trail(moved, faults, float(ground.worth[list(faults)].sum()))


def _room(ground: Ground, move: Move, moved: dict[int, int], most: int) -> int:
    """Tell how often a move can be made, `most` times if nothing falls too far before."""
    falling = move.places[move.signs < 0].tolist()
    return int(min([most, *(ground.fall[at] + moved.get(at, 0) for at in falling)]))
