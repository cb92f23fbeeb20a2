"""Checks a whole configuration without touching a department: no database, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from opengazette.adapters.check_suites import Sampler, suite_problems
from opengazette.adapters.config_files import Reading, read_yaml
from opengazette.adapters.config_problems import Problem
from opengazette.adapters.contract_references import Known
from opengazette.adapters.contracts import (
    COLUMN_CHANGES,
    DATABASES,
    ELEMENTS,
    dataset_ids,
    names,
    read_contract,
    read_named,
    read_rule_pack,
    rule_pack_names,
)
from opengazette.adapters.link_problems import unlinked
from opengazette.adapters.percent_problems import counts_elsewhere
from opengazette.adapters.schemas import stale_schemas
from opengazette.model.approval import Approval
from opengazette.model.areas import AreaTable, RestrictedZips
from opengazette.model.column_change import ColumnChange
from opengazette.model.contract import Contract
from opengazette.model.databases import Databases
from opengazette.model.known_refusal import KnownRefusal
from opengazette.model.overlay import Overlay
from opengazette.model.reference import DataElements, Department, PopulationTable
from opengazette.model.rulepack import RulePack

__all__ = ["Problem", "Sampler", "check"]

#: Every folder of small files, their model, and the field that repeats the file's name.
FOLDERS: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("config/departments", Department, "id"),
    ("config/rulepacks", RulePack, "name"),
    ("config/standards/populations", PopulationTable, "id"),
    ("config/standards/areas", AreaTable, "id"),
    ("config/standards/zip3", RestrictedZips, "id"),
    ("config/overlays", Overlay, "name"),
    ("config/approvals", Approval, "dataset"),
    (COLUMN_CHANGES, ColumnChange, "dataset"),
    ("config/refusals", KnownRefusal, "dataset"),
)

Generated = Callable[[Path], Iterable[Problem]]


def check(root: Path, sampler: Sampler, generated: Generated | None = None) -> tuple[Problem, ...]:
    """Return every problem of an agency's configuration, in the order of its files.

    A broken file keeps no other from being checked. `sampler` makes rows that keep to a
    contract, on which the suites are tried; `generated` reports generated files that are stale.
    """
    found = [*_stray(root), *_folders(root)]
    found += _without_dataset(root, "config/approvals")
    found += _without_dataset(root, COLUMN_CHANGES)
    found += _without_dataset(root, "config/refusals")
    found += _without_dataset(root, "expectations")
    known, shared = _known(root)
    found += shared
    found += _datasets(root, known, sampler)
    found += stale_schemas(root)
    if generated is not None:
        found += generated(root)
    return tuple(sorted(dict.fromkeys(found), key=lambda p: (p.file, p.line or 0)))


def _datasets(root: Path, known: Known | None, sampler: Sampler) -> Iterator[Problem]:
    if known is None:
        for dataset in dataset_ids(root):
            yield from read_named(root, "config/datasets", dataset, Contract, "id").problems
        return
    readings = {dataset: read_contract(root, dataset, known) for dataset in dataset_ids(root)}
    for reading in readings.values():
        yield from reading.problems
        if reading.value is not None:
            yield from suite_problems(root / "expectations", reading, known.elements, sampler)
    yield from counts_elsewhere(readings)
    yield from unlinked(readings)


def _folders(root: Path) -> Iterator[Problem]:
    for folder, model, field in FOLDERS:
        for name in names(root, folder):
            yield from read_named(root, folder, name, model, field).problems
    for name in names(root, "config/overlays"):
        yield from read_rule_pack(root, name).problems


def _known(root: Path) -> tuple[Known | None, tuple[Problem, ...]]:
    """Return what contracts may refer to, or None where a shared file is broken."""
    databases: Reading[Databases] = read_yaml(
        root / DATABASES, Databases, shown=DATABASES, quote=False
    )
    elements: Reading[DataElements] = read_yaml(root / ELEMENTS, DataElements, shown=ELEMENTS)
    if databases.value is None or elements.value is None:
        return None, (*databases.problems, *elements.problems)
    known = Known(
        databases=frozenset(databases.value.databases),
        departments=frozenset(names(root, "config/departments")),
        rule_packs=frozenset(rule_pack_names(root)),
        populations=frozenset(names(root, "config/standards/populations")),
        elements=elements.value,
    )
    return known, ()


def _without_dataset(root: Path, folder: str) -> Iterator[Problem]:
    datasets = dataset_ids(root)
    for name in names(root, folder):
        if name not in datasets:
            reason = f"there is no dataset {name!r} in config/datasets"
            fix = f"rename the file, or delete it; there are: {', '.join(datasets) or 'none'}"
            yield Problem(f"{folder}/{name}.yaml", None, "", reason, fix)


def _stray(root: Path) -> Iterator[Problem]:
    """Find files that look like configuration and that nothing reads."""
    for folder in ("config/datasets", "expectations", *(folder for folder, _, _ in FOLDERS)):
        for file in sorted((root / folder).glob("*")):
            hidden = file.name.startswith((".", "__"))
            if file.is_file() and file.suffix != ".yaml" and not hidden:
                shown = f"{folder}/{file.name}"
                yield Problem(shown, None, "", "is not read", "end its name in .yaml, or move it")
