"""The portal's password from a Prefect block: read where none is given, and shown to nobody."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.blocks.system import Secret

from opengazette.adapters.settings import Settings
from opengazette.errors import SettingsInvalid
from opengazette.tasks import world

CANARY = "hunter2-078-05-1120"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PASSWORD", "URL"):
        monkeypatch.delenv(f"OPENGAZETTE_PORTAL_{name}", raising=False)
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(tmp_path))
    monkeypatch.setenv("OPENGAZETTE_PORTAL_BLOCK", "portal-password")
    return tmp_path


def keeping(monkeypatch: pytest.MonkeyPatch, kept: Any) -> list[str]:
    asked: list[str] = []

    def load(name: str, **_named: Any) -> Any:
        asked.append(name)
        if isinstance(kept, Exception):
            raise kept
        return SimpleNamespace(get=lambda: kept)

    monkeypatch.setattr(Secret, "load", load)
    return asked


def read() -> Settings:
    return world.settings.__wrapped__()


def test_flows_read_the_password_from_the_block_and_show_it_to_nobody(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = keeping(monkeypatch, CANARY)
    found = read()
    assert found.portal_password is not None
    assert found.portal_password.get_secret_value() == CANARY
    assert CANARY not in repr(found)
    assert (asked, found.root) == (["portal-password"], root)


@pytest.mark.usefixtures("root")
def test_what_the_environment_says_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = keeping(monkeypatch, CANARY)
    monkeypatch.setenv("OPENGAZETTE_PORTAL_PASSWORD", "given")
    found = read()
    assert found.portal_password is not None
    assert found.portal_password.get_secret_value() == "given"
    assert asked == []


@pytest.mark.usefixtures("root")
def test_a_block_that_cannot_be_read_is_named_and_nothing_of_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keeping(monkeypatch, ValueError(CANARY))
    with pytest.raises(SettingsInvalid, match=r"'secret/portal-password'.*ValueError") as refused:
        read()
    assert CANARY not in str(refused.value)
    assert refused.value.__cause__ is None
