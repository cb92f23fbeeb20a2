"""What a checkout or an agency's folder may set: from the environment and `.env` in the root."""

from __future__ import annotations

import difflib
import os
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from opengazette.errors import SettingsInvalid

_PREFIX = "OPENGAZETTE_"


class Settings(BaseSettings):
    """The settings, each read from `OPENGAZETTE_<NAME>`; the environment outranks `.env`.

    Raises:
        SettingsInvalid: a setting has an impossible value, or a name that does not exist.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    root: Path = Field(description="the folder that holds config/ and expectations/")
    var: Path = Field(description="the folder that everything is written to")
    portal_host: str = Field(default="127.0.0.1", description="where the local portal listens")
    portal_port: int = Field(default=8910, ge=1, le=65535, description="its port")
    portal_memory_mb: int = Field(
        default=512, ge=128, description="megabytes that the local portal's database may hold"
    )
    portal_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/@]+$",
        description="the portal that releases go to; absent: the local one",
    )
    portal_user: str = Field(default="publisher", min_length=1, description="user or API key id")
    portal_password: SecretStr | None = Field(
        default=None,
        description="password or API key secret; absent: the local portal's own secret",
    )
    portal_block: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+$",
        description="Prefect Secret block from which flows read that password, where none is given",
    )
    portal_app_token: SecretStr | None = Field(
        default=None, description="application token, against throttling"
    )
    portal_protocol: Literal["automatic", "soda", "revisions"] = Field(
        default="automatic",
        description="how releases go to the portal: piece by piece, each as one revision, or the "
        "large ones so",
    )
    portal_large_mb: int = Field(
        default=100, ge=1, description="from how many megabytes on a release is a large one"
    )
    portal_reviewed: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*)?$",
        description="ids of the datasets that the portal's reviewers are to see, between commas",
    )
    archive_url: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*$",
        description="s3://bucket/prefix of the archive; absent: the folder archive below var",
    )
    archive_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/@]+$",
        description="address of an object store that is not Amazon's",
    )
    notify_block: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9-]+/[A-Za-z0-9_-]+$",
        description="Prefect block that is told what needs a person, as type/name",
    )
    prefect_port: int = Field(default=4210, ge=1, le=65535, description="Prefect server's port")
    prefect_database: SecretStr | None = Field(
        default=None,
        description="address of the PostgreSQL database that the Prefect server keeps its state "
        "in; absent: a file below var",
    )

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - any setting
        env_file = _root(given) / ".env"
        _refuse_unknown(set(given), env_file)
        try:
            super().__init__(_env_file=env_file, **given)
        except ValidationError as error:
            raise SettingsInvalid(*_explain(error)) from None

    @field_validator("prefect_database")
    @classmethod
    def _of_postgresql(cls, given: SecretStr | None) -> SecretStr | None:
        if given and not given.get_secret_value().startswith("postgresql+asyncpg://"):
            raise ValueError("it starts with postgresql+asyncpg://")
        return given

    @model_validator(mode="before")
    @classmethod
    def _places(cls, given: dict[str, Any]) -> dict[str, Any]:
        root = _root(given)
        if not root.is_dir():
            raise SettingsInvalid(
                f"{_PREFIX}ROOT names no folder: {root}.",
                "Set it to the folder that holds config/, or leave it out.",
            )
        own = root == package_folder()
        var = given.get("var") or (Path.cwd() if own else root) / "var"
        return {**given, "root": root, "var": Path(var).expanduser().absolute()}

    @property
    def portal_address(self) -> str:
        """Return the address of the portal that releases go to."""
        return self.portal_url or f"http://{self.portal_host}:{self.portal_port}"

    @property
    def prefect_url(self) -> str:
        """Return the address of the Prefect server; its API lies below at /api."""
        return f"http://127.0.0.1:{self.prefect_port}"

    @property
    def portal_secret_file(self) -> Path:
        """Return where the local portal keeps the password of its publisher."""
        return self.var / "portal" / "publisher.secret"


def written_folder(settings: Settings, name: str) -> Path:
    """Return a folder below `var`, made where it is absent.

    Raises:
        SettingsInvalid: it cannot be made or written to.
    """
    folder = settings.var / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(settings, error.strerror) from None
    if not os.access(folder, os.W_OK):
        raise _not_written(settings, "Permission denied")
    return folder


def _not_written(settings: Settings, why: str | None) -> SettingsInvalid:
    return SettingsInvalid(
        f"Nothing can be written to {settings.var} ({why}).",
        f"Give yourself the right to write there, or set {_PREFIX}VAR to another folder.",
    )


def own_root(settings: Settings) -> Path:
    """Return the root where its configuration is an agency's or a checkout's own.

    Raises:
        SettingsInvalid: it is the package's own, which every folder of this machine shares.
    """
    if settings.root == package_folder():
        raise SettingsInvalid(
            f"{Path.cwd()} has no config/, and the demonstration's, which the package brings, is "
            "neither changed nor published elsewhere.",
            "Go to the folder that holds config/, or set OPENGAZETTE_ROOT.",
        )
    return settings.root


def package_folder() -> Path:
    """Return the folder of the package, which brings a configuration of its own."""
    return Path(str(files("opengazette")))


def _root(given: dict[str, Any]) -> Path:
    named = given.get("root") or os.environ.get(f"{_PREFIX}ROOT")
    if named:
        return Path(named).expanduser().absolute()
    here = Path.cwd()
    return here if (here / "config").is_dir() else package_folder()


def _refuse_unknown(given: set[str], env_file: Path) -> None:
    written = dotenv_values(env_file, interpolate=False) if env_file.is_file() else {}
    outside = [name for name in (*os.environ, *written) if name.upper().startswith(_PREFIX)]
    named = given | {name[len(_PREFIX) :].lower() for name in outside}
    for name in sorted(named - set(Settings.model_fields)):
        near = difflib.get_close_matches(name, Settings.model_fields, n=1)
        hint = f"Did you mean {_PREFIX}{near[0].upper()}?" if near else "Leave it out."
        raise SettingsInvalid(f"There is no setting {_PREFIX}{name.upper()}.", hint)


def _explain(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    name = f"{_PREFIX}{'_'.join(map(str, first['loc'])).upper()}"
    return (
        f"The setting {name} is impossible: {first['msg']}.",
        "Correct it in the environment or in .env of the root folder.",
    )
