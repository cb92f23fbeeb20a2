"""Reads the records that somebody wants to hand over: as text, and only the listed columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from opengazette.adapters.cell_sheets import read_sheet
from opengazette.adapters.config_files import load_yaml
from opengazette.errors import ExtractRefused
from opengazette.model.record_release import RecordRelease


def read_record_release(path: Path) -> RecordRelease:
    """Return the request to hand records over.

    Raises:
        ContractInvalid: names file, line, field and fix of every mistake.
    """
    return load_yaml(path, RecordRelease, shown=path.name)


def read_records(path: Path, asked: RecordRelease) -> pd.DataFrame:
    """Return the records of a CSV: private.

    Shape: one row for each record, one text column for each listed one, without spaces at its
    ends.

    Raises:
        ExtractRefused: a listed column is missing, or the file has one that is not listed; a
            column is named, never a value.
    """
    sheet = read_sheet(path)
    if len(set(sheet.columns)) != len(sheet.columns):
        raise ExtractRefused(f"{sheet.file} names a column twice.", "Give each its own name.")
    for what, names in (
        ("lacks", set(asked.columns) - set(sheet.columns)),
        ("has, unlisted,", set(sheet.columns) - set(asked.columns)),
    ):
        if names:
            raise ExtractRefused(
                f"{sheet.file} {what} the columns {', '.join(sorted(names))}.",
                "List every column of the file under columns, with role left_out where it is not "
                "handed over.",
            )
    return pd.DataFrame(
        {name: [text.strip() for text in sheet.column(name)] for name in asked.columns}
    )
