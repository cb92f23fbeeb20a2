"""How the portal keeps what people and programs prove themselves with: never as it is."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

_SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """Return a salted scrypt hash that `password_fits` understands."""
    salt = secrets.token_hex(16)
    return f"scrypt${salt}${_digest(password, salt)}"


def password_fits(password: str, kept: str) -> bool:
    """Compare a password with what is kept of it, a hash or the password, in constant time."""
    if is_hash(kept):
        _, salt, digest = kept.split("$")
        return hmac.compare_digest(_digest(password, salt), digest)
    return hmac.compare_digest(password.encode(), kept.encode())


def is_hash(kept: str) -> bool:
    """Say whether this is what `hash_password` makes."""
    return kept.startswith("scrypt$") and kept.count("$") == 2


def drawn_secret() -> str:
    """Draw a secret of 256 bits, for a key, a token or a generated password."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is kept of a drawn secret: as nobody can guess it, a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _digest(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=salt.encode(), **_SCRYPT).hex()
