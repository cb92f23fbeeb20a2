"""Who asks: credentials checked in constant time, guesses slowed down, writes counted."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, TypeVar

from opengazette.errors import SettingsInvalid
from opengazette.localportal.accounts import (
    Account,
    Accounts,
    Issued,
    IssuedKind,
    accounts_file,
    read_accounts,
)
from opengazette.localportal.passwords import digest_of, hash_password, password_fits
from opengazette.localportal.problems import login_needed, too_many
from opengazette.localportal.settings import PortalSettings

#: Wrong credentials from one address within the time before it has to wait.
MOST_FAILURES: Final = 20
FAILURES_SECONDS: Final = 60.0
_MOST_REMEMBERED: Final = 10_000
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_WRONG: Final = "Invalid username or password"


class Doorkeeper:
    """Knows the accounts of a portal, those of its settings and those of its file.

    The file is read again when it changes: a user who is removed is out at once. Credentials
    that fitted are remembered as a keyed hash, so that the slow one is made once.
    """

    def __init__(
        self, settings: PortalSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._kept = Accounts()
        self._fitted: OrderedDict[bytes, None] = OrderedDict()
        self._key = secrets.token_bytes(32)
        self._nobody = hash_password(secrets.token_hex(16))
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._writes: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._accounts()

    def account(self, authorization: str, address: str) -> Account:
        """Return whose credentials these are: Basic with a password or a key, or OAuth.

        Raises:
            Problem: 403 where they are nobody's; 429 after too many wrong ones from an address.
        """
        scheme, _, sent = authorization.partition(" ")
        if scheme.lower() == "oauth":
            return self._of_token(sent.strip(), address)
        if scheme.lower() != "basic":
            raise login_needed(_WRONG)
        name, password = _decoded(sent)
        accounts = self._accounts()
        for account in accounts.accounts:
            for key in _issued(account, "key"):
                if key.id == name:
                    return self._admit(_drawn_fits(password, key), account, address)
        found = accounts.find(name)
        return self._admit(self._fits(name, password, found, address), found, address)

    def known_app_token(self, token: str) -> bool:
        """Say whether an app token is one of the portal's; any is, where it gave out none."""
        given = [one for account in self._accounts().accounts for one in _issued(account, "app")]
        fits = [_drawn_fits(token, one) for one in given]
        return not given or any(fits)

    def count_write(self, name: str) -> None:
        """Count one write of an account.

        Raises:
            Problem: 429 beyond what the settings allow in a minute.
        """
        most = self._settings.writes_per_minute
        if not most:
            return
        with self._lock:
            now = self._clock()
            left, since = self._writes.pop(name, (float(most), now))
            left = min(float(most), left + (now - since) * most / 60)
            self._writes[name] = (max(left - 1, 0.0) if left >= 1 else left, now)
            _forget_oldest(self._writes)
        if left < 1:
            raise too_many((1 - left) * 60 / most)

    def _of_token(self, token: str, address: str) -> Account:
        owner: Account | None = None
        for account in self._accounts().accounts:
            for one in _issued(account, "oauth"):
                if _drawn_fits(token, one):
                    owner = account
        return self._admit(owner is not None, owner, address)

    def _admit(self, fits: bool, account: Account | None, address: str) -> Account:  # noqa: FBT001
        if fits and account is not None:
            return account
        self._refuse_guesser(address)
        with self._lock:
            self._recent(address).append(self._clock())
        raise login_needed(_WRONG)

    def _refuse_guesser(self, address: str) -> None:
        with self._lock:
            failures = self._recent(address)
            if len(failures) >= MOST_FAILURES:
                raise too_many(failures[0] + FAILURES_SECONDS - self._clock())

    def _recent(self, address: str) -> deque[float]:
        failures = self._failures.pop(address, deque())
        while failures and failures[0] <= self._clock() - FAILURES_SECONDS:
            failures.popleft()
        self._failures[address] = failures
        _forget_oldest(self._failures)
        return failures

    def _fits(self, name: str, password: str, found: Account | None, address: str) -> bool:
        """Compare a password, unless it fitted before, or the address guessed too often."""
        kept = self._nobody if found is None else found.password
        sent = "\0".join((name, kept, password)).encode()
        proof = hmac.digest(self._key, sent, "sha256")
        with self._lock:
            if proof in self._fitted:
                return True
        self._refuse_guesser(address)
        if not password_fits(password, kept):
            return False
        with self._lock:
            self._fitted[proof] = None
            _forget_oldest(self._fitted)
        return True

    def _accounts(self) -> Accounts:
        try:
            found = accounts_file(self._settings.folder).stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
        except FileNotFoundError:
            stamp = (0, 0, 0)
        with self._lock:
            if stamp != self._stamp:
                self._kept = self._all_accounts()
                self._stamp = stamp
            return self._kept

    def _all_accounts(self) -> Accounts:
        """Return everybody. A file that went bad at work lets nobody of the file in."""
        try:
            kept = read_accounts(self._settings.folder)
        except SettingsInvalid:
            if self._stamp is None:
                raise
            kept = Accounts()
        for account in self._settings.named_accounts(kept):
            kept = kept.with_account(account)
        return kept


def _issued(account: Account, kind: IssuedKind) -> list[Issued]:
    return [one for one in account.issued if one.kind == kind]


def _drawn_fits(secret: str, kept: Issued) -> bool:
    return hmac.compare_digest(digest_of(secret), kept.digest)


def _forget_oldest(remembered: OrderedDict[_Key, _Value]) -> None:
    while len(remembered) > _MOST_REMEMBERED:
        remembered.popitem(last=False)


def _decoded(encoded: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        decoded = ""
    name, colon, password = decoded.partition(":")
    if not colon:
        raise login_needed(_WRONG)
    return name, password
