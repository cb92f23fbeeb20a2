"""The command that serves the local portal."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from opengazette.adapters.services import portal_identity, refuse_taken
from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli import portal_users

app = typer.Typer(help="The local portal.", no_args_is_help=True)
app.add_typer(portal_users.app, name="user")


@app.callback()
def portal() -> None:
    """Serve the local portal."""


@app.command()
def serve(
    *,
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve HTTPS, with a certificate of the portal's own.")
    ] = False,
    approve_public: Annotated[
        bool,
        typer.Option(
            "--approve-public",
            help="Let revisions of public datasets wait until another publisher approves them.",
        ),
    ] = False,
    writes_per_minute: Annotated[
        int, typer.Option(min=0, help="Writes that each user has in a minute; 0 is no bound.")
    ] = 0,
) -> None:
    """Serve the local portal in the foreground."""
    from opengazette.localportal import server
    from opengazette.localportal.settings import PortalSettings

    settings = Settings()
    written_folder(settings, "run")
    refuse_taken(settings.portal_port, "OPENGAZETTE_PORTAL_PORT", "the local portal")
    portal = PortalSettings(
        folder=settings.var / "portal",
        users={settings.portal_user: _password(settings)},
        roles={settings.portal_user: "publisher"},
        host=settings.portal_host,
        port=settings.portal_port,
        approve_public=approve_public,
        tls=tls,
        writes_per_minute=writes_per_minute,
        memory_mb=settings.portal_memory_mb,
    )

    def opened(identity: str) -> None:
        _note_identity(settings, identity)
        typer.echo(f"The portal: {'https' if tls else 'http'}://{portal.host}:{portal.port}")
        if tls:
            authority = portal.folder / "tls" / "authority.pem"
            typer.echo(f"Clients trust it with REQUESTS_CA_BUNDLE={authority}")

    server.serve(portal, opened)


def _password(settings: Settings) -> str:
    if settings.portal_password is not None:
        return settings.portal_password.get_secret_value()
    return _kept_secret(settings.portal_secret_file)


def _kept_secret(file: Path) -> str:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32))
    return file.read_text().strip()


def _note_identity(settings: Settings, identity: str) -> None:
    file = portal_identity(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(identity)
