"""What a person may set, and what a wrong setting says."""

from __future__ import annotations

from pathlib import Path

import pytest

from opengazette.adapters.services import prefect_service, worker_service
from opengazette.adapters.settings import Settings, own_root, package_folder, written_folder
from opengazette.errors import SettingsInvalid


@pytest.fixture(autouse=True)
def _no_settings_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("OPENGAZETTE_"):
            monkeypatch.delenv(name)
    (tmp_path / "config").mkdir()
    monkeypatch.chdir(tmp_path)


def test_a_folder_with_a_configuration_is_the_root_and_writes_below_var(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.root == tmp_path
    assert settings.var == tmp_path / "var"
    assert settings.portal_address == "http://127.0.0.1:8910"
    assert settings.prefect_url == "http://127.0.0.1:4210"


def test_elsewhere_the_package_brings_its_configuration_and_writes_to_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    settings = Settings()
    assert settings.root == package_folder()
    assert settings.var == empty / "var"


def test_the_environment_outranks_the_file_and_the_call_outranks_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "PREFECT_LOGGING_LEVEL=INFO\nOPENGAZETTE_PORTAL_PORT=9001\nOPENGAZETTE_PORTAL_USER=file\n"
    )
    monkeypatch.setenv("OPENGAZETTE_PORTAL_PORT", "9002")
    assert Settings().portal_port == 9002
    assert Settings().portal_user == "file"
    assert Settings(portal_port=9003).portal_port == 9003


def test_the_root_may_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agency").mkdir()
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(tmp_path / "agency"))
    assert Settings().root == tmp_path / "agency"
    assert Settings().var == tmp_path / "agency" / "var"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_PORT", "eighty"),
        ("PORTAL_PORT", "70000"),
        ("PREFECT_PORT", "0"),
        ("PORTAL_URL", "portal.example.gov"),
        ("PORTAL_URL", "https://user:hunter2@portal.example.gov"),
        ("PORTAL_USER", ""),
    ],
)
def test_an_impossible_setting_is_named_and_not_quoted(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OPENGAZETTE_{name}", value)
    with pytest.raises(SettingsInvalid, match=f"OPENGAZETTE_{name}") as refused:
        Settings()
    assert not value or value not in str(refused.value)


def test_a_misspelt_setting_is_refused_with_the_right_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENGAZETTE_PORTAL_PROT", "9001")
    with pytest.raises(SettingsInvalid, match="Did you mean OPENGAZETTE_PORTAL_PORT"):
        Settings()


def test_the_password_is_never_shown() -> None:
    settings = Settings(portal_password="hunter2")
    assert "hunter2" not in repr(settings)
    assert settings.portal_password is not None
    assert settings.portal_password.get_secret_value() == "hunter2"


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_ROOT names no folder"):
        Settings(root=tmp_path / "absent")


@pytest.mark.parametrize("obstacle", ["var", "var/run"])
def test_a_folder_that_cannot_be_written_is_named_with_its_setting(
    tmp_path: Path, obstacle: str
) -> None:
    file = tmp_path / obstacle
    file.parent.mkdir(exist_ok=True)
    file.touch()
    with pytest.raises(SettingsInvalid, match="Nothing can be written to .*var") as refused:
        written_folder(Settings(), "run")
    assert "OPENGAZETTE_VAR" in refused.value.remedy


def test_the_configuration_of_the_package_is_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_root(Settings()) == tmp_path
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(SettingsInvalid, match="neither changed nor published elsewhere"):
        own_root(Settings())


def test_only_the_prefect_server_is_told_of_its_database(tmp_path: Path) -> None:
    address = "postgresql+asyncpg://prefect:hunter2@db.example.org/prefect"
    settings = Settings(prefect_database=address)
    name = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
    assert prefect_service(settings).environment[name] == address
    assert name not in worker_service(settings).environment
    assert "hunter2" not in repr(settings)
    own = prefect_service(Settings()).environment[name]
    assert own == f"sqlite+aiosqlite:///{tmp_path}/var/prefect/prefect.db"


def test_a_database_that_prefect_cannot_use_is_refused_without_its_password() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Settings(prefect_database="mysql://prefect:hunter2@db.example.org/prefect")
    assert "OPENGAZETTE_PREFECT_DATABASE" in str(refused.value)
    assert "postgresql+asyncpg://" in str(refused.value)
    assert "hunter2" not in str(refused.value)
