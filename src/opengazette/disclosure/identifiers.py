"""Look for what names one person in a text that is about to be published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "social security number": re.compile(
        r"(?<!\d)(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?!\d)"
    ),
    "e-mail address": re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),
    "telephone number": re.compile(
        r"(?<!\d)(?:\+?1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\d)"
    ),
    "web address": re.compile(r"https?://|www\.", re.IGNORECASE),
    "network address": re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
}


@dataclass(frozen=True)
class IdentifierFound:
    """What looks like an identifier: the column, the kind and how many labels, never a label."""

    column: str
    kind: str
    labels: int


def find_identifiers(column: str, labels: Iterable[str]) -> tuple[IdentifierFound, ...]:
    """Count the labels of a column that look like identifiers of one person.

    Shape: any number of distinct labels. What is not done: names of people are not recognised;
    free text is kept out by the contract, which lists what may be published.
    Source: 45 CFR 164.514(b)(2)(i), D, F, G, N and O.
    """
    known = tuple(labels)
    found = (
        IdentifierFound(column, kind, sum(bool(pattern.search(label)) for label in known))
        for kind, pattern in _PATTERNS.items()
    )
    return tuple(each for each in found if each.labels)
