"""The setting that says how releases go to the portal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.errors import SettingsInvalid

ROOT = Path(__file__).parents[2]


def world(tmp_path: Path, **given: str) -> World:
    return World(Settings(root=ROOT, var=tmp_path, portal_password="x", **given))


def test_small_differences_go_row_by_row_by_soda_alone(tmp_path: Path) -> None:
    assert world(tmp_path).portal().changes_rows
    assert not world(tmp_path, portal_protocol="revisions").portal().changes_rows


def test_a_protocol_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_PORTAL_PROTOCOL"):
        world(tmp_path, portal_protocol="ftp")


def test_a_protocol_whose_package_is_missing_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "socrata"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("revisions", "drafts", "revision_client"):
        monkeypatch.delitem(sys.modules, f"opengazette.adapters.portals.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "socrata", None)
    with pytest.raises(SettingsInvalid, match="socrata-py is not installed") as missing:
        world(tmp_path, portal_protocol="revisions").portal()
    assert "opengazette[revisions]" in missing.value.remedy
