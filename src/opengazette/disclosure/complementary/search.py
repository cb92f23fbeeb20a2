"""Search one network for the cheapest pattern that meets every demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary.attack import shortfalls
from opengazette.disclosure.complementary.closing import Close, closed_nearby, covered
from opengazette.disclosure.complementary.cuts import Cut, Cuts, row_cuts
from opengazette.disclosure.complementary.found import Found
from opengazette.disclosure.complementary.freedom import Freedom
from opengazette.disclosure.complementary.given_away import GivenAway
from opengazette.disclosure.complementary.master import Master
from opengazette.disclosure.complementary.network import Network, Unprotectable
from opengazette.disclosure.complementary.peel import Peeling
from opengazette.disclosure.complementary.relations import Relations
from opengazette.disclosure.complementary.renewal import Renewal
from opengazette.disclosure.complementary.repair import Repair, reduced, repaired
from opengazette.disclosure.complementary.witnesses import Demand, Shortfall, Witnesses
from opengazette.errors import Fault

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

# Work is rationed in solver steps, not by the clock: the same input gives the same pattern.
WORK, ROUNDS = 5e8, 60
# So many rounds only substitution is attacked, which costs next to nothing.
PEELING = 10
# So many gaps are turned into cuts before the choice is made anew.
GAPS = 150
# Cells that the equations alone determine come first; the others once these are but a handful.
HANDFUL = 20
# A pattern is completed although the cuts are not, as long as that takes no more than such a share
# of all work; in a network larger than this only once nearly all gaps are closed.
COMPLETING, SMALL, NEARLY = 0.4, 3000, 40
# A larger network is not searched: a pattern is constructed, and substitution gives a bound.
LARGE = 30_000
# This share of all work goes into neighbourhoods of the best pattern, in small networks less.
RENEWING, RENEWING_SMALL = 0.7, 0.3
# Two patterns closer than this differ in tie-breaks only.
EQUAL = 1e-3

Construct = Callable[[Network, Close], tuple[Mask, Witnesses] | None]


def search(
    network: Network,
    *,
    gap: float,
    effort: float,
    close: float = EQUAL,
    tell: Callable[[Found], None] | None = None,
    construct: Construct | None = None,
) -> Found:
    """Return the best pattern found.

    Cuts say what any sufficient pattern needs; the cheapest choice that obeys them is tried,
    its failures give new cuts, until the best pattern is within the relative `gap` of the bound,
    or `close` to it, or the work is used up. `tell` hears of the best after every round.
    `construct` builds some sufficient pattern, for want of a better one, or nothing.

    Raises:
        Unprotectable: a demand cannot be met at all.
    """
    # Cells that are known to move together fall no further than the least of them may.
    hopeless = np.flatnonzero(network.down > network.fall)
    if hopeless.size:
        raise Unprotectable(int(hopeless[0]))
    network.work.limit = WORK * effort
    hunt = _Hunt(network, close, construct)
    while not hunt.ended(gap, effort):
        with network.work.unfinished():
            hunt.round()
        # The first pattern is worth more than the time: any other takes longer.
        with network.work.unfinished() if hunt.best else nullcontext():
            if hunt.due:
                hunt.complete()
        if network.size > SMALL and hunt.rounds == PEELING:
            hunt.begin()
        if tell is not None and hunt.best is not None:
            tell(hunt.result())
        while hunt.may_renew and not hunt.ended(gap, effort):
            with network.work.unfinished():
                hunt.renew()
            if tell is not None:
                tell(hunt.result())
    hunt.finish()
    return hunt.result()


class _Hunt:
    """The state of one search: the cuts, the bound that they prove, the best pattern so far."""

    def __init__(self, network: Network, close: float, construct: Construct | None) -> None:
        self._network, self._close, self._construct = network, close, construct
        self._cuts = Cuts()
        self._cuts.add(row_cuts(network))
        cost = np.where(network.free, network.cost, 0.0)
        self._master, self._branch = Master(cost, network.work, close), False
        self._peeling, self._relations = Peeling(network), Relations(network)
        self._pattern, self._met = network.hidden.copy(), Witnesses()
        self._bound, self.rounds, self._completing, self._renewing = 0.0, 0, 0.0, 0.0
        self.n_gaps, self._counted = 0, False
        self.best: Found | None = None

    def ended(self, gap: float, effort: float) -> bool:
        """Tell whether the best pattern is good enough, or nothing is left to search with."""
        most = PEELING if self._network.size > LARGE else ROUNDS * effort
        if self._network.work.used_up or self.rounds >= most:
            return True
        best = self.best
        return best is not None and best.cost - self._bound <= max(self._close, gap * best.cost)

    def result(self) -> Found:
        """Return the best pattern with the bound as it stands."""
        if self.best is None:
            raise Fault("The search for further cells to withhold ended without a pattern.")
        return replace(self.best, rounds=self.rounds, bound=min(self._bound, self.best.cost))

    def round(self) -> None:
        """Choose by all cuts and attack the choice; keep it if nothing is found against it."""
        self.rounds += 1
        large = self._network.size > LARGE
        branched = not large and (self._branch or self._master.affordable)
        chosen = self._chosen(branched=branched)
        if chosen is None:
            return
        self._branch, self.n_gaps, n_cuts = False, 0, len(self._cuts.all)
        self._pattern = self._unpeeled(self._network.hidden | chosen)
        settled = len(self._cuts.all) == n_cuts
        if large or (not settled and self.rounds <= PEELING):
            return
        self.n_gaps = self._attacked(self._pattern)
        if settled and not self.n_gaps:
            self._keep(self._pattern)
            self._branch = True
            if branched:
                self._master.insist()

    def _chosen(self, *, branched: bool) -> Mask | None:
        if branched:
            known = None if self.best is None else self.best.withheld & self._network.free
            chosen, bound = self._master.branched(self._cuts, known)
        else:
            chosen, bound = self._master.rounded(self._cuts)
        self._bound = max(self._bound, bound)
        return chosen

    @property
    def due(self) -> bool:
        """Tell whether the last pattern may be completed although the cuts are not."""
        near = self._network.size <= SMALL or (self._counted and self.n_gaps <= NEARLY)
        affordable = self._completing <= COMPLETING * self._network.work.spent
        return self.n_gaps > 0 and near and affordable

    def complete(self) -> None:
        """Make the last pattern sufficient, whatever it costs, and keep it if it is the best."""
        before = self._network.work.spent
        self._keep(self._pattern)
        self._completing += self._network.work.spent - before

    def begin(self) -> None:
        """Take a constructed pattern, where none was found so far and one can be constructed."""
        if self.best is None and self._construct is not None:
            built = self._construct(self._network, self._closed)
            if built is not None:
                self._keep(*built)

    def _closed(self, pattern: Mask, demands: list[Demand]) -> Mask:
        return closed_nearby(self._network, pattern, demands, self._relations, self._cuts)

    @property
    def may_renew(self) -> bool:
        """Tell whether neighbourhoods of the best pattern are left to try, and work for that."""
        size, spent = self._network.size, self._network.work.spent
        share = RENEWING_SMALL if size <= SMALL else RENEWING
        if self.best is None or size > LARGE or self._renewing > share * spent:
            return False
        return not self._renewal.ended

    def renew(self) -> None:
        """Try one neighbourhood of the best pattern; keep what is cheaper, in whole numbers."""
        best = self.best
        if best is None:
            return
        before = self._network.work.spent
        found = self._renewal.attempted(best.withheld, best.witnesses)
        if found is not None:
            cost = _cost(self._network, found.withheld)
            self.best = Found(found.withheld, found.witnesses, 0, cost, 0.0)
        self._renewing += self._network.work.spent - before

    def finish(self) -> None:
        """Have some sufficient pattern, if none was found so far."""
        self.begin()
        if self.best is None:
            self.complete()

    @cached_property
    def _given_away(self) -> GivenAway:
        freedom = Freedom(self._network, self._network.hidden)
        return GivenAway(self._network, self._relations, freedom)

    @cached_property
    def _renewal(self) -> Renewal:
        return Renewal(self._network, self._cuts, self._given_away, self._close)

    @cached_property
    def _repair(self) -> Repair:
        return Repair(self._network)

    def _attacked(self, pattern: Mask) -> int:
        """Turn gaps of a pattern into cuts and cover them; return how many were found."""
        cuts = self._given_away.cuts(pattern, GAPS, np.random.default_rng(self.rounds))
        n_gaps, pattern = len(cuts), self._with(cuts, pattern)
        self._counted = n_gaps < HANDFUL
        if self._counted:
            found = list(islice(self._missed(pattern), GAPS))
            narrowed = (self._relations.narrowed(miss, pattern) for miss in found)
            cuts = [each for each in narrowed if each is not None]
            n_gaps, pattern = n_gaps + len(found), self._with(cuts, pattern)
        self._pattern = pattern
        return n_gaps

    def _with(self, cuts: list[Cut], pattern: Mask) -> Mask:
        """Learn cuts; return the pattern with cells added that satisfy them."""
        self._cuts.add(cuts)
        return covered(self._network, pattern, cuts)

    def _missed(self, pattern: Mask) -> Iterator[Shortfall]:
        self._met = known = self._earlier(pattern)
        asked = [demand for demand in self._network.demands() if demand not in known.moves]
        return shortfalls(self._network, pattern, asked, known, whole=False)

    def _earlier(self, pattern: Mask) -> Witnesses:
        """Return the witnesses found for other patterns that hold in this one as well."""
        found = self._met.within(pattern, whole=False)
        if self.best is not None:
            found.moves.update(self.best.witnesses.within(pattern, whole=False).moves)
        return found

    def _unpeeled(self, pattern: Mask) -> Mask:
        """Extend a pattern until substitution no longer gives a demand away."""
        broken = self._peeling.broken(pattern)
        while broken:
            pattern = self._with(broken, pattern)
            broken = self._peeling.broken(pattern)
        return pattern

    def _keep(self, pattern: Mask, witnesses: Witnesses | None = None) -> None:
        """Complete and trim a pattern; keep it if it is the cheapest so far, in whole numbers."""
        network, best = self._network, self.best
        witnesses = self._earlier(pattern) if witnesses is None else witnesses
        withheld = self._repaired(pattern, witnesses, whole=False)
        if network.size <= SMALL:
            withheld = reduced(network, withheld, witnesses, self._cuts)
        if best is not None and _cost(network, withheld) >= best.cost:
            return
        proof = witnesses.within(withheld, whole=True)
        if best is not None:
            proof.moves.update(best.witnesses.within(withheld, whole=True).moves)
        withheld = self._repaired(withheld, proof, whole=True)
        found = Found(withheld, proof, 0, _cost(network, withheld), 0.0)
        if best is None or found.cost < best.cost:
            self.best = found

    def _repaired(self, pattern: Mask, witnesses: Witnesses, *, whole: bool) -> Mask:
        network = self._network
        if all(demand in witnesses.moves for demand in network.demands()):
            return pattern
        return repaired(network, pattern, witnesses, self._repair, whole=whole)


def _cost(network: Network, withheld: Mask) -> float:
    return float(network.cost[withheld & ~network.hidden].sum())
