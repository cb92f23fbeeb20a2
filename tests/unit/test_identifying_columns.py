"""A column that looks like an identifier is refused unless a person has recorded why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from opengazette.adapters.identifier_scan import scan_extract
from opengazette.disclosure.identifiers.columns import identifying_columns
from opengazette.disclosure.identifiers.names import kind_of_column
from opengazette.disclosure.masking.clearance import identifiers_among
from opengazette.model.contract import Contract
from opengazette.model.source import ColumnType

ROOT = Path(__file__).parents[2]
DECISION = {
    "reason": "Codes of counties, not of people",
    "decided_by": "R. Alvarez, Data Steward",
    "decided_on": "2026-11-02",
}


def contract(
    name: str = "place",
    type_: ColumnType = "text",
    role: str = "dimension",
    kind: str = "other",
    generalise: dict[str, Any] | None = None,
    regimes: tuple[str, ...] = ("ipa",),
    **column: Any,
) -> Contract:
    made: Any = YAML(typ="safe").load(ROOT / "config/datasets/restaurant_inspections.yaml")
    made["columns"] |= {name: {"type": type_, "role": role, "label": "Column"} | column}
    if role in ("dimension", "quasi_identifier"):
        dimension: dict[str, Any] = {"name": "asked", "label": "Asked", "column": name}
        dimension |= {
            "characteristic": {"kind": kind},
            "generalise": generalise or {"rule": "as_is"},
        }
        made["publication"]["dimensions"].append(dimension)
    made["legal"]["regimes"] = list(regimes)
    return Contract.model_validate_json(json.dumps(made, default=str))


def kinds(made: Contract) -> list[str]:
    types = {name: column.type or "text" for name, column in made.columns.items()}
    return [found.kind.name for found in identifying_columns(made, types)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("patient_name", "name of a person"),
        ("LastName", "name of a person"),
        ("mother_maiden_name", "name of a person"),
        ("street_address", "address"),
        ("home_zip_code", "ZIP code"),
        ("latitude", "position on the map"),
        ("date_of_birth", "full date"),
        ("DOB", "full date"),
        ("home_phone", "telephone number"),
        ("fax_number", "fax number"),
        ("email", "e-mail address"),
        ("ssn", "social security number"),
        ("MRN", "medical record number"),
        ("medi_cal_id", "health plan number"),
        ("account_number", "account number"),
        ("drivers_license_number", "certificate or licence number"),
        ("license_plate", "vehicle number or plate"),
        ("device_serial_number", "device number"),
        ("profile_url", "web address"),
        ("client_ip", "network address"),
        ("fingerprint", "biometric identifier"),
        ("face_photo", "photograph"),
        ("encounter_id", "number or code of one person or record"),
        ("password", "password or login"),
        ("clinical_notes", "free text"),
    ],
)
def test_every_kind_of_the_law_is_known_by_name(name: str, kind: str) -> None:
    found = kind_of_column(name, "Column", "text")
    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize(
    "name",
    ["county", "facility_name", "business_name", "disease_name", "sex", "payor_group", "race",
     "year", "drug_code", "provider_phone", "age_group", "result", "state_code", "cell_count"],
)  # fmt: skip
def test_a_column_of_things_places_and_groups_is_no_identifier(name: str) -> None:
    assert kind_of_column(name, "Column", "text") is None


def test_a_label_tells_what_a_name_hides() -> None:
    found = kind_of_column("fld_17", "Medical Record Number", "text")
    assert found is not None
    assert found.name == "medical record number"


def test_a_yes_or_no_on_a_telephone_is_no_telephone_number() -> None:
    assert kind_of_column("has_phone", "Telephone", "boolean") is None


def test_an_identifier_may_only_be_listed_as_one() -> None:
    assert kinds(contract("patient_ssn", role="identifier")) == []
    assert kinds(contract("patient_ssn", role="attribute")) == ["social security number"]
    assert kinds(contract("patient_ssn")) == ["social security number"]


def test_a_facility_has_a_name_and_an_address_in_public() -> None:
    assert kinds(contract("address", kind="facility")) == []
    assert kinds(contract("address")) == ["address"]
    assert kinds(contract("patient_ssn", kind="facility")) == ["social security number"]


def test_a_person_may_record_why_a_column_names_nobody() -> None:
    assert kinds(contract("case_code", not_identifying=DECISION)) == []
    assert kinds(contract("case_code")) == ["number or code of one person or record"]


def test_a_date_of_birth_must_be_published_as_a_period() -> None:
    period = {"rule": "period", "unit": "year"}
    assert kinds(contract("birth_date", "date", kind="time")) == ["full date"]
    assert kinds(contract("birth_date", "date", kind="time", generalise=period)) == []


def test_days_of_events_are_identifiers_where_hipaa_applies() -> None:
    assert kinds(contract("inspected_on", "date", kind="time")) == []
    covered = contract("inspected_on", "date", kind="time", regimes=("ipa", "hipaa"))
    assert kinds(covered) == ["full date"]


@pytest.mark.parametrize(
    ("last", "refused"),
    [
        ([{"label": "85+", "low": 85}], False),
        ([{"label": "90+", "low": 90}], False),
        ([{"label": "85-89", "low": 85, "high": 89}, {"label": "90+", "low": 90}], False),
        ([{"label": "85-94", "low": 85, "high": 94}, {"label": "95+", "low": 95}], True),
        ([{"label": "90-94", "low": 90, "high": 94}], True),
        ([{"label": "100+", "low": 100}], True),
    ],
)
def test_ages_over_89_are_one_group(last: list[dict[str, Any]], refused: bool) -> None:
    bands = {"rule": "bands", "bands": [{"label": "0-84", "low": 0, "high": 84}, *last]}
    made = contract("age_years", "integer", kind="age", generalise=bands)
    assert kinds(made) == (["age over 89"] if refused else [])


def scanned(tmp_path: Path, made: Contract, values: list[Any], name: str = "place") -> list[str]:
    file = tmp_path / "extract.parquet"
    pd.DataFrame({name: values}).to_parquet(file)
    found = scan_extract(file, made)
    assert not any(str(value) in repr(found) for value in values if len(str(value)) > 3)
    return [each.kind for each in found]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["Alameda", "Kern 512-73-4418"], "social security number"),
        (["Alameda", "512 73 4418"], "social security number"),
        (["a", "maria.lopez@example.org"], "e-mail address"),
        (["a", "call (916) 555-0143"], "telephone number"),
        (["a", "http://example.org/p"], "web address"),
        (["a", "10.20.30.40"], "network address"),
        (["a", "2001:db8:85a3:0:0:8a2e:370:7334"], "network address"),
        (["a", "00:1B:44:11:3A:B7"], "device number"),
        (["a", "MRN 00482913"], "medical record number"),
        (["a", "1215 O Street"], "street address"),
        (["a", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"], "code of one record"),
        (["95814", "94203", "90001", "92101", "93650-0001"], "ZIP code"),
        (["2024-01-31", "2024-02-01", "2024-02-02", "2024-03-01", "2024-04-01"], "full date"),
        (["The patient told the nurse that she fell down the stairs at home.", "b"], "free text"),
        ([f"code {n}" for n in range(200)], "number or code of one person or record"),
    ],
)  # fmt: skip
def test_what_an_extract_holds_is_found_whatever_its_column_is_called(
    tmp_path: Path, values: list[str], kind: str
) -> None:
    assert kind in scanned(tmp_path, contract(), values)
    assert scanned(tmp_path, contract(not_identifying=DECISION), values) == []
    assert scanned(tmp_path, contract(role="identifier"), values) == []


def test_ordinary_values_pass(tmp_path: Path) -> None:
    values = ["Los Angeles", "65+", "2024-W05", "12345", "1,234,567", "7-ELEVEN #3", "2 to 3 doses"]
    assert scanned(tmp_path, contract(), values) == []


def test_ages_over_89_in_the_rows_are_found_where_ages_are_shown_as_they_are(
    tmp_path: Path,
) -> None:
    made = contract("age_years", "integer", kind="age")
    assert scanned(tmp_path, made, [4, 89], "age_years") == []
    assert scanned(tmp_path, made, [4, 90], "age_years") == ["age over 89"]


def test_the_public_table_is_looked_at_once_more() -> None:
    public = pd.DataFrame({d.name: ["A"] for d in contract().publication.dimensions})
    assert identifiers_among(public, contract()) == ()
    public["asked"] = ["maria.lopez@example.org"]
    (found,) = identifiers_among(public, contract())
    assert (found.column, found.kind) == ("asked", "e-mail address")
    assert identifiers_among(public, contract(not_identifying=DECISION)) == ()


def test_a_contract_without_a_decision_keeps_the_fingerprint_of_its_approval() -> None:
    assert "not_identifying" not in contract().model_dump(mode="json")["columns"]["place"]
