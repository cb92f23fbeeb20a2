"""A Socrata-compatible portal of its own: reads, writes, catalogue and pages on one folder."""

from opengazette.localportal.passwords import hash_password
from opengazette.localportal.server import create_app, serve
from opengazette.localportal.settings import PortalSettings

__all__ = ["PortalSettings", "create_app", "hash_password", "serve"]
