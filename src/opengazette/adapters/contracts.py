"""Loads the configuration of an agency: one function for each kind of file.

Each function reads only what it is asked for, so a broken contract stops its own dataset and no
other. Every one raises ContractInvalid with all problems of what it read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from opengazette.adapters.config_files import Reading, load_yaml, read_yaml, refusal
from opengazette.adapters.config_problems import Problem
from opengazette.adapters.contract_lookups import completed
from opengazette.adapters.contract_references import (
    Known,
    contract_problems,
    expectation_problems,
    misnamed,
)
from opengazette.adapters.identifying_problems import identifying_problems
from opengazette.errors import ContractInvalid
from opengazette.governance.overlays import overlaid, overlay_problems
from opengazette.governance.rule_pack_fit import unfit
from opengazette.model.approval import Approval
from opengazette.model.column_change import ColumnChange
from opengazette.model.contract import Contract
from opengazette.model.databases import Databases
from opengazette.model.expectations import ExpectationFile
from opengazette.model.known_refusal import KnownRefusal
from opengazette.model.overlay import Overlay
from opengazette.model.reference import DataElements, Department, PopulationTable
from opengazette.model.rulepack import RulePack

M = TypeVar("M", bound=BaseModel)

DATABASES = "config/databases.yaml"
ELEMENTS = "config/standards/elements.yaml"
COLUMN_CHANGES = "config/column-changes"


def dataset_ids(root: Path) -> tuple[str, ...]:
    """Return the ids of all contracts, in order; whether they are sound is not looked at."""
    return names(root, "config/datasets")


def known_datasets(root: Path) -> tuple[str, ...]:
    """Return the ids of all contracts. Raises ContractInvalid where there is none."""
    known = dataset_ids(root)
    if not known:
        raise ContractInvalid(
            f"There is no contract in {root / 'config/datasets'}.",
            "Go to the folder that holds config/, or set OPENGAZETTE_ROOT.",
        )
    return known


def load_contracts(root: Path) -> dict[str, Contract]:
    """Return every contract by id. Raises ContractInvalid, with the problems of all of them."""
    known = load_known(root)
    readings = [read_contract(root, name, known) for name in dataset_ids(root)]
    problems = tuple(p for reading in readings for p in reading.problems)
    if problems:
        raise refusal(problems)
    return {r.value.id: r.value for r in readings if r.value is not None}


def load_contract(root: Path, dataset: str) -> Contract:
    """Return one contract, its references checked. Raises ContractInvalid."""
    refuse_unknown(root, (dataset,))
    return _sound(read_contract(root, dataset, load_known(root)))


def refuse_unknown(root: Path, datasets: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of all contracts. Raises ContractInvalid where one of `datasets` has none."""
    known = known_datasets(root)
    for dataset in datasets:
        if dataset not in known:
            raise ContractInvalid(
                f"There is no dataset {dataset!r} in config/datasets.",
                f"The datasets are: {', '.join(known)}.",
            )
    return known


def read_contract(root: Path, dataset: str, known: Known) -> Reading[Contract]:
    """Return a contract or its problems, references included."""
    reading = completed(root, _read(root, f"config/datasets/{dataset}.yaml", Contract))
    if reading.value is None:
        return reading
    found = (
        *misnamed(reading, "id", dataset),
        *contract_problems(reading, known),
        *identifying_problems(reading, known.elements),
    )
    return reading.with_problems((*found, *_against_rules(root, reading, reading.value)))


def _against_rules(root: Path, reading: Reading[Contract], contract: Contract) -> Iterator[Problem]:
    name = contract.disclosure.rule_pack
    if name in rule_pack_names(root):
        pack = read_rule_pack(root, name).value
        for field, reason, fix in unfit(contract, pack) if pack else ():
            yield reading.problem(field, reason, fix)


def load_known(root: Path) -> Known:
    """Return what contracts may refer to. Raises ContractInvalid where a shared file is broken."""
    return Known(
        databases=frozenset(load_databases(root).databases),
        departments=frozenset(names(root, "config/departments")),
        rule_packs=frozenset(rule_pack_names(root)),
        populations=frozenset(names(root, "config/standards/populations")),
        elements=load_elements(root),
    )


def load_databases(root: Path) -> Databases:
    """Return the connections. Messages repeat nothing that the file holds."""
    return load_yaml(root / DATABASES, Databases, shown=DATABASES, quote=False)


def load_elements(root: Path) -> DataElements:
    """Return the data elements of the standards."""
    return load_yaml(root / ELEMENTS, DataElements, shown=ELEMENTS)


