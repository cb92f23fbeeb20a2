"""Reads the look-ups that a contract names and writes them into it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from opengazette.adapters.config_files import Reading, read_yaml
from opengazette.model.areas import AreaTable, RestrictedZips
from opengazette.model.contract import Contract
from opengazette.model.generalisation import Categories, ZipPrefix
from opengazette.standards.lookups import Lookups, lookup_problems, with_lookups

AREAS = "config/standards/areas"
ZIPS = "config/standards/zip3"

M = TypeVar("M", bound=BaseModel)


def completed(root: Path, reading: Reading[Contract]) -> Reading[Contract]:
    """Return a sound contract with its look-ups written into it, or what is wrong with them.

    Only the files that the contract names are read, so a broken one stops no other dataset.
    """
    contract = reading.value
    if contract is None:
        return reading
    lookups = _named(root, contract)
    problems = tuple(
        reading.problem(("publication", "dimensions", index, "generalise", field), reason, fix)
        for index, field, reason, fix in lookup_problems(contract, lookups)
    )
    if problems:
        return reading.with_problems(problems)
    return replace(reading, value=with_lookups(contract, lookups))


def _named(root: Path, contract: Contract) -> Lookups:
    rules = [d.generalise for d in contract.publication.dimensions]
    areas = {r.areas for r in rules if isinstance(r, Categories) and r.areas is not None}
    zips = {r.lookup for r in rules if isinstance(r, ZipPrefix)}
    return Lookups(_read(root, AREAS, areas, AreaTable), _read(root, ZIPS, zips, RestrictedZips))


def _read(root: Path, folder: str, names: set[str], model: type[M]) -> dict[str, M]:
    files = {name: root / folder / f"{name}.yaml" for name in sorted(names)}
    found = {
        name: read_yaml(file, model, shown=f"{folder}/{name}.yaml").value
        for name, file in files.items()
        if file.is_file()
    }
    return {name: value for name, value in found.items() if value is not None}
