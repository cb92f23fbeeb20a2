"""What catalogues need to know of a release: the portal's own form and DCAT-US 1.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opengazette.documentation.columns import PublishedColumn
from opengazette.documentation.footnotes import footnotes_text
from opengazette.model.contract import Contract
from opengazette.model.publication import Dimension
from opengazette.model.reference import Department

#: ISO 8601 repeating intervals of the publication frequencies (Project Open Data, v1.1).
ACCRUAL = {
    "irregular": "irregular",
    "daily": "R/P1D",
    "weekly": "R/P1W",
    "monthly": "R/P1M",
    "quarterly": "R/P3M",
    "semiannual": "R/P6M",
    "annual": "R/P1Y",
    "biennial": "R/P2Y",
}

_LICENSES = {
    "PUBLIC_DOMAIN": "https://creativecommons.org/publicdomain/mark/1.0/",
    "CC0_10": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC_40_BY": "https://creativecommons.org/licenses/by/4.0/",
    "ODC_BY": "https://opendatacommons.org/licenses/by/1-0/",
    "PDDL": "https://opendatacommons.org/licenses/pddl/1-0/",
}


def portal_metadata(
    contract: Contract,
    department: Department,
    columns: Sequence[PublishedColumn],
    legend: str,
    notes: Mapping[str, str],
) -> dict[str, Any]:
    """Return the dataset's metadata and columns in the portal's wire names.

    `legend` tells a reader what a blank cell means, `notes` what each annotation code that occurs.
    What is not done: what is new of a release is told by `with_change_note`.
    """
    words = contract.documentation
    return {
        "name": contract.title,
        "description": f"{contract.summary}\n\n{words.description}\n\n{words.limitations}",
        "category": words.topic,
        "tags": list(words.tags),
        "attribution": words.attribution,
        "attributionLink": words.attribution_link,
        "licenseId": words.license,
        "rowLabel": contract.publication.row,
        "custom_fields": {
            "Publication": {
                "publisher": department.publisher,
                "frequency": words.frequency,
                "coverage": f"{words.coverage.start.isoformat()}/{words.coverage.end.isoformat()}",
                "geography": words.geography,
                "contact": f"{words.contact.name} <{words.contact.email}>",
                **_sums(contract.publication.dimensions),
            },
            "Disclosure": {
                "legend": legend,
                "rule_pack": contract.disclosure.rule_pack,
                "annotation_codes": footnotes_text(notes) or "No value has an annotation.",
            },
        },
        "columns": [
            {
                "name": column.label,
                "fieldName": column.name,
                "dataTypeName": "text" if column.type == "text" else "number",
                "description": column.definition,
            }
            for column in columns
        ],
    }


def with_change_note(metadata: Mapping[str, Any], change_note: str) -> dict[str, Any]:
    """Return metadata that also tell what is new of a release."""
    fields = metadata["custom_fields"]
    publication = {**fields["Publication"], "change_note": change_note}
    return {**metadata, "custom_fields": {**fields, "Publication": publication}}


def _sums(dimensions: Sequence[Dimension]) -> dict[str, str]:
    """Say which values add up others, so that nobody adds them up with their parts."""
    totals = [f"{one.name}: {one.total}" for one in dimensions if one.total is not None]
    subtotals = [f"{one.name}: {label}" for one in dimensions for label in one.groups]
    found = {"totals": "\n".join(totals) or "none"}
    return {**found, "subtotals": "\n".join(subtotals)} if subtotals else found


def dcat_us(contract: Contract, department: Department) -> dict[str, Any]:
    """Return the dataset's entry for a state or federal catalogue.

    What is not done: federal-only fields (bureauCode, programCode) are not given.
    Source: Project Open Data metadata schema 1.1.
    """
    words = contract.documentation
    return {
        "@type": "dcat:Dataset",
        "identifier": contract.id,
        "title": contract.title,
        "description": contract.summary,
        "keyword": list(words.tags),
        "theme": [words.topic],
        "publisher": {"@type": "org:Organization", "name": department.publisher},
        "contactPoint": {
            "@type": "vcard:Contact",
            "fn": words.contact.name,
            "hasEmail": f"mailto:{words.contact.email}",
        },
        "accessLevel": "public",
        "license": _LICENSES[words.license],
        "temporal": f"{words.coverage.start.isoformat()}/{words.coverage.end.isoformat()}",
        "spatial": words.geography,
        "accrualPeriodicity": ACCRUAL[words.frequency],
    }
