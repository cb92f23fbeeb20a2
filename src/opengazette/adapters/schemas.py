"""Exports a JSON schema for each kind of configuration file, so that editors help while typing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from opengazette.adapters.config_problems import Problem
from opengazette.model.approval import Approval
from opengazette.model.areas import AreaTable, RestrictedZips
from opengazette.model.cell_structure import CellStructure
from opengazette.model.column_change import ColumnChange
from opengazette.model.contract import Contract
from opengazette.model.databases import Databases
from opengazette.model.described import DescribedTable
from opengazette.model.expectations import ExpectationFile
from opengazette.model.known_refusal import KnownRefusal
from opengazette.model.overlay import Overlay
from opengazette.model.record_release import RecordRelease
from opengazette.model.reference import DataElements, Department, PopulationTable
from opengazette.model.rulepack import RulePack

FOLDER = "config/schemas"

MODELS: Mapping[str, type[BaseModel]] = {
    "approval": Approval,
    "areas": AreaTable,
    "cell_structure": CellStructure,
    "column_change": ColumnChange,
    "contract": Contract,
    "databases": Databases,
    "department": Department,
    "described": DescribedTable,
    "elements": DataElements,
    "expectations": ExpectationFile,
    "overlay": Overlay,
    "population": PopulationTable,
    "record_release": RecordRelease,
    "refusal": KnownRefusal,
    "rulepack": RulePack,
    "zip3": RestrictedZips,
}


def schema_texts() -> dict[str, str]:
    """Return the text of every schema by file name."""
    return {f"{name}.schema.json": _text(name, model) for name, model in MODELS.items()}


def write_schemas(root: Path) -> tuple[Path, ...]:
    """Write the schemas under config/schemas and return the files that changed."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in schema_texts().items():
        if not _is(folder / name, text):
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
            changed.append(folder / name)
    return tuple(changed)


def stale_schemas(root: Path) -> tuple[Problem, ...]:
    """Return a problem for each schema that is missing or no longer says what the model does.

    A configuration without a folder of schemas has none to keep fresh.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return ()
    return tuple(
        Problem(f"{FOLDER}/{name}", None, "", "is not what the model says", "run `make schemas`")
        for name, text in schema_texts().items()
        if not _is(folder / name, text)
    )


def _text(name: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = f"{name}.schema.json"
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _is(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
