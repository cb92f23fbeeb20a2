"""Users of the local portal on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opengazette.cli.main import app
from opengazette.errors import SettingsInvalid
from opengazette.localportal import PortalSettings
from opengazette.localportal.accounts import read_accounts
from opengazette.localportal.doorkeeper import Doorkeeper
from opengazette.localportal.passwords import password_fits


@pytest.fixture(autouse=True)
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of an agency; commands run in it."""
    (tmp_path / "config").mkdir()
    monkeypatch.setenv("OPENGAZETTE_ROOT", str(tmp_path))
    return tmp_path / "var" / "portal"


def user(*words: str, typed: str | None = None) -> Result:
    result = CliRunner().invoke(app, ["portal", "user", *words], input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def shown_once(result: Result) -> str:
    found = re.search(r"not shown again: (\S+)", result.output)
    assert found, result.output
    return found[1]


def test_a_generated_password_is_shown_once_and_fits(office: Path) -> None:
    password = shown_once(user("add", "bob", "--role", "reviewer", "--generate"))
    account = read_accounts(office).named("bob")
    assert account.role == "reviewer"
    assert password_fits(password, account.password)
    listed = user("list").output
    assert "bob" in listed
    assert password not in listed


def test_a_typed_password_is_never_echoed(office: Path) -> None:
    typed = "correct horse battery"
    result = user("add", "ann", "--role", "publisher", typed=f"{typed}\n{typed}\n")
    assert typed not in result.output
    assert password_fits(typed, read_accounts(office).named("ann").password)


def test_a_rotated_password_takes_the_place_of_the_old_one(office: Path) -> None:
    old = shown_once(user("add", "bob", "--generate"))
    new = shown_once(user("rotate", "bob", "--generate"))
    kept = read_accounts(office).named("bob").password
    assert password_fits(new, kept)
    assert not password_fits(old, kept)


def test_a_key_is_given_and_taken_back(office: Path) -> None:
    user("add", "etl", "--role", "publisher", "--generate")
    token = shown_once(user("grant", "etl", "--kind", "oauth"))
    door = Doorkeeper(PortalSettings(folder=office))
    assert door.account(f"OAuth {token}", "here").name == "etl"
    [issued] = read_accounts(office).named("etl").issued
    assert issued.id in user("list").output
    user("revoke", issued.id)
    assert read_accounts(office).named("etl").issued == ()


def test_a_removed_user_is_gone(office: Path) -> None:
    user("add", "bob", "--generate")
    user("remove", "bob")
    assert read_accounts(office).accounts == ()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("remove", "nobody"), "no user 'nobody'"),
        (("rotate", "nobody", "--generate"), "no user 'nobody'"),
        (("grant", "nobody"), "no user 'nobody'"),
        (("revoke", "none"), "No user has a key"),
        (("add", "a:b", "--generate"), "name is not one"),
        (("add", "bob", "--generate"), "a user 'bob' already"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], problem: str) -> None:
    user("add", "bob", "--generate")
    with pytest.raises(SettingsInvalid, match=problem):
        user(*words)


def test_a_short_password_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="shorter than 12"):
        user("add", "ann", typed="short\nshort\n")
