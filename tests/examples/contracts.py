"""A small contract to vary, and small tables for it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from opengazette.model.contract import Contract

COUNT = {"kind": "count", "name": "cases", "label": "C", "unit": "cases", "definition": "Cases."}


def example_contract(
    *dimensions: dict[str, Any],
    measures: tuple[dict[str, Any], ...] = (),
    disclosure: dict[str, Any],
    documentation: dict[str, Any] | None = None,
) -> Contract:
    """Return a valid contract that counts cases by the given dimensions."""
    columns = {d["column"]: {"type": "text", "role": "dimension", "label": "C"} for d in dimensions}
    columns["c_people"] = {"type": "integer", "role": "measure", "label": "People"}
    return Contract.model_validate(
        {
            "id": "example",
            "title": "An example of a table",
            "summary": "Cases in an example.",
            "department": "health",
            "classification": {"level": 1, "basis": "Nobody is named."},
            "legal": {"regimes": ["ipa"], "authority": "A law of the tests."},
            "source": {"database": "db", "table": "cases", "fewest_rows": 1},
            "columns": columns,
            "publication": {
                "row": "one cell",
                "dimensions": list(dimensions),
                "measures": [COUNT, *measures],
                "combinations": "observed",
            },
            "disclosure": {
                "personal_characteristics": {"present": True, "basis": "Read by a lawyer."},
                "high_risk": {"present": False, "basis": "Read by an expert."},
                "reporting_period": {"years": 1},
            }
            | disclosure,
            "documentation": {
                "description": "Cases.",
                "limitations": "An example.",
                "topic": "Demographics",
                "tags": ["cases"],
                "frequency": "annual",
                "coverage": {"start": "2020-01-01", "end": "2020-12-31"},
                "geography": "California",
                "contact": {"name": "Data desk", "email": "data@example.org"},
                "attribution": "Department",
            }
            | (documentation or {}),
            "schedule": {"cron": "0 3 * * *"},
        }
    )


def cells(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return a table of these columns, its counts as whole numbers."""
    frame = pd.DataFrame(list(rows), columns=columns.split())
    whole = [c for c in ("cases", "people") if c in frame]
    return frame.astype(dict.fromkeys(whole, "Int64"))