def load_department(root: Path, department: str) -> Department:
    """Return a department."""
    return _sound(read_named(root, "config/departments", department, Department, "id"))


def load_rule_pack(root: Path, name: str) -> RulePack:
    """Return a rule pack."""
    return _sound(read_rule_pack(root, name))


def rule_pack_names(root: Path) -> tuple[str, ...]:
    """Return the names of the rule packs, departments' overlays included."""
    return (*names(root, "config/rulepacks"), *names(root, "config/overlays"))


def read_rule_pack(root: Path, name: str) -> Reading[RulePack]:
    """Return a rule pack or its problems; an overlay is applied to its base."""
    if name in names(root, "config/rulepacks") or name not in names(root, "config/overlays"):
        return read_named(root, "config/rulepacks", name, RulePack, "name")
    reading = read_named(root, "config/overlays", name, Overlay, "name")
    if reading.value is None:
        return Reading(reading.file, None, reading.problems, reading.root)
    return _overlaid(root, reading, reading.value)


def _overlaid(root: Path, reading: Reading[Overlay], overlay: Overlay) -> Reading[RulePack]:
    problems: list[Problem] = []
    for field, named, folder in (
        ("base", overlay.base, "config/rulepacks"),
        ("department", overlay.department, "config/departments"),
    ):
        if named not in names(root, folder):
            fix = f"correct the name; there are: {', '.join(names(root, folder))}"
            problems.append(reading.problem((field,), f"{folder} has no {named!r}", fix))
    if problems:
        return Reading(reading.file, None, tuple(problems), reading.root)
    base = read_named(root, "config/rulepacks", overlay.base, RulePack, "name")
    if base.value is None:
        return base
    unfitting = tuple(reading.problem(*found) for found in overlay_problems(base.value, overlay))
    value = None if unfitting else overlaid(base.value, overlay)
    return Reading(reading.file, value, unfitting, reading.root)


def load_populations(root: Path) -> dict[str, PopulationTable]:
    """Return every population table by id."""
    folder = "config/standards/populations"
    return {
        name: _sound(read_named(root, folder, name, PopulationTable, "id"))
        for name in names(root, folder)
    }


def load_approval(root: Path, dataset: str) -> Approval | None:
    """Return the standing approval of a dataset, or None where nobody has given one."""
    if dataset not in names(root, "config/approvals"):
        return None
    return _sound(read_named(root, "config/approvals", dataset, Approval, "dataset"))


def load_column_change(root: Path, dataset: str) -> ColumnChange | None:
    """Return what a person has approved of a dataset's columns, or None where nothing is."""
    if dataset not in names(root, COLUMN_CHANGES):
        return None
    return _sound(read_named(root, COLUMN_CHANGES, dataset, ColumnChange, "dataset"))


def load_refusal(root: Path, dataset: str) -> KnownRefusal | None:
    """Return the refusal of a dataset that people know of, or None where there is none."""
    if dataset not in names(root, "config/refusals"):
        return None
    return _sound(read_named(root, "config/refusals", dataset, KnownRefusal, "dataset"))


def read_expectations(folder: Path, contract: Contract) -> Reading[ExpectationFile] | None:
    """Return a dataset's file of expectations or its problems; None where it has no such file."""
    if not (folder / f"{contract.id}.yaml").exists():
        return None
    shown = f"expectations/{contract.id}.yaml"
    reading = read_yaml(folder / f"{contract.id}.yaml", ExpectationFile, shown=shown)
    reading = reading.with_problems(tuple(misnamed(reading, "dataset", contract.id)))
    return reading.with_problems(tuple(expectation_problems(reading, contract)))


def names(root: Path, folder: str) -> tuple[str, ...]:
    """Return the names of a folder's files, in order; a folder that is absent has none."""
    return tuple(sorted(file.stem for file in (root / folder).glob("*.yaml")))


def _read(root: Path, file: str, model: type[M]) -> Reading[M]:
    return read_yaml(root / file, model, shown=file)


def read_named(root: Path, folder: str, name: str, model: type[M], field: str) -> Reading[M]:
    """Return a file or its problems, its name included; `field` is the field that repeats it."""
    reading = _read(root, f"{folder}/{name}.yaml", model)
    return reading.with_problems(tuple(misnamed(reading, field, name)))


def _sound(reading: Reading[M]) -> M:
    if reading.value is None:
        raise refusal(reading.problems)
    return reading.value
