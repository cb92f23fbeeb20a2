"""`check` finds what is wrong with a configuration without touching a department."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from opengazette.adapters.check import Problem, check
from opengazette.adapters.schemas import MODELS, write_schemas
from opengazette.demo.sample import sample
from opengazette.model.contract import Contract

SHIPPED = Path(__file__).parents[2]
KEPT = "restaurant_inspections"


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Return a copy of the shipped configuration with one dataset alone."""
    for folder in ("config", "expectations"):
        shutil.copytree(SHIPPED / folder, tmp_path / folder)
    for folder in ("config/datasets", "config/approvals", "config/refusals", "expectations"):
        for file in (tmp_path / folder).glob("*.yaml"):
            if file.stem != KEPT:
                file.unlink()
    return tmp_path


def problems(office: Path) -> tuple[Problem, ...]:
    return check(office, sample)


def edited(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def expecting(office: Path, type_: str, kwargs: str) -> None:
    (office / f"expectations/{KEPT}.yaml").write_text(
        f"dataset: {KEPT}\nexpectations:\n"
        f"  - {{type: {type_}, kwargs: {kwargs}, severity: critical, reason: A test of it}}\n"
    )


def test_the_shipped_configuration_has_no_problem() -> None:
    assert check(SHIPPED, sample) == ()


def test_a_known_refusal_of_no_dataset_is_found(office: Path) -> None:
    file = "config/refusals/substance_use_transfers.yaml"
    shutil.copy(SHIPPED / file, office / file)
    (found,) = problems(office)
    assert found.file == file
    assert "there is no dataset 'substance_use_transfers'" in found.reason


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_match_regex", "{column: business_name, regex: '.*'}"),
        ("expect_column_values_to_be_between", "{column: inspection_score, min_value: -1e308}"),
        ("expect_column_to_exist", "{column: business_name}"),
        ("expect_table_row_count_to_be_between", "{min_value: 0}"),
    ],
)  # fmt: skip
def test_an_expectation_that_can_never_fail_is_found(office: Path, type_: str, kwargs: str) -> None:
    expecting(office, type_, kwargs)
    (found,) = problems(office)
    assert found.file == f"expectations/{KEPT}.yaml"
    assert (found.line, found.field) == (3, "expectations[0]")
    assert "can never fail" in found.reason


def test_an_expectation_that_cannot_be_run_is_found(office: Path) -> None:
    expecting(office, "expect_column_mean_to_be_between", "{column: business_name, min_value: 1}")
    (found,) = problems(office)
    assert "cannot be run" in found.reason


@pytest.mark.parametrize(
    ("type_", "kwargs", "field", "words"),
    [
        ("expect_column_values_to_mach_regex", "{column: inspection_score}", "type", "match_regex"),
        (
            "expect_column_values_to_match_regex",
            "{column: business_name, regex: '('}",
            "kwargs.regex",
            "position",
        ),
        (
            "expect_column_values_to_be_in_set",
            "{column: inspection_score}",
            "kwargs",
            "arguments are",
        ),
        (
            "expect_column_values_to_be_unique",
            "{column: inspection_scores}",
            "kwargs.column",
            "did you mean",
        ),
    ],
)
def test_what_cannot_be_constructed_is_found_with_its_line(
    office: Path, type_: str, kwargs: str, field: str, words: str
) -> None:
    expecting(office, type_, kwargs)
    found = problems(office)
    assert found
    assert all(p.file == f"expectations/{KEPT}.yaml" and p.line == 3 for p in found)
    assert any(field in p.field and words in p.fix for p in found), found


def test_a_contract_that_no_row_can_keep_is_found(office: Path) -> None:
    file = office / f"config/datasets/{KEPT}.yaml"
    edited(file, "highest: 100", "highest: 0")
    edited(file, "lowest: 0", "lowest: 1")
    assert [p.field for p in problems(office)] == ["columns.inspection_score.highest"]


def test_one_broken_file_keeps_no_other_from_being_checked(office: Path) -> None:
    edited(office / f"config/datasets/{KEPT}.yaml", "title:", "tilte:")
    edited(office / "config/standards/elements.yaml", "label:", "lable:")
    edited(office / "config/rulepacks/calhhs-ddg-2.0.yaml", "title:", "titel:")
    edited(office / "config/databases.yaml", "engine: duckdb", "engine: dukdb")
    assert {p.file for p in problems(office)} == {
        f"config/datasets/{KEPT}.yaml",
        "config/databases.yaml",
        "config/standards/elements.yaml",
        "config/rulepacks/calhhs-ddg-2.0.yaml",
    }


def test_files_that_nothing_reads_are_found(office: Path) -> None:
    (office / "config/datasets/more.yml").write_text("id: more\n")
    (office / "expectations/no_such_dataset.yaml").write_text("dataset: no_such_dataset\n")
    found = {p.file: p for p in problems(office)}
    assert "end its name in .yaml" in found["config/datasets/more.yml"].fix
    assert "there is no dataset" in found["expectations/no_such_dataset.yaml"].reason


def test_stale_schemas_are_found_and_written_anew(office: Path) -> None:
    (office / "config/schemas/contract.schema.json").write_text("{}")
    (found,) = problems(office)
    assert found.file == "config/schemas/contract.schema.json"
    assert [file.name for file in write_schemas(office)] == ["contract.schema.json"]
    assert write_schemas(office) == ()
    assert problems(office) == ()


def test_what_is_generated_may_be_checked_too(office: Path) -> None:
    stale = Problem("deployments/prefect.yaml", None, "", "is stale", "run `make deployments`")
    assert check(office, sample, lambda _root: [stale]) == (stale,)


def test_the_schemas_say_what_each_field_of_a_contract_is_for(office: Path) -> None:
    schema = json.loads((office / "config/schemas/contract.schema.json").read_text())
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Contract.model_fields)
    assert schema["properties"]["department"]["description"]
    assert len(list((office / "config/schemas").glob("*.json"))) == len(MODELS)
