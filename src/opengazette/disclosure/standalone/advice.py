"""Why a table that stands alone cannot be protected, and what would make it possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from opengazette.disclosure.primary.counts import Demand
from opengazette.disclosure.standalone.attack import Attacked, attack_cells, known_to_attacker
from opengazette.disclosure.standalone.decisions import Options, forced_cells, named_cells
from opengazette.disclosure.standalone.given_cells import (
    MEASURE,
    GivenCells,
    Key,
    PublishedCells,
    cell_table,
    flagged,
    rule_of,
)
from opengazette.disclosure.standalone.joint_cells import joint_cells
from opengazette.disclosure.standalone.redrawn import merged, without_code, without_decision
from opengazette.errors import AuditFailed, CannotProtect, DisclosureRisk
from opengazette.model.cell_structure import CellStructure

#: How many changes of each kind are tried, those first that touch most of the cells.
TRIES = 8


@dataclass(frozen=True)
class Change:
    """A change to a table that might make it possible to protect it, in words."""

    words: str
    structure: CellStructure
    cells: GivenCells


def refuse_hopeless(
    structure: CellStructure, cells: GivenCells, protection: Demand, options: Options
) -> None:
    """Refuse a table with cells that no pattern protects, and name them.

    Where `options` ask for advice, it is told which changes make the table possible to protect:
    each was tried on a copy. A table that cannot be attacked at all is left to other refusals.

    Raises:
        CannotProtect: a primary cell stays too narrow even with all withheld that may be.
    """
    try:
        most = attacked_at_most(structure, cells, protection, options)
    except DisclosureRisk:
        return
    if most.n_beside_failing:
        raise CannotProtect(
            f"{most.n_beside_failing} protected cells of what is published beside the table are "
            "given away whatever is withheld here.",
            "Attack those tables with opengazette audit, and call the expert.",
        )
    hopeless = _failing(most)
    if not hopeless:
        return
    n = len(hopeless)
    problem = (
        f"No pattern protects {n} primary {'cell' if n == 1 else 'cells'}, even with every "
        f"cell withheld that may be: {named_cells(hopeless)}."
    )
    if not options.advise:
        raise CannotProtect(problem, "Add --advise to have changes tried that make it possible.")
    tried = changes(structure, cells, hopeless, options)
    helping = [change.words for change in tried if _helps(change, protection, options)]
    if not helping:
        raise CannotProtect(
            problem,
            "No single change that was tried helps: merge more categories, or show fewer totals.",
        )
    raise CannotProtect(problem, f"Each of these would help: {'; '.join(helping)}.")


def attacked_at_most(
    structure: CellStructure, cells: GivenCells, protection: Demand, options: Options
) -> Attacked:
    """Attack the table with all withheld that may be.

    A further withheld cell narrows nothing: where this pattern is not enough, none is.

    Raises:
        CannotProtect: the table does not add up, or a decision cannot be followed.
        AuditFailed: what is published contradicts itself.
    """
    rule, table = rule_of(structure), cell_table(structure, cells)
    kept = forced_cells(structure, cells, table, rule).must_publish[MEASURE]
    known = known_to_attacker(rule, may_be_zero=options.may_be_zero)
    joint = joint_cells(table, cells.is_primary(), options.beside, known)
    stays = joint.fixed(kept)[: joint.n_own] | (cells.values < rule.least)
    values = np.where(stays, cells.values.astype(np.float64), np.nan)
    return attack_cells(
        structure,
        PublishedCells(cells.keys, values, cells.is_primary()),
        protection,
        n_proofs=0,
        small_may_show=True,
        may_be_zero=options.may_be_zero,
        beside=options.beside,
        same=joint.same or None,
    )


def _failing(attacked: Attacked) -> tuple[Key, ...]:
    return tuple(f.key for f in attacked.findings if not (f.covered and f.proved))


def changes(
    structure: CellStructure, cells: GivenCells, hopeless: tuple[Key, ...], options: Options
) -> Iterator[Change]:
    """List changes that might help: decisions first, then categories, then totals.

    Categories are not merged beside other tables, where their cells stay public one by one.
    """
    yield from _decisions(structure, cells)
    for axis, dim in enumerate(structure.dims):
        crowded = [code for code, _ in Counter(key[axis] for key in hopeless).most_common()]
        pairs = [] if options.beside else list(_siblings(structure, cells, axis, crowded))
        for one, other in pairs[:TRIES]:
            words = f"merge {dim.name} {one} with {other}"
            yield Change(words, *merged(structure, cells, axis, one, other))
        for code in list(_above(structure, axis, crowded))[:TRIES]:
            whole = "total" if code == dim.total else "subtotal"
            words = f"leave out the {whole} {code} of {dim.name}"
            yield Change(words, *without_code(structure, cells, axis, code))


def _helps(change: Change, protection: Demand, options: Options) -> bool:
    """Try a change: tell whether every small count can be protected then."""
    try:
        cells = flagged(change.cells, rule_of(change.structure), trust_flags=options.trust_flags)
        table = cell_table(change.structure, cells)
        forced = forced_cells(change.structure, cells, table, rule_of(change.structure))
        cells = replace(cells, primary=forced.primary[MEASURE])
        most = attacked_at_most(change.structure, cells, protection, options)
        return not (_failing(most) or most.n_beside_failing)
    except (CannotProtect, AuditFailed):
        return False


def _decisions(structure: CellStructure, cells: GivenCells) -> Iterator[Change]:
    for i, each in enumerate(structure.forced):
        if each.be == "shown":
            place = ", ".join(f"{name} {code}" for name, code in each.where.items())
            yield Change(
                f"let the cells at {place} be withheld, which are to be shown",
                without_decision(structure, i),
                cells,
            )


def _siblings(
    structure: CellStructure, cells: GivenCells, axis: int, crowded: list[str]
) -> Iterator[tuple[str, str]]:
    """Pair each crowded code that has no parts with its siblings, the smallest first."""
    dim, size = structure.dims[axis], Counter[str]()
    for key, value in zip(cells.keys, cells.values.tolist(), strict=True):
        size[key[axis]] += value
    told = set[frozenset[str]]()
    for code in crowded:
        beside = next((codes for codes in dim.tree.values() if code in codes), ())
        others = [c for c in beside if c != code and c not in dim.tree]
        for other in sorted(others, key=lambda c: size[c]):
            if code not in dim.tree and frozenset((code, other)) not in told:
                told.add(frozenset((code, other)))
                yield code, other


def _above(structure: CellStructure, axis: int, crowded: list[str]) -> Iterator[str]:
    """List the totals above crowded codes, and those among them, nearest first."""
    tree = structure.dims[axis].tree
    parent = {child: code for code, children in tree.items() for child in children}
    told = dict.fromkeys(code for code in crowded if code in tree)
    for code in crowded:
        above = parent.get(code)
        while above is not None:
            told.setdefault(above)
            above = parent.get(above)
    yield from told
