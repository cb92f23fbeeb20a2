"""Complementary suppression: which further cells to withhold, as few as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from opengazette.disclosure.complementary.demanded import (
    Weights,
    columns_of,
    count_weights,
    level_weights,
)
from opengazette.disclosure.complementary.found import Found, Progress
from opengazette.disclosure.complementary.network import Columns, Network, Unprotectable, networks
from opengazette.disclosure.complementary.search import EQUAL, search
from opengazette.disclosure.complementary.start import Start
from opengazette.disclosure.complementary.verification import spread_moves, verify_network
from opengazette.disclosure.primary.counts import (
    Demand,
    Protection,
    SmallCountRule,
    Width,
    primary_cells,
)
from opengazette.disclosure.tables.linear_system import CellTable, LinearSystem
from opengazette.errors import CannotProtect

__all__ = [
    "Pattern",
    "Progress",
    "Protection",
    "Weights",
    "Width",
    "count_weights",
    "level_weights",
    "protect",
]

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """Which cells to withhold, per measure in the order of the table's keys.

    `withheld` includes `primary`. `rounds` counts the solver's rounds. `lower_bound` is the
    least cost any pattern can have, `cost` the cost of this one (complementary cells, plus the
    tie-breaks): their difference is how far from the best it can be at most. `least_cells` is
    the least number of complementary cells, where every cell costs at least 1. `moves` proves it:
    in each row, how far each cell, measure by measure, may move to meet some of the demands.
    """

    withheld: Mapping[str, Mask]
    primary: Mapping[str, Mask]
    n_primary: int
    n_complementary: int
    rounds: int
    cost: float = 0.0
    lower_bound: float = 0.0
    least_cells: int = 0
    moves: sparse.csr_array | None = None


def protect(
    table: CellTable,
    rule: SmallCountRule,
    protection: Demand,
    *,
    primary: Mapping[str, Mask] | None = None,
    weights: Weights | None = None,
    must_publish: Mapping[str, Mask] | None = None,
    gap: float = 0.01,
    close: float = EQUAL,
    effort: float = 1.0,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Pattern:
    """Choose the cells to withhold so that every primary cell is as uncertain as demanded.

    Shape: one flag per cell and measure; cells not withheld keep their value.
    The attacker is taken to know every published cell and total, that counts are whole, that
    true zeros are shown and parts do not exceed wholes; not which withheld cells are primary,
    and no rate of a withheld cell. Withheld cells and their rates must be left blank under one
    annotation. `primary` marks the primary cells, if not the rule alone is to decide.
    `weights` prices each cell (default: `count_weights`); cells of `must_publish` stay. The
    search of each connected part ends within the relative `gap` of the least possible cost, or
    `close` to it, or when its rounds (more with more `effort`) are used up, or soon after
    `stop` says so. The same input gives the same pattern, unless it is stopped.

    Raises:
        CannotProtect: the table does not add up, or no pattern is enough.

    Source: Fischetti and Salazar-González, Management Science 47 (2001).
    """
    if primary is None:
        primary = {
            m: primary_cells(table.counts[m], rule) & rule.applies_to(m) for m in table.measures
        }
    _refuse_kept_primaries(primary, must_publish)
    system = LinearSystem.of(table)
    columns = columns_of(table, system, rule, protection, primary, must_publish, weights)
    withheld, found = columns.hidden.copy(), list[Found]()
    parts = list(networks(system.matrix, columns))
    forced = sum(_forced(network, columns) for network in parts)
    start, done = Start(table, columns, stop), (0, forced, 0.0, 0.0)
    ended = _Ends(gap, close, effort, stop, progress, start, len(parts), done)
    for network in parts:
        found.append(_searched(table, system, network, ended))
        for column in np.flatnonzero(found[-1].withheld):
            withheld[network.members[column]] = True
        verify_network(system, columns, withheld, network, found[-1].witnesses.moves)
    cells = withheld[: system.n_published].reshape(-1, system.n_cells)
    n_primary = sum(int(mask.sum()) for mask in primary.values())
    return Pattern(
        withheld=dict(zip(table.measures, cells, strict=True)),
        primary=primary,
        n_primary=n_primary,
        n_complementary=int(cells.sum()) - n_primary,
        rounds=sum(part.rounds for part in found),
        moves=sparse.csr_array(_moves_of(parts, found, len(withheld))[:, : system.n_published]),
        cost=sum(part.cost for part in found),
        lower_bound=sum(part.bound for part in found),
        least_cells=forced
        + sum(_least_cells(network, part) for network, part in zip(parts, found, strict=True)),
    )


def _least_cells(network: Network, found: Found) -> int:
    """Return how few complementary cells a part needs: no pattern costs less than the bound."""
    ties = np.array([network.cost[i] - len(m) for i, m in enumerate(network.members)])
    spare = float(np.maximum(ties[network.free], 0.0).sum())
    dearest = float((1.0 + ties / [len(m) for m in network.members])[network.free].max(initial=1.0))
    return max(0, int(np.ceil(max(found.bound - spare, found.bound / dearest) - EQUAL)))


def _refuse_kept_primaries(
    primary: Mapping[str, Mask], must_publish: Mapping[str, Mask] | None
) -> None:
    for measure, kept in (must_publish or {}).items():
        clash = int((primary[measure] & kept).sum())
        if clash:
            raise CannotProtect(
                f"{clash} cells of {measure!r} must be published but are too small to be shown.",
                "Merge categories, or take these cells off the list.",
            )


@dataclass
class _Ends:
    """When the search of each part ends, and who hears of it."""

    gap: float
    close: float
    effort: float
    stop: Callable[[], bool] | None
    progress: Callable[[Progress], None] | None
    start: Start
    parts: int
    done: tuple[int, int, float, float]

    def search(self, network: Network) -> Found:
        """Search the next part."""
        if self.stop is not None:
            network.work.stop = self.stop
        found = search(
            network,
            gap=self.gap,
            close=self.close,
            effort=self.effort,
            tell=self._tell(network),
            construct=self.start,
        )
        part, cells, cost, bound = self.done
        cells += _complementary(network, found)
        self.done = (part + 1, cells, cost + found.cost, bound + found.bound)
        return found

    def _tell(self, network: Network) -> Callable[[Found], None] | None:
        hears, (part, cells, cost, bound) = self.progress, self.done
        if hears is None:
            return None
        return lambda found: hears(
            Progress(
                part=part + 1,
                parts=self.parts,
                round=found.rounds,
                cells=cells + _complementary(network, found),
                cost=cost + found.cost,
                bound=bound + found.bound,
            )
        )


def _moves_of(parts: Sequence[Network], found: Sequence[Found], width: int) -> sparse.csr_array:
    each = [
        spread_moves(network, part.witnesses.moves, width)
        for network, part in zip(parts, found, strict=True)
    ]
    return sparse.csr_array(sparse.vstack([sparse.csr_array((0, width)), *each]))


def _forced(network: Network, columns: Columns) -> int:
    """Count the cells that go because they equal a primary one."""
    equal = [network.members[i] for i in np.flatnonzero(network.hidden)]
    return sum(int(columns.free[members].sum()) for members in equal)


def _complementary(network: Network, found: Found) -> int:
    chosen = np.flatnonzero(found.withheld & ~network.hidden)
    return sum(len(network.members[i]) for i in chosen)


def _searched(table: CellTable, system: LinearSystem, network: Network, ended: _Ends) -> Found:
    try:
        return ended.search(network)
    except Unprotectable as failure:
        measure = table.measures[int(network.members[failure.column][0]) // system.n_cells]
    small = sum(len(network.members[column]) for column in {c for c, _ in network.demands()})
    raise CannotProtect(
        f"No pattern protects the small counts of {measure!r}: one connected part of the table "
        f"has {small} small counts and too few other cells that may be withheld.",
        "Merge categories, drop a total, or allow more cells to be withheld.",
    )
