"""Look for what names one person in texts: those that come in, and those about to be published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "social security number": re.compile(
        r"(?<!\d)(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?!\d)"
    ),
    "e-mail address": re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),
    "telephone number": re.compile(
        r"(?<!\d)(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\d)"
    ),
    "web address": re.compile(r"https?://|www\.", re.IGNORECASE),
    "network address": re.compile(
        r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}:?[0-9a-f]{1,4}",
        re.IGNORECASE,
    ),
    "device number": re.compile(r"(?<![\w:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:-])", re.I),
    "medical record number": re.compile(r"\bMRN\b[ :#-]*\d{4,}", re.IGNORECASE),
    "street address": re.compile(
        r"(?<![\w-])\d{1,6} (?:[A-Za-z0-9.'-]+ ){1,4}(?:street|st|avenue|ave|boulevard|blvd|road|"
        r"rd|drive|dr|lane|ln|court|ct|way|place|pl|circle|cir|terrace|ter|highway|hwy)\b\.?",
        re.IGNORECASE,
    ),
    "code of one record": re.compile(
        r"(?<![0-9a-f-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f-])", re.IGNORECASE
    ),
}

#: What every text that a pattern above can match holds: a database looks for it first.
HINT = r"@|(?i:://|www\.|mrn)|[0-9a-fA-F]{2}[:-]|:[0-9a-fA-F]|[0-9].*[0-9].*[0-9]|[0-9]+ .*[a-zA-Z]"

_ZIP = re.compile(r"\d{5}(-\d{4})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?|\d{1,2}/\d{1,2}/\d{2,4}")

OF_A_PLACE = frozenset({"street address", "ZIP code", "free text"})
"""What a dimension of facilities or of places of service may show: some names are long."""

MOST_WORDS = 12
"""A label of more words than this is a sentence."""

MOSTLY = 0.9
"""Share of a column's values that make the column what they are."""

FEWEST_VALUES = 5
"""With fewer values a column's form tells nothing."""


@dataclass(frozen=True)
class IdentifierFound:
    """What looks like an identifier: the column, the kind and how many labels, never a label."""

    column: str
    kind: str
    labels: int


class Recogniser(Protocol):
    """Another pair of eyes on texts: counts by kind, as `find_identifiers` does."""

    def __call__(self, column: str, labels: Iterable[str]) -> tuple[IdentifierFound, ...]:
        """Count the labels of a column that look like identifiers of one person."""
        ...


def find_identifiers(column: str, labels: Iterable[str]) -> tuple[IdentifierFound, ...]:
    """Count the labels of a column that look like identifiers of one person.

    Shape: any number of distinct labels. What is not done: names of people are not recognised;
    free text is kept out by the contract, which lists what may be published.
    Source: 45 CFR 164.514(b)(2)(i), B, D, F to H, M to O and R.
    """
    known = tuple(labels)
    found = (
        IdentifierFound(column, kind, sum(bool(pattern.search(label)) for label in known))
        for kind, pattern in _PATTERNS.items()
    )
    return tuple(each for each in found if each.labels)


def find_forms(column: str, labels: Iterable[str]) -> tuple[IdentifierFound, ...]:
    """Tell where most labels of a column are ZIP codes or days, and count the sentences.

    Shape: distinct labels, at least five of which must have the form. Single numbers of five
    digits are none: only a column of them is one of ZIP codes.
    Source: 45 CFR 164.514(b)(2)(i), B and C; Civil Code 1798.3(a), statements of a person.
    """
    return tuple(_forms(column, tuple(labels)))


def _forms(column: str, labels: tuple[str, ...]) -> Iterator[IdentifierFound]:
    for kind, pattern in (("ZIP code", _ZIP), ("full date", _DAY)):
        alike = sum(bool(pattern.fullmatch(label)) for label in labels)
        if alike >= max(FEWEST_VALUES, MOSTLY * len(labels)):
            yield IdentifierFound(column, kind, alike)
    if sentences := sum(len(label.split()) > MOST_WORDS for label in labels):
        yield IdentifierFound(column, "free text", sentences)
