from __future__ import annotations

from pathlib import Path

import pytest

from opengazette.errors import SettingsInvalid
from opengazette.localportal import PortalSettings, create_app, hash_password
from opengazette.localportal.accounts import (
    Accounts,
    Role,
    accounts_file,
    change_accounts,
    new_account,
)
from opengazette.localportal.settings import is_loopback, password_fits
from opengazette.localportal.store import Store


@pytest.mark.parametrize(
    "users",
    [
        {},
        {"publisher": "publisher"},
        {"ann": "good", "bob": ""},
        {"ann": hash_password("publisher")},
    ],
    ids=["nobody", "the default password", "an empty password", "its hash"],
)
def test_a_portal_others_can_reach_needs_passwords_of_its_own(
    tmp_path: Path, users: dict[str, str]
) -> None:
    for host in ("0.0.0.0", "192.0.2.7", "data.example.gov", "::"):  # noqa: S104
        with pytest.raises(SettingsInvalid, match="password of its own"):
            PortalSettings(folder=tmp_path, host=host, users=users)


@pytest.mark.parametrize(
    ("role", "starts"), [("viewer", False), ("publisher", True), ("administrator", True)]
)
def test_others_reach_a_portal_once_its_file_has_somebody_who_may_write(
    tmp_path: Path, role: Role, starts: bool
) -> None:
    account = new_account("ann", role, "correct horse")
    change_accounts(tmp_path, lambda accounts: accounts.with_account(account))
    if starts:
        assert PortalSettings(folder=tmp_path, host="0.0.0.0").host == "0.0.0.0"  # noqa: S104
        return
    with pytest.raises(SettingsInvalid, match="no publisher is set"):
        PortalSettings(folder=tmp_path, host="0.0.0.0")  # noqa: S104


def test_a_file_of_accounts_that_is_none_stops_the_start(tmp_path: Path) -> None:
    accounts_file(tmp_path).write_text('{"accounts": [{"name": "ann"')
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        create_app(PortalSettings(folder=tmp_path))


def test_a_portal_of_this_machine_alone_has_one_publisher(tmp_path: Path) -> None:
    [account] = PortalSettings(folder=tmp_path).named_accounts(Accounts())
    assert account.name == "publisher"
    assert is_loopback("::1")
    assert is_loopback("localhost")


def test_settings_never_show_a_password(tmp_path: Path) -> None:
    settings = PortalSettings(folder=tmp_path, users={"ann": "correct horse"})
    assert "correct horse" not in repr(settings)


def test_a_hashed_password_fits_itself_alone() -> None:
    kept = hash_password("correct horse")
    assert "correct" not in kept
    assert kept != hash_password("correct horse")
    assert password_fits("correct horse", kept)
    assert not password_fits("correct horsE", kept)
    assert not password_fits(kept, kept)
    assert password_fits("plain", "plain")


def test_a_folder_keeps_its_name_between_openings(tmp_path: Path) -> None:
    first = Store(tmp_path / "portal")
    first.close()
    again = Store(tmp_path / "portal")
    assert again.folder_id == first.folder_id
    again.close()
    other = Store(tmp_path / "other")
    assert other.folder_id != first.folder_id
    other.close()
