"""What names one person is found among labels, and never quoted."""

from __future__ import annotations

import pytest

from opengazette.disclosure.identifiers.texts import find_identifiers


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("seen by 512-73-4418", "social security number"),
        ("maria.lopez@example.org", "e-mail address"),
        ("(916) 555-0143", "telephone number"),
        ("916-555-0143", "telephone number"),
        ("https://example.org/p/7", "web address"),
        ("10.20.30.40", "network address"),
    ],
)
def test_an_identifier_in_a_label_is_found_and_not_quoted(label: str, kind: str) -> None:
    (found,) = [f for f in find_identifiers("place", ["Alameda", label]) if f.kind == kind]
    assert (found.column, found.labels) == ("place", 1)
    assert label not in repr(found)


@pytest.mark.parametrize(
    "label",
    [
        "2024-01-31",
        "0 to 4",
        "65+",
        "2024-W05",
        "Los Angeles",
        "666-12-3456",
        "1,234,567",
        "7-ELEVEN #3",
    ],
)
def test_an_ordinary_label_is_no_identifier(label: str) -> None:
    assert find_identifiers("place", [label]) == ()
