"""Complementary suppression: which further cells to withhold, as few as possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opengazette.disclosure.complementary_network import Columns, Network, Unprotectable, networks
from opengazette.disclosure.complementary_search import Found, search
from opengazette.disclosure.linear_system import CellTable, LinearSystem, floors
from opengazette.disclosure.primary import Protection, SmallCountRule, primary_cells
from opengazette.errors import CannotProtect, Fault

__all__ = ["Pattern", "Protection", "count_weights", "level_weights", "protect"]

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """Which cells to withhold, per measure in the order of the table's keys.

    `withheld` includes `primary`. `rounds` counts the solver's rounds. `lower_bound` is the
    least cost any pattern can have, `cost` the cost of this one (complementary cells, plus the
    tie-breaks): their difference is how far from the best it can be at most.
    """

    withheld: Mapping[str, Mask]
    primary: Mapping[str, Mask]
    n_primary: int
    n_complementary: int
    rounds: int
    cost: float = 0.0
    lower_bound: float = 0.0


def protect(
    table: CellTable,
    rule: SmallCountRule,
    protection: Protection,
    *,
    weights: Mapping[str, Floats] | None = None,
    must_publish: Mapping[str, Mask] | None = None,
    gap: float = 0.01,
    effort: float = 1.0,
) -> Pattern:
    """Choose the cells to withhold so that no primary cell can be told within [low, high].

    Shape: one flag per cell and measure; cells not withheld keep their value.
    The attacker is taken to know every published cell and total, that counts are whole, that
    true zeros are shown and parts do not exceed wholes; not which withheld cells are primary,
    and no rate of a withheld cell. Withheld cells and their rates must be left blank under one
    annotation. `weights` prices each cell (default: `count_weights`); cells of `must_publish`
    stay. The search of each connected part ends within the relative `gap` of the least possible
    cost, or when its rounds (more with more `effort`) are used up. The same input gives the
    same pattern.

    Raises:
        CannotProtect: the table does not add up, or no pattern is enough.

    Source: Fischetti and Salazar-González, Management Science 47 (2001).
    """
    primary = {m: primary_cells(table.counts[m], rule) & rule.applies_to(m) for m in table.measures}
    _refuse_kept_primaries(primary, must_publish)
    system = LinearSystem.of(table)
    columns = _columns(table, system, rule, protection, primary, must_publish, weights)
    withheld, found = columns.hidden.copy(), list[Found]()
    for network in networks(system.matrix, columns):
        found.append(_searched(table, system, network, gap, effort))
        for column in np.flatnonzero(found[-1].withheld):
            withheld[network.members[column]] = True
        _verify(system, columns, withheld, network, found[-1])
    cells = withheld[: system.n_published].reshape(-1, system.n_cells)
    n_primary = sum(int(mask.sum()) for mask in primary.values())
    return Pattern(
        withheld=dict(zip(table.measures, cells, strict=True)),
        primary=primary,
        n_primary=n_primary,
        n_complementary=int(cells.sum()) - n_primary,
        rounds=sum(part.rounds for part in found),
        cost=sum(part.cost for part in found),
        lower_bound=sum(part.bound for part in found),
    )


def count_weights(table: CellTable) -> dict[str, Floats]:
    """Price cells so that as few as possible go; among equals the finer and smaller go first."""
    return level_weights(table, step=0.01)


def level_weights(table: CellTable, *, step: float) -> dict[str, Floats]:
    """Price a cell at 1, plus `step` for each level of total it stands on, plus a hair for size.

    A larger `step` keeps totals at the price of more withheld cells below them.
    """
    levels = table.levels()
    return {m: 1.0 + step * levels + 0.002 * np.log1p(counts) for m, counts in table.counts.items()}


def _columns(
    table: CellTable,
    system: LinearSystem,
    rule: SmallCountRule,
    protection: Protection,
    primary: Mapping[str, Mask],
    must_publish: Mapping[str, Mask] | None,
    weights: Mapping[str, Floats] | None,
) -> Columns:
    values = system.values(table)
    kept = _flat(table, must_publish)
    n, extra = system.n_published, len(values) - system.n_published
    is_primary = np.concatenate([primary[m] for m in table.measures])
    ruled = np.repeat([rule.applies_to(m) for m in table.measures], system.n_cells)
    cells, revealed = values[:n], floors(table, least=rule.least)
    low = np.maximum(protection.low, np.concatenate([revealed[m] for m in table.measures]))
    priced = count_weights(table) | dict(weights or {})

    def padded(array: np.ndarray, rest: float) -> np.ndarray:
        return np.concatenate([array, np.full(extra, rest, dtype=array.dtype)])

    return Columns(
        cell=padded(np.ones(n, dtype=np.bool_), 0),
        fall=np.concatenate([np.maximum(cells - rule.least, 0), values[n:]]).astype(np.float64),
        hidden=padded(is_primary, 1),
        free=padded(ruled & ~kept & ~is_primary & (cells >= rule.threshold), 0),
        cost=padded(np.concatenate([priced[m] for m in table.measures]), 0.0),
        up=padded(np.where(is_primary, np.maximum(protection.high - cells, 0), 0).astype(float), 0),
        down=padded(np.where(is_primary, np.maximum(cells - low, 0), 0).astype(float), 0),
    )


def _flat(table: CellTable, masks: Mapping[str, Mask] | None) -> Mask:
    empty = np.zeros(len(table.keys), dtype=np.bool_)
    return np.concatenate([(masks or {}).get(m, empty) for m in table.measures])


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


def _searched(
    table: CellTable, system: LinearSystem, network: Network, gap: float, effort: float
) -> Found:
    try:
        return search(network, gap=gap, effort=effort)
    except Unprotectable as failure:
        measure = table.measures[int(network.members[failure.column][0]) // system.n_cells]
    small = sum(len(network.members[column]) for column in {c for c, _ in network.demands()})
    raise CannotProtect(
        f"No pattern protects the small counts of {measure!r}: one connected part of the table "
        f"has {small} small counts and too few other cells that may be withheld.",
        "Merge categories, drop a total, or allow more cells to be withheld.",
    )


def _verify(
    system: LinearSystem, columns: Columns, withheld: Mask, network: Network, found: Found
) -> None:
    """Check every witness in whole numbers against the unmerged system."""
    for column, direction in network.demands():
        at, moved = found.witnesses.moves[column, direction]
        move = np.zeros(len(withheld), dtype=np.int64)
        for i, by in zip(at, moved, strict=True):
            move[network.members[i]] = int(by)
        asked = network.demand(column, direction)
        reached = bool((direction * move[network.members[column]] >= asked).all())
        lawful = not (system.matrix @ move).any() and not (move[~withheld]).any()
        if not (reached and lawful and (move >= -columns.fall).all()):
            raise Fault("A pattern of withheld cells failed its own verification.")
