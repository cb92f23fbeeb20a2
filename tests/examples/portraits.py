"""A release as the ledger remembers it."""

from __future__ import annotations

from typing import Any

from opengazette.model.ledger import Portrait

SHA = "ab" * 32


def portrait(**changes: Any) -> Portrait:
    """Return a portrait of a small release."""
    return Portrait(
        **{
            "release": SHA,
            "contract": SHA,
            "rule_pack": SHA,
            "extract": SHA,
            "extracted_rows": 100,
            "table": SHA,
            "columns": ("county",),
            "true_table": SHA,
            "true_columns": ("county",),
            "rows": 12,
            "score": None,
            "primary": 3,
            "complementary": 2,
            "documents": {"table.csv": ("text/csv", SHA)},
            "approval": SHA,
            **changes,
        }
    )
