"""What a contract's columns and its data elements imply."""

from __future__ import annotations

from datetime import date

import pytest

from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract
from opengazette.model.reference import DataElements
from opengazette.model.source import Column
from opengazette.standards.columns import resolve_column
from opengazette.standards.expected import implied_expectations

ELEMENTS = DataElements.model_validate(
    {
        "elements": {
            "age": {
                "label": "Age",
                "type": "integer",
                "definition": "Completed years.",
                "lowest": 0,
                "highest": 120,
                "source": "A standard",
            },
            "sex": {
                "label": "Sex",
                "type": "text",
                "definition": "Sex as recorded.",
                "allowed": ("F", "M", "X"),
                "source": "A standard",
            },
        }
    }
)


def column(**fields: object) -> Column:
    return Column.model_validate({"role": "quasi_identifier", "label": "A column", **fields})


def contract(**columns: Column) -> Contract:
    listed = {"county": column(type="text", role="dimension"), **columns}
    return Contract.model_validate(
        {
            "id": "visits",
            "title": "Visits by county",
            "summary": "Visits by county.",
            "department": "health",
            "classification": {"level": 1, "basis": "Open"},
            "legal": {"regimes": ("ipa",), "authority": "A law"},
            "source": {"database": "d", "table": "visits", "fewest_rows": 7},
            "columns": listed,
            "publication": {
                "row": "one county",
                "dimensions": (
                    {
                        "name": "county",
                        "label": "County",
                        "column": "county",
                        "characteristic": {"kind": "residence"},
                    },
                ),
                "measures": (
                    {
                        "kind": "count",
                        "name": "visits",
                        "label": "Visits",
                        "unit": "visits",
                        "definition": "All visits",
                    },
                ),
            },
            "disclosure": {
                "personal_characteristics": {"present": False, "basis": "None"},
                "high_risk": {"present": False, "basis": "None"},
                "reporting_period": {"years": 1},
            },
            "documentation": {
                "description": "Visits.",
                "limitations": "None known.",
                "topic": "Health Care",
                "tags": ("visits",),
                "frequency": "annual",
                "coverage": {"start": date(2024, 1, 1), "end": date(2024, 12, 31)},
                "geography": "California",
                "contact": {"name": "Open data", "email": "o@example.gov"},
                "attribution": "Health",
            },
            "schedule": {"cron": "0 2 * * *"},
        }
    )


def test_a_column_takes_what_it_does_not_say_from_its_element() -> None:
    sex = resolve_column("sex", column(element="sex"), ELEMENTS)
    assert (sex.type, sex.allowed, sex.definition) == ("text", ("F", "M", "X"), "Sex as recorded.")


def test_a_column_narrows_its_element() -> None:
    sex = resolve_column("sex", column(element="sex", allowed=("F", "M")), ELEMENTS)
    assert sex.allowed == ("F", "M")


def test_a_column_cannot_widen_the_bounds_of_its_element() -> None:
    age = resolve_column("age", column(element="age", lowest=-5, highest=99), ELEMENTS)
    assert (age.lowest, age.highest) == (0, 99)


@pytest.mark.parametrize(
    "fields", [{}, {"type": "text", "element": "sex"}, {"element": "gender"}],
    ids=["neither", "both", "unknown"],
)  # fmt: skip
def test_a_column_without_one_clear_type_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ContractInvalid, match=r"columns\.sex"):
        resolve_column("sex", column(**fields), ELEMENTS)


def test_every_contract_expects_the_fewest_rows() -> None:
    rows = implied_expectations(contract(), ELEMENTS)[0]
    assert rows.type == "expect_table_row_count_to_be_between"
    assert rows.kwargs == {"min_value": 7}


def test_columns_imply_what_they_say_and_no_more() -> None:
    columns = {
        "number": column(type="text", role="identifier", unique=True),
        "sex": column(element="sex", required=False),
        "age": column(type="integer", lowest=0),
        "note": column(type="text", role="attribute", required=False),
    }
    implied = implied_expectations(contract(**columns), ELEMENTS)
    said = [
        (str(e.kwargs["column"]), e.type.removeprefix("expect_column_values_to_"))
        for e in implied[1:]
    ]
    assert said == [
        ("county", "not_be_null"),
        ("number", "not_be_null"),
        ("number", "be_unique"),
        ("sex", "be_in_set"),
        ("age", "not_be_null"),
        ("age", "be_between"),
    ]


def test_what_is_implied_is_critical_and_has_its_reason() -> None:
    implied = implied_expectations(contract(sex=column(element="sex")), ELEMENTS)
    assert {e.severity for e in implied} == {"critical"}
    assert all(e.reason for e in implied)
