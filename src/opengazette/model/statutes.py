"""The index of confidentiality laws: what a contract may name, and what is cited for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

StatuteTopic = Literal[
    "personal_information",
    "medical_data",
    "birth_defects",
    "blood_lead",
    "cancer",
    "child_health",
    "child_health_screening",
    "cholinesterase",
    "developmental_disability",
    "environmental_health",
    "public_health_records",
    "genetic",
    "hiv_aids",
    "immunisation",
    "independent_medical_review",
    "involuntary_mental_health",
    "medi_cal",
    "parkinsons_registry",
    "payment_and_billing",
    "prenatal_tests",
    "public_assistance",
    "substance_use",
    "vital_records",
    "education_records",
    "federal_records",
]

INDEX_SOURCE = (
    "CalHHS Data De-Identification Guidelines, legal framework: laws governing the collection and "
    "release of confidential, personal or sensitive information; not an exhaustive list"
)

CITATIONS: Mapping[StatuteTopic, tuple[str, ...]] = MappingProxyType(
    {
        "personal_information": ("Civil Code 1798.24, 1798.24a, 1798.24b", "Gov. Code 11015.5"),
        "medical_data": (
            "Civil Code 56.10-56.11, 56.13, 56.29",
            "Health & Safety Code 128730, 128735-128737, 128745, 128766",
        ),
        "birth_defects": ("Health & Safety Code 103850",),
        "blood_lead": ("Health & Safety Code 124130",),
        "cancer": ("Health & Safety Code 103875, 103885, 104315",),
        "child_health": ("Health & Safety Code 130140.1",),
        "child_health_screening": ("Health & Safety Code 124110, 124991",),
        "cholinesterase": ("Health & Safety Code 105206",),
        "developmental_disability": (
            "Health & Safety Code 416.8, 416.18",
            "Welfare & Institutions Code 4514, 4514.3, 4514.5, 4517, 4659.22, 4744",
        ),
        "environmental_health": ("Health & Safety Code 59016",),
        "public_health_records": ("Health & Safety Code 100330, 121035",),
        "genetic": ("Health & Safety Code 124975, 124980, 125105", "Civil Code 56.17"),
        "hiv_aids": (
            "Health & Safety Code 120820, 120962, 120975, 120980, 121280",
            "Health & Safety Code 121010, 121022, 121023, 121025, 121075, 121080, 121085, 121090",
            "Health & Safety Code 121095, 121110, 121120, 121125",
            "Revenue & Taxation Code 19548.2",
        ),
        "immunisation": ("Health & Safety Code 120440",),
        "independent_medical_review": ("Health & Safety Code 1374.33",),
        "involuntary_mental_health": (
            "Welfare & Institutions Code 4135, 5328-5328.9, 5329, 5540, 5610",
            "Education Code 56863",
        ),
        "medi_cal": ("Welfare & Institutions Code 14015.8, 14100.2, 14101.5",),
        "parkinsons_registry": ("Health & Safety Code 103865",),
        "payment_and_billing": ("Health & Safety Code 440.40",),
        "prenatal_tests": ("Health & Safety Code 120705, 125105",),
        "public_assistance": ("Welfare & Institutions Code 10850",),
        "substance_use": ("Health & Safety Code 11812, 11845.5", "42 CFR Part 2"),
        "vital_records": (
            "Health & Safety Code 102425, 102426, 102430, 102455, 102460, 102465, 102475, 103025",
        ),
        "education_records": ("FERPA, 20 U.S.C. 1232g and 34 CFR Part 99",),
        "federal_records": ("Freedom of Information Act, 5 U.S.C. 552",),
    }
)


@dataclass(frozen=True)
class Statute:
    """One topic of the index and the laws that it leads to."""

    topic: StatuteTopic
    citations: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return the topic as a person reads it."""
        return self.topic.replace("_", " ")


def statutes(topics: Iterable[StatuteTopic]) -> tuple[Statute, ...]:
    """Return the named topics with their laws, in order."""
    return tuple(Statute(topic, CITATIONS[topic]) for topic in topics)
