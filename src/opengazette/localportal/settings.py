"""What a portal must be told before it starts, and how its passwords are kept."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opengazette.errors import SettingsInvalid

#: The publisher of a portal that only this machine can reach and that names nobody else.
LOOPBACK_PUBLISHER = "publisher"
LOOPBACK_PASSWORD = "publisher"  # noqa: S105 - known to all, refused beyond the loopback
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True)
class PortalSettings:
    """One portal: where it stores, what it is called, who may write, where it listens.

    `users` maps the name of a publisher to a password, or to what `hash_password` made of
    one. Without users, and on a loopback address only, there is one publisher, `publisher`,
    with the password `publisher`. `approve_public` lets a revision that is or becomes public
    wait until another publisher than its own approves it. `tls` serves HTTPS with a certificate
    of the portal's own, whose authority is `tls/authority.pem` in the folder. `allow_faults`
    lets a publisher make the portal fail in the ways that portals do, for tests; on a loopback
    address only.

    Raises:
        SettingsInvalid: others can reach the portal and no password of its own is set.
    """

    folder: Path
    title: str = "Open data"
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    host: str = "127.0.0.1"
    port: int = 8765
    refuse_plain_http: bool = False
    approve_public: bool = False
    tls: bool = False
    allow_faults: bool = False

    def __post_init__(self) -> None:
        if not is_loopback(self.host):
            _refuse_known_password(self.host, self.users)
            _refuse_faults(self.host, allowed=self.allow_faults)

    def publishers(self) -> Mapping[str, str]:
        """Return who may write, with password or hash."""
        return self.users or {LOOPBACK_PUBLISHER: LOOPBACK_PASSWORD}


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_known_password(host: str, users: Mapping[str, str]) -> None:
    known = [name for name, password in users.items() if password in {"", LOOPBACK_PASSWORD}]
    if users and not known:
        return
    problem = f"The portal would listen on {host}, which others can reach, but " + (
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


def hash_password(password: str) -> str:
    """Return a salted scrypt hash that `password_fits` understands."""
    salt = secrets.token_hex(16)
    return f"scrypt${salt}${_digest(password, salt)}"


def password_fits(password: str, kept: str) -> bool:
    """Compare a password with what is kept of it, a hash or the password, in constant time."""
    if kept.startswith("scrypt$") and kept.count("$") == 2:
        _, salt, digest = kept.split("$")
        return hmac.compare_digest(_digest(password, salt), digest)
    return hmac.compare_digest(password.encode(), kept.encode())


def _digest(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=salt.encode(), **_SCRYPT).hex()
