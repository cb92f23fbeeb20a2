"""The world that the tasks of one process act in, opened when the first task asks for it."""

from __future__ import annotations

from functools import cache

from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World


@cache
def settings() -> Settings:
    """Return the settings of this process. Raises SettingsInvalid."""
    return Settings()


@cache
def world() -> World:
    """Return the adapters that the settings describe."""
    return World(settings())
