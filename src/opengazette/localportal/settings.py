"""What a portal must be told before it starts."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opengazette.errors import SettingsInvalid
from opengazette.localportal.accounts import RIGHTS, Account, Accounts, Role, read_accounts
from opengazette.localportal.passwords import hash_password, password_fits
from opengazette.localportal.store import MEMORY_MB

__all__ = ["PortalSettings", "hash_password", "is_loopback", "password_fits"]

#: The publisher of a portal that only this machine can reach and that names nobody else.
LOOPBACK_PUBLISHER = "publisher"
LOOPBACK_PASSWORD = "publisher"  # noqa: S105 - known to all, refused beyond the loopback


@dataclass(frozen=True)
class PortalSettings:
    """One portal: where it stores, what it is called, who may write, where it listens.

    `users` maps names to passwords, or to what `hash_password` made of them; `roles` says what
    each of them may be, everything where it says nothing. More accounts are in `users.json` of
    the folder. Without any, and on a loopback address only, there is one publisher, `publisher`,
    with the password `publisher`. `writes_per_minute` bounds the writes of each account; 0 is no
    bound. `approve_public` lets a revision that is or becomes public
    wait until another publisher than its own approves it. `tls` serves HTTPS with a certificate
    of the portal's own, whose authority is `tls/authority.pem` in the folder. `allow_faults`
    lets a publisher make the portal fail in the ways that portals do, for tests; on a loopback
    address only. `memory_mb` is what the database may hold in memory, in megabytes, whatever the
    size of the tables; the process itself takes 200 to 400 besides.

    Raises:
        SettingsInvalid: others can reach the portal and no password of its own is set.
    """

    folder: Path
    title: str = "Open data"
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    roles: Mapping[str, Role] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 8765
    refuse_plain_http: bool = False
    approve_public: bool = False
    tls: bool = False
    allow_faults: bool = False
    writes_per_minute: int = 0
    memory_mb: int = MEMORY_MB

    def __post_init__(self) -> None:
        if not is_loopback(self.host):
            _refuse_known_password(self)
            _refuse_faults(self.host, allowed=self.allow_faults)

    def named_accounts(self, kept: Accounts) -> tuple[Account, ...]:
        """Return the accounts that the settings name, or the one that all know if `kept` has none.

        A name of the settings outranks the same name in the file.
        """
        users = self.users
        if not users and not kept.accounts and is_loopback(self.host):
            users = {LOOPBACK_PUBLISHER: LOOPBACK_PASSWORD}
        return tuple(
            Account(name=name, role=self.roles.get(name, "administrator"), password=password)
            for name, password in users.items()
        )


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_known_password(settings: PortalSettings) -> None:
    """Refuse a portal for others in which somebody has a password that all know, or nobody one."""
    accounts = (*settings.named_accounts(Accounts()), *read_accounts(settings.folder).accounts)
    known = [
        account.name
        for account in accounts
        if any(password_fits(weak, account.password) for weak in ("", LOOPBACK_PASSWORD))
    ]
    writes = any("write" in RIGHTS[account.role] for account in accounts)
    if writes and not known:
        return
    problem = f"The portal would listen on {settings.host}, which others can reach, but " + (
        f"{known[0]!r} has the default password." if known else "no publisher is set."
    )
    raise SettingsInvalid(
        problem, "Set a publisher with a password of its own, or listen on 127.0.0.1."
    )


def _refuse_faults(host: str, *, allowed: bool) -> None:
    if allowed:
        raise SettingsInvalid(
            f"The portal would listen on {host}, which others can reach, and fail on demand.",
            "Leave allow_faults out, or listen on 127.0.0.1.",
        )
