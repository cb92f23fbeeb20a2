"""Papers as PDF: set by Typst from plain values, the same bytes for the same values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

import typst


def determination_pdf(record: Mapping[str, Any]) -> bytes:
    """Return the document of an expert determination as an accessible PDF (PDF/UA-1).

    `record` comes from `documentation.determination.determination_record` and is handed over as
    values, so that nothing in it is read as markup. Only the fonts that come with the typesetter
    are used, and no date is written.
    """
    template = files("opengazette.documentation") / "templates" / "determination.typ"
    with as_file(template) as source:
        return typst.compile(
            source,
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            sys_inputs={"paper": json.dumps(record, ensure_ascii=False)},
        )
