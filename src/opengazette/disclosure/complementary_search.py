"""Search one network for the cheapest pattern that meets every demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary_attack import Witnesses, shortfalls
from opengazette.disclosure.complementary_cuts import Cut, Cuts, Master, cut, row_cuts
from opengazette.disclosure.complementary_network import Network
from opengazette.disclosure.complementary_peel import Peeling
from opengazette.disclosure.complementary_repair import Repair, reduced, repaired

Mask = NDArray[np.bool_]

# Work is rationed in solver steps, not by the clock: the same input gives the same pattern.
WORK, ROUNDS = 5e8, 60
EARLY_GAP = 0.02
# What cuts alone leave open after this many passes is repaired directly.
PASSES = 30
# Two patterns closer than this differ in tie-breaks only.
EQUAL = 1e-3


@dataclass(frozen=True)
class Found:
    """The pattern of one network: flags per column, its cost and the least possible cost."""

    withheld: Mask
    witnesses: Witnesses
    rounds: int
    cost: float
    bound: float


@dataclass(frozen=True)
class Progress:
    """How far the search is: the connected part it is at, and what it has there.

    `cells` are the complementary cells of the best pattern found so far.
    """

    part: int
    parts: int
    round: int
    cells: int
    cost: float
    bound: float


def search(
    network: Network,
    *,
    gap: float,
    effort: float,
    close: float = EQUAL,
    tell: Callable[[Found], None] | None = None,
) -> Found:
    """Return the best pattern found.

    Cuts say what any sufficient pattern needs; the cheapest choice that obeys them is tried,
    its failures give new cuts, until the best pattern is within the relative `gap` of the bound,
    or `close` to it, or the work is used up. `tell` hears of the best after every round.

    Raises:
        Unprotectable: a demand cannot be met at all.
    """
    cuts, master = Cuts(), Master(np.where(network.free, network.cost, 0.0), network.work)
    cuts.add(row_cuts(network))
    network.work.limit = WORK * effort
    repair, peeling, aim, rounds, bound = Repair(network), Peeling(network), EARLY_GAP, 0, 0.0
    best: Found | None = None
    while best is None or (
        rounds < ROUNDS
        and not network.work.used_up
        and best.cost - bound > max(close, gap * best.cost)
    ):
        rounds, n_cuts = rounds + 1, len(cuts.all)
        chosen, lower = master.solve(cuts, aim)
        bound, witnesses = max(bound, lower), Witnesses()
        earlier = Witnesses() if best is None else best.witnesses
        pattern = _extended(network, network.hidden | chosen, witnesses, cuts, peeling, earlier)
        best = _improved(network, pattern, witnesses, repair, cuts, best)
        if tell is not None:
            tell(replace(best, rounds=rounds, bound=min(bound, best.cost)))
        if len(cuts.all) == n_cuts:
            if aim == 0.0:
                break
            aim = 0.0
    return replace(best, rounds=rounds, bound=min(bound, best.cost))


def _extended(
    network: Network,
    pattern: Mask,
    witnesses: Witnesses,
    cuts: Cuts,
    peeling: Peeling,
    earlier: Witnesses,
) -> Mask:
    """Extend a pattern cut by cut, as far as a few passes go; keep the cuts."""
    pattern, asked = pattern.copy(), network.demands()
    for _ in range(PASSES):
        pattern = _unpeeled(network, pattern, cuts, peeling)
        if not asked:
            break
        witnesses.moves.update(earlier.within(pattern, whole=False).moves)
        asked = [demand for demand in asked if demand not in witnesses.moves]
        missed = list(shortfalls(network, pattern, asked, witnesses, whole=False))
        made = [each for each in (cut(network, miss) for miss in missed) if each is not None]
        cuts.add(made)
        before = int(pattern.sum())
        pattern = _covered(network, pattern, made)
        if int(pattern.sum()) == before:
            break
        asked = [(miss.column, miss.direction) for miss in missed]
    return pattern


def _unpeeled(network: Network, pattern: Mask, cuts: Cuts, peeling: Peeling) -> Mask:
    """Extend a pattern until substitution no longer gives a demand away."""
    broken = peeling.broken(pattern)
    while broken:
        cuts.add(broken)
        pattern = _covered(network, pattern, broken)
        broken = peeling.broken(pattern)
    return pattern


def _covered(network: Network, pattern: Mask, cuts: list[Cut]) -> Mask:
    """Add cells that satisfy the cuts, first those that serve most of them."""
    pattern, score = pattern.copy(), np.zeros(network.size)
    for each in cuts:
        score[each.columns] += each.weights
    score /= np.where(network.free & (network.cost > 0), network.cost, 1.0)
    for each in cuts:
        while len(each.columns) and not each.met_by(pattern):
            value = np.minimum(each.weights, 1.0) * score[each.columns]
            value[pattern[each.columns]] = 0.0
            pattern[each.columns[int(np.argmax(value))]] = True
    return pattern


def _improved(
    network: Network,
    pattern: Mask,
    witnesses: Witnesses,
    repair: Repair,
    cuts: Cuts,
    best: Found | None,
) -> Found:
    """Complete and trim a pattern; return it if it is the cheapest so far, in whole numbers."""
    withheld = repaired(network, pattern, witnesses, repair, whole=False)
    withheld = reduced(network, withheld, witnesses, cuts)
    if best is not None and _cost(network, withheld) >= best.cost:
        return best
    proof = witnesses.within(withheld, whole=True)
    if best is not None:
        proof.moves.update(best.witnesses.within(withheld, whole=True).moves)
    withheld = repaired(network, withheld, proof, repair, whole=True)
    found = Found(withheld, proof, 0, _cost(network, withheld), 0.0)
    return found if best is None or found.cost < best.cost else best


def _cost(network: Network, withheld: Mask) -> float:
    return float(network.cost[withheld & ~network.hidden].sum())
