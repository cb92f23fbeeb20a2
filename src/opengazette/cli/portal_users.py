"""The commands that say who may do what at the local portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Table

from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli.terminal import console
from opengazette.errors import SettingsInvalid
from opengazette.localportal.accounts import (
    Accounts,
    IssuedKind,
    Role,
    change_accounts,
    issue,
    new_account,
    read_accounts,
    revoke,
    with_password,
)
from opengazette.localportal.passwords import drawn_secret

app = typer.Typer(help="Who may do what at the local portal.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The user.")]
_Generate = Annotated[
    bool, typer.Option("--generate", help="Draw a password and show it once, here.")
]
_SHOWN: dict[IssuedKind, str] = {
    "key": "API key secret",
    "oauth": "OAuth token",
    "app": "App token",
}


@app.command()
def add(
    name: _Name,
    *,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = "viewer",
    generate: _Generate = False,
) -> None:
    """Add a user, with a password that is asked for or drawn."""
    password = _new_password(generate=generate)

    def added(accounts: Accounts) -> Accounts:
        if accounts.find(name) is not None:
            raise SettingsInvalid(
                f"The portal has a user {name!r} already.",
                "Give another password with `opengazette portal user rotate`, or another name.",
            )
        return accounts.with_account(new_account(name, role, password))

    _change(added)
    _tell(f"Added {name}, {role}.", "Password", password if generate else None)


@app.command(name="list")
def list_users() -> None:
    """List the users, their roles, and the ids of their keys and tokens."""
    table = Table("User", "Role", "Keys and tokens", box=None, pad_edge=False)
    for account in read_accounts(Settings().var / "portal").accounts:
        given = ", ".join(f"{one.kind} {one.id}" for one in account.issued)
        table.add_row(account.name, account.role, given or "none")
    console().print(table)


@app.command()
def remove(name: _Name) -> None:
    """Remove a user with every key and token; a portal at work lets the user in no more."""
    _change(lambda accounts: accounts.without(accounts.named(name).name))
    typer.echo(f"Removed {name}.")


@app.command()
def rotate(name: _Name, *, generate: _Generate = False) -> None:
    """Give a user another password; keys and tokens stay as they are."""
    read_accounts(Settings().var / "portal").named(name)
    password = _new_password(generate=generate)
    _change(lambda accounts: accounts.with_account(with_password(accounts.named(name), password)))
    _tell(f"{name} has another password.", "Password", password if generate else None)


@app.command()
def grant(
    name: _Name,
    *,
    kind: Annotated[
        IssuedKind, typer.Option(help="An API key, an OAuth token or an app token.")
    ] = "key",
) -> None:
    """Give a user's program a key or a token, shown once, here."""
    given: list[str] = []

    def granted(accounts: Accounts) -> Accounts:
        account, identity, secret = issue(accounts.named(name), kind)
        given[:] = [identity, secret]
        return accounts.with_account(account)

    _change(granted)
    _tell(f"{name} has another {kind}, {given[0]}.", _SHOWN[kind], given[1])


@app.command(name="revoke")
def revoke_issued(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The key or token.")],
) -> None:
    """Take back a key or a token by its id."""
    _change(lambda accounts: revoke(accounts, identity))
    typer.echo(f"Took back {identity}.")


def _change(change: Callable[[Accounts], Accounts]) -> None:
    change_accounts(written_folder(Settings(), "portal"), change)


def _new_password(*, generate: bool) -> str:
    if generate:
        return drawn_secret()
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _tell(done: str, what: str, secret: str | None) -> None:
    typer.echo(done)
    if secret is not None:
        typer.echo(f"{what}, which is not shown again: {secret}")
