"""Numbers with a check digit, recognised by Presidio where it is installed; nothing without it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from typing import Any

from opengazette.disclosure.identifiers.texts import IdentifierFound, Recogniser

#: Recognisers of Presidio by class, what they find in our words, and the least certain find that
#: counts. None of them needs a language model or the network; those that do are left out.
_RECOGNISERS = (
    ("CreditCardRecognizer", "account number", 0.5),
    ("IbanRecognizer", "account number", 0.5),
    ("MedicalLicenseRecognizer", "certificate or licence number", 0.5),
    ("UsMbiRecognizer", "health plan number", 0.3),
    ("UsItinRecognizer", "taxpayer number", 0.5),
)


def installed_recogniser() -> Recogniser | None:
    """Return Presidio's recognisers of numbers, or None where Presidio is not installed."""
    return PresidioNumbers() if find_spec("presidio_analyzer") else None


class PresidioNumbers:
    """Counts the labels that hold a number of one person with the form and check digit of its kind.

    Whatever the project's own patterns find is found all the same: this only adds to it.
    """

    def __call__(self, column: str, labels: Iterable[str]) -> tuple[IdentifierFound, ...]:
        """Count the labels of a column by kind; no label is kept, logged or returned."""
        found: Counter[str] = Counter()
        for label in labels:
            found.update({kind for kind, finds in _finders() if finds(label)})
        return tuple(IdentifierFound(column, kind, number) for kind, number in found.items())


@cache
def _finders() -> tuple[tuple[str, Callable[[str], bool]], ...]:
    from presidio_analyzer import predefined_recognizers

    # Presidio quotes the text in some of its log lines.
    logging.getLogger("presidio-analyzer").disabled = True
    return tuple(
        (kind, _finder(getattr(predefined_recognizers, name)(), least))
        for name, kind, least in _RECOGNISERS
    )


def _finder(recogniser: Any, least: float) -> Callable[[str], bool]:  # noqa: ANN401 - untyped
    entities = recogniser.supported_entities
    return lambda label: any(
        found.score >= least for found in recogniser.analyze(label, entities, None)
    )
