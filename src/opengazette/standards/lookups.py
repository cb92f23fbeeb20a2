"""Contracts completed by the look-ups of areas and ZIP codes that their dimensions name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opengazette.model.areas import AreaTable, RestrictedZips
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Categories, Generalisation, ZipPrefix


@dataclass(frozen=True)
class Lookups:
    """Every look-up by name."""

    areas: Mapping[str, AreaTable]
    zips: Mapping[str, RestrictedZips]


def lookup_problems(contract: Contract, lookups: Lookups) -> Iterator[tuple[int, str, str, str]]:
    """Say which dimensions name a look-up in vain: place, field, reason and fix."""
    for index, dimension in enumerate(contract.publication.dimensions):
        match dimension.generalise:
            case Categories(areas=str(name)) as rule:
                if name not in lookups.areas:
                    where = "config/standards/areas"
                    yield index, "areas", f"{name!r} is not in {where}", _listed(lookups.areas)
                elif rule.groups and rule.groups != lookups.areas[name].groups():
                    reason = "groups are given beside the table that gives them"
                    yield index, "groups", reason, "leave groups out, or areas"
            case ZipPrefix(lookup=name):
                if name not in lookups.zips:
                    where = "config/standards/zip3"
                    yield index, "lookup", f"{name!r} is not in {where}", _listed(lookups.zips)
                elif dimension.generalise.restricted is not None:
                    yield index, "restricted", "is read from the list", "leave it out"


def with_lookups(contract: Contract, lookups: Lookups) -> Contract:
    """Write the look-ups that a contract names into it, so that it says all by itself.

    Shape: the same contract; its groups and lists are those of the day on which it is read. A
    contract that names no look-up is returned as it is. Names are taken to be known.
    """
    dimensions = tuple(
        d.model_copy(update={"generalise": _resolved(d.generalise, lookups)})
        for d in contract.publication.dimensions
    )
    if dimensions == contract.publication.dimensions:
        return contract
    publication = contract.publication.model_copy(update={"dimensions": dimensions})
    return contract.model_copy(update={"publication": publication})


def _resolved(rule: Generalisation, lookups: Lookups) -> Generalisation:
    match rule:
        case Categories(areas=str(name)):
            return rule.model_copy(update={"groups": lookups.areas[name].groups()})
        case ZipPrefix(lookup=name):
            return rule.model_copy(update={"restricted": lookups.zips[name].restricted})
        case _:
            return rule


def _listed(known: Mapping[str, object]) -> str:
    return f"there are: {', '.join(sorted(known)) or 'none yet'}"
