"""The least generalisation of a table under which nothing need be withheld, searched for."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from opengazette.disclosure.assessment.assessment import assess
from opengazette.disclosure.assessment.denominators import finest_labels
from opengazette.disclosure.generalisation.coarser import AREAS, Form, forms
from opengazette.disclosure.primary.protected_cells import small_counts_withheld
from opengazette.model.contract import Contract
from opengazette.model.publication import Dimension, Population
from opengazette.model.reference import PopulationTable
from opengazette.model.rulepack import RulePack

MOST_TRIED = 1_500
"""Combinations that are looked at before the search gives up."""

Populations = Mapping[str, PopulationTable]


@dataclass(frozen=True)
class Coarsened:
    """A table published more coarsely: its contract, base cells and population tables."""

    contract: Contract
    base: pd.DataFrame
    populations: Populations


@dataclass(frozen=True)
class Proposal:
    """A generalisation that needs no suppression: private, as the order of labels may tell sizes.

    `forms` name the dimensions that change. `score` is the new score, None where the assessment
    needs none. `loss` adds up the losses of the dimensions. `cells` are the base cells left.
    """

    forms: tuple[Form, ...]
    score: int | None
    loss: float
    cells: int
    contract: Contract


@dataclass(frozen=True)
class Search:
    """What a search found: None where nothing passes, or nothing among what was tried."""

    proposal: Proposal | None
    tried: int
    complete: bool


def least_generalisation(
    contract: Contract,
    base: pd.DataFrame,
    populations: Populations,
    pack: RulePack,
    most_tried: int = MOST_TRIED,
) -> Search:
    """Find the generalisation with the least loss under which no count is withheld.

    Shape: `base` are the base cells that the contract's own generalisation gives, without totals.
    Combinations are tried in the order of their loss, so the first that passes is the least; of
    equal loss the one that changes fewer dimensions. A table passes where the assessment demands no
    masking, or where no count is small.

    What is not done: amounts, earlier releases and linked tables are not looked at; `opengazette
    rehearse` with the changed contract is the proof.

    Raises:
        DisclosureRisk: the contract contradicts itself, or the table cannot be scored.
        ContractInvalid: a population table is missing, or lacks labels of the table.
    """
    ladders = [_ladder(contract, base, populations, d) for d in contract.publication.dimensions]
    tried = 0
    for chosen in _by_loss(ladders):
        if all(form.labels is None for form in chosen):
            continue
        if tried >= most_tried:
            return Search(None, tried, complete=False)
        tried += 1
        coarse = coarsened(contract, base, populations, chosen)
        result = assess(coarse.contract, coarse.base, coarse.populations, pack)
        masked = small_counts_withheld(coarse.contract.publication, result)
        if not masked or not _has_small(coarse, pack):
            changed = tuple(form for form in chosen if form.loss)
            score = result.score.total if result.score else None
            loss = round(sum(form.loss for form in chosen), 4)
            found = Proposal(changed, score, loss, len(coarse.base), coarse.contract)
            return Search(found, tried, complete=True)
    return Search(None, tried, complete=True)


def coarsened(
    contract: Contract, base: pd.DataFrame, populations: Populations, chosen: tuple[Form, ...]
) -> Coarsened:
    """Publish base cells in the chosen forms: one for each dimension, in their order.

    Merged areas have the people of their parts together, in every population table that lists them.
    """
    dimensions: list[Dimension] = []
    tables = dict(populations)
    for dimension, form in zip(contract.publication.dimensions, chosen, strict=True):
        if not form.loss:
            dimensions.append(dimension)
            continue
        base = _joined(contract, base, dimension, form)
        if form.labels is not None and form.rule is not None:
            dimensions.append(_changed(dimension, form))
            for name in _references(contract, dimension):
                if name in tables:
                    tables[name] = _with_merged(tables[name], form.labels)
    update: dict[str, object] = {"dimensions": tuple(dimensions)}
    if any(form.loss for form in chosen):
        # Wishes name labels that may be gone, and where nothing is withheld they decide nothing.
        wishes: dict[str, object] = {"least_interesting": {}, "forced": ()}
        update["suppression"] = contract.publication.suppression.model_copy(update=wishes)
    publication = contract.publication.model_copy(update=update)
    return Coarsened(contract.model_copy(update={"publication": publication}), base, tables)


def _changed(dimension: Dimension, form: Form) -> Dimension:
    left = set((form.labels or {}).values())
    groups = {} if left & set(dimension.groups) else _groups_left(dimension, left)
    total = None if dimension.total in left else dimension.total
    missing = dimension.missing if dimension.missing in left else None
    update = {"generalise": form.rule, "groups": groups, "total": total, "missing": missing}
    return dimension.model_copy(update=update)


def _groups_left(dimension: Dimension, left: set[str]) -> dict[str, tuple[str, ...]]:
    whole = all(set(parts) <= left for parts in dimension.groups.values())
    return dict(dimension.groups) if whole else {}


def _ladder(
    contract: Contract, base: pd.DataFrame, populations: Populations, dimension: Dimension
) -> tuple[Form, ...]:
    labels = finest_labels(dimension, base)
    events = base.groupby(base[dimension.name].astype(str))[
        [m.name for m in contract.publication.counts()]
    ].sum()
    weights = {str(label): int(n) for label, n in events.sum(axis=1).items()}
    named = [n for n in _references(contract, dimension) if n in populations]
    people = populations[named[0]].people if named else None
    return forms(dimension, labels, weights, people, needed=_is_needed(contract, dimension))


def _is_needed(contract: Contract, dimension: Dimension) -> bool:
    """Tell whether the assessment reads a dimension for more than its own points."""
    denominator = contract.disclosure.denominator
    return (
        dimension.characteristic.kind in (*AREAS, "time")
        or dimension.name == contract.disclosure.reporting_period.dimension
        or (denominator is not None and denominator.dimension == dimension.name)
    )


def _references(contract: Contract, dimension: Dimension) -> tuple[str, ...]:
    denominator = contract.disclosure.denominator
    named = [dimension.characteristic.reference]
    if denominator is not None and denominator.dimension == dimension.name:
        named.append(denominator.reference)
    return tuple(dict.fromkeys(name for name in named if name is not None))


def _with_merged(table: PopulationTable, labels: Mapping[str, str]) -> PopulationTable:
    people = dict(table.people)
    for new in set(labels.values()) - set(people):
        people[new] = sum(table.people.get(old, 0) for old, n in labels.items() if n == new)
    return table.model_copy(update={"people": people})


def _joined(
    contract: Contract, base: pd.DataFrame, dimension: Dimension, form: Form
) -> pd.DataFrame:
    keys = [name for name in contract.publication.key() if name in base.columns]
    if form.labels is None:
        keys.remove(dimension.name)
    else:
        base = base.assign(**{dimension.name: base[dimension.name].astype(str).map(form.labels)})
    area = dimension.characteristic.kind in AREAS
    people = {m.name for m in contract.publication.measures if isinstance(m, Population)}
    ways = {
        name: "max" if name in people and not area else "sum"
        for name in base.columns
        if name not in contract.publication.key()
    }
    return base.groupby(keys, as_index=False, sort=False).agg(ways)


def _has_small(coarse: Coarsened, pack: RulePack) -> bool:
    counts = coarse.base[[m.name for m in coarse.contract.publication.counts()]]
    return bool((counts.gt(0) & counts.lt(pack.thresholds.numerator)).any(axis=None))


def _by_loss(ladders: list[tuple[Form, ...]]) -> Iterator[tuple[Form, ...]]:
    """Give every combination of forms once, the least loss first."""

    def entry(at: tuple[int, ...]) -> tuple[float, int, tuple[int, ...]]:
        chosen = [ladder[i] for ladder, i in zip(ladders, at, strict=True)]
        return round(sum(f.loss for f in chosen), 6), sum(1 for f in chosen if f.loss), at

    start = tuple(0 for _ in ladders)
    waiting, seen = [entry(start)], {start}
    while waiting:
        *_, at = heapq.heappop(waiting)
        yield tuple(ladder[i] for ladder, i in zip(ladders, at, strict=True))
        for axis, ladder in enumerate(ladders):
            after = (*at[:axis], at[axis] + 1, *at[axis + 1 :])
            if after[axis] < len(ladder) and after not in seen:
                seen.add(after)
                heapq.heappush(waiting, entry(after))
