"""The setting that says how releases go to the portal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.errors import SettingsInvalid

ROOT = Path(__file__).parents[2]
DATASET = "contagious_diseases"
MB = 1_000_000


def world(tmp_path: Path, **given: str) -> World:
    return World(Settings(root=ROOT, var=tmp_path, portal_password="x", **given))


def test_small_differences_go_row_by_row_by_soda_alone(tmp_path: Path) -> None:
    for protocol, by_row in {"automatic": True, "soda": True, "revisions": False}.items():
        portal = world(tmp_path, portal_protocol=protocol).portal()
        assert portal.changes_rows(DATASET) == by_row
    reviewed = world(tmp_path, portal_reviewed=DATASET).portal()
    assert not reviewed.changes_rows(DATASET)
    assert reviewed.changes_rows("hospital_discharges")


def test_a_protocol_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_PORTAL_PROTOCOL"):
        world(tmp_path, portal_protocol="ftp")


def test_large_releases_and_those_of_reviewed_datasets_go_as_a_revision(tmp_path: Path) -> None:
    def goes(size: int, **given: str) -> str:
        sent = world(tmp_path, **given).portal()._sender_of(DATASET, size)
        return type(sent).__name__

    assert goes(100 * MB - 1) == "SodaSender"
    assert goes(100 * MB) == "LargeSender"
    assert goes(MB, portal_large_mb="1") == "LargeSender"
    assert goes(900 * MB, portal_protocol="soda") == "SodaSender"
    for protocol in ("automatic", "soda", "revisions"):
        assert goes(1, portal_protocol=protocol, portal_reviewed=DATASET) == "RevisionSender"


def test_a_dataset_to_be_reviewed_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="no dataset: contagious_disease\\."):
        world(tmp_path, portal_reviewed=f"{DATASET},contagious_disease").portal()
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_PORTAL_REVIEWED"):
        world(tmp_path, portal_reviewed="a; b")


@pytest.fixture
def without_socrata_py(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "socrata"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("revisions", "drafts", "revision_client"):
        monkeypatch.delitem(sys.modules, f"opengazette.adapters.portals.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "socrata", None)
    monkeypatch.setattr("opengazette.adapters.world.find_spec", lambda _name: None)


@pytest.mark.usefixtures("without_socrata_py")
@pytest.mark.parametrize(
    "asked", [{"portal_protocol": "revisions"}, {"portal_reviewed": DATASET}], ids=[*"ab"]
)
def test_a_protocol_whose_package_is_missing_says_what_to_install(
    tmp_path: Path, asked: dict[str, str]
) -> None:
    with pytest.raises(SettingsInvalid, match="socrata-py is not installed") as missing:
        world(tmp_path, **asked).portal()
    assert "opengazette[revisions]" in missing.value.remedy


@pytest.mark.usefixtures("without_socrata_py")
def test_without_socrata_py_large_releases_go_as_all_others_do(tmp_path: Path) -> None:
    sent = world(tmp_path).portal()._sender_of(DATASET, 900 * MB)
    assert type(sent).__name__ == "SodaSender"
