"""The command that serves the local portal."""

from __future__ import annotations

import secrets
from pathlib import Path

import typer

from opengazette.adapters.services import portal_identity, refuse_taken
from opengazette.adapters.settings import Settings, written_folder

app = typer.Typer(help="The local portal.", no_args_is_help=True)


@app.callback()
def portal() -> None:
    """Serve the local portal."""


@app.command()
def serve() -> None:
    """Serve the local portal in the foreground."""
    import uvicorn

    from opengazette.localportal.server import create_app
    from opengazette.localportal.settings import PortalSettings

    settings = Settings()
    written_folder(settings, "run")
    refuse_taken(settings.portal_port, "OPENGAZETTE_PORTAL_PORT", "the local portal")
    site = create_app(
        PortalSettings(
            folder=settings.var / "portal",
            users={settings.portal_user: _password(settings)},
            host=settings.portal_host,
            port=settings.portal_port,
        )
    )
    _note_identity(settings, site.state.portal.store.folder_id)
    typer.echo(f"The portal: http://{settings.portal_host}:{settings.portal_port}")
    uvicorn.run(
        site,
        host=settings.portal_host,
        port=settings.portal_port,
        log_level="warning",
        access_log=False,
    )


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
