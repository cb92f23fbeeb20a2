"""The world that the tasks of one process act in, opened when the first task asks for it."""

from __future__ import annotations

from functools import cache

from prefect.blocks.system import Secret
from pydantic import SecretStr

from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.errors import SettingsInvalid


@cache
def settings() -> Settings:
    """Return the settings of this process, with what a Prefect block keeps secret.

    Raises:
        SettingsInvalid: a setting is wrong, or the block cannot be read.
    """
    found = Settings()
    if found.portal_password is not None or found.portal_block is None:
        return found
    return Settings(portal_password=_secret(found.portal_block))


def _secret(name: str) -> SecretStr:
    try:
        kept = Secret.load(name, _sync=True).get()  # type: ignore[call-arg, union-attr]
    except Exception as error:  # noqa: BLE001 - its text may hold what the block keeps
        raise SettingsInvalid(
            f"The Prefect block 'secret/{name}' cannot be read ({type(error).__name__}).",
            "Make a block of type Secret with that name in Prefect, or correct "
            "OPENGAZETTE_PORTAL_BLOCK.",
        ) from None
    return SecretStr(str(kept))


@cache
def world() -> World:
    """Return the adapters that the settings describe."""
    return World(settings())
