"""Numbers with a check digit are found where Presidio is installed, and never quoted."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from opengazette.adapters import identifier_scan
from opengazette.adapters.contracts import load_contract
from opengazette.adapters.identifier_scan import scan_extract
from opengazette.adapters.recogniser import PresidioNumbers, installed_recogniser
from opengazette.disclosure.identifiers.texts import IdentifierFound, Recogniser

CONTRACT = load_contract(Path(__file__).parents[2], "restaurant_inspections")
TEXT = next(
    name
    for name, column in CONTRACT.columns.items()
    if column.role not in ("identifier", "measure") and column.not_identifying is None
)


def scanned(
    folder: Path, labels: list[str], eyes: Recogniser | None, monkeypatch: pytest.MonkeyPatch
) -> dict[str, int]:
    monkeypatch.setattr(identifier_scan, "installed_recogniser", lambda: eyes)
    file = folder / "extract.parquet"
    pd.DataFrame({TEXT: pd.array(labels, dtype="string")}).to_parquet(file)
    return {found.kind: found.labels for found in scan_extract(file, CONTRACT)}


def cards(column: str, labels: Iterable[str]) -> tuple[IdentifierFound, ...]:
    number = sum(label.startswith("4111") for label in labels)
    return (IdentifierFound(column, "account number", number),) if number else ()


def test_a_recogniser_adds_to_what_is_found_and_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = ["4111 1111 1111 1111", "a.b@example.org", "Kern"]
    without = scanned(tmp_path, labels, None, monkeypatch)
    beside = scanned(tmp_path, labels, cards, monkeypatch)
    assert without == {"e-mail address": 1}
    assert beside == without | {"account number": 1}


def test_without_presidio_there_is_no_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opengazette.adapters.recogniser.find_spec", lambda _name: None)
    assert installed_recogniser() is None


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("4111 1111 1111 1111", "account number"),
        ("GB82WEST12345698765432", "account number"),
        ("BB1388568", "certificate or licence number"),
        ("1EG4-TE5-MK73", "health plan number"),
        ("911-90-1234", "taxpayer number"),
    ],
)
def test_a_number_of_one_person_is_found_by_its_check_digit(label: str, kind: str) -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra 'recogniser' is not installed")
    (found,) = PresidioNumbers()("place", ["Alameda", label])
    assert (found.kind, found.labels) == (kind, 1)
    assert label not in repr(found)


@pytest.mark.parametrize(
    "label", ["4111 1111 1111 1112", "2024-01-31", "0 to 4", "95814", "1,234,567", "Los Angeles 3"]
)
def test_an_ordinary_label_has_no_check_digit(label: str) -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra 'recogniser' is not installed")
    assert PresidioNumbers()("place", [label]) == ()


def test_presidio_logs_no_text(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra 'recogniser' is not installed")
    with caplog.at_level(logging.DEBUG):
        PresidioNumbers()("place", ["GB82WEST12345698765432", "4111 1111 1111 1111", "XX00 1234"])
        logging.getLogger("presidio-analyzer").error("XX00 1234")
    assert "XX00" not in caplog.text
    assert "4111" not in caplog.text
