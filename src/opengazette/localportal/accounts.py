"""Who may do what: the accounts of a portal, kept in one file of its folder."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, Literal

from pydantic import ValidationError

from opengazette.errors import SettingsInvalid
from opengazette.localportal.passwords import digest_of, drawn_secret, hash_password
from opengazette.localportal.views import Kept

Role = Literal["viewer", "reviewer", "publisher", "administrator"]
Right = Literal["read_private", "review", "write", "administer"]
#: What each role may do; what is public anyone may read.
RIGHTS: Final[dict[Role, frozenset[Right]]] = {
    "viewer": frozenset({"read_private"}),
    "reviewer": frozenset({"read_private", "review"}),
    "publisher": frozenset({"read_private", "write"}),
    "administrator": frozenset({"read_private", "review", "write", "administer"}),
}
IssuedKind = Literal["key", "oauth", "app"]
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}")
SHORTEST_PASSWORD: Final = 12


class Issued(Kept):
    """A key, a token or an app token that an account was given; only its hash is kept."""

    kind: IssuedKind
    id: str
    digest: str
    made_at: int


class Account(Kept):
    """One person or program. `password` is what `hash_password` made."""

    name: str
    role: Role
    password: str
    issued: tuple[Issued, ...] = ()


class Accounts(Kept):
    """All accounts of a portal's file, by name."""

    accounts: tuple[Account, ...] = ()

    def find(self, name: str) -> Account | None:
        """Return the account of a name, or None."""
        return next((account for account in self.accounts if account.name == name), None)

    def named(self, name: str) -> Account:
        """Return the account of a name.

        Raises:
            SettingsInvalid: there is none.
        """
        found = self.find(name)
        if found is None:
            raise SettingsInvalid(
                f"The portal has no user {name!r}.",
                "See the names with `opengazette portal user list`.",
            )
        return found

    def with_account(self, account: Account) -> Accounts:
        """Return the accounts with one added, or in the place of the one of its name."""
        others = self.without(account.name).accounts
        return Accounts(accounts=tuple(sorted((*others, account), key=lambda one: one.name)))

    def without(self, name: str) -> Accounts:
        """Return the accounts but one."""
        return Accounts(accounts=tuple(one for one in self.accounts if one.name != name))


def accounts_file(folder: Path) -> Path:
    """Return where a portal's folder keeps its accounts."""
    return folder / "users.json"


def read_accounts(folder: Path) -> Accounts:
    """Read the accounts of a portal's folder; none where there is no file.

    Raises:
        SettingsInvalid: the file is not what `changing_accounts` writes.
    """
    file = accounts_file(folder)
    try:
        return Accounts.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Accounts()
    except (ValidationError, OSError):
        raise SettingsInvalid(
            f"The portal's users cannot be read from {file}.",
            "Put the file back from a copy, or remove it and add the users again.",
        ) from None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def change_accounts(folder: Path, change: Callable[[Accounts], Accounts]) -> None:
    """Change the accounts of a portal's folder, all at once; a portal at work sees it at once.

    Raises:
        SettingsInvalid: the file cannot be read, or what `change` raises.
    """
    with _held(folder):
        changed = change(read_accounts(folder))
        with NamedTemporaryFile("w", dir=folder, prefix="users.", delete=False) as made:
            made.write(changed.model_dump_json(indent=2))
            made.flush()
            os.fsync(made.fileno())
        Path(made.name).replace(accounts_file(folder))


def new_account(name: str, role: Role, password: str) -> Account:
    """Make an account.

    Raises:
        SettingsInvalid: the name has other characters than a name may have, or the password is
            too short.
    """
    if not _NAME.fullmatch(name):
        raise SettingsInvalid(
            "The user's name is not one.",
            "Use letters, digits and . _ @ + -, at most 80 of them.",
        )
    return Account(name=name, role=role, password=hash_password(_long_enough(password)))


def with_password(account: Account, password: str) -> Account:
    """Give an account another password; keys and tokens stay.

    Raises:
        SettingsInvalid: the password is too short.
    """
    return account.model_copy(update={"password": hash_password(_long_enough(password))})


def _long_enough(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise SettingsInvalid(
            f"The password is shorter than {SHORTEST_PASSWORD} characters.",
            "Choose a longer one, or let one be generated with --generate.",
        )
    return password


def issue(account: Account, kind: IssuedKind) -> tuple[Account, str, str]:
    """Give an account a key, a token or an app token; return it with the id and the secret."""
    identity, secret = secrets.token_hex(12), drawn_secret()
    made = Issued(kind=kind, id=identity, digest=digest_of(secret), made_at=int(time.time()))
    return account.model_copy(update={"issued": (*account.issued, made)}), identity, secret


def revoke(accounts: Accounts, identity: str) -> Accounts:
    """Take back a key, a token or an app token by its id.

    Raises:
        SettingsInvalid: no account has it.
    """
    for account in accounts.accounts:
        left = tuple(one for one in account.issued if one.id != identity)
        if len(left) < len(account.issued):
            return accounts.with_account(account.model_copy(update={"issued": left}))
    raise SettingsInvalid(
        "No user has a key or token of this id.",
        "See the ids with `opengazette portal user list`.",
    )
