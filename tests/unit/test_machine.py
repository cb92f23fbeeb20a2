"""The name of a machine in a ledger that several share, and where the archive lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from opengazette.adapters.machine import machine_name
from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.errors import SettingsInvalid

CHECKOUT = Path(__file__).parents[2]


def settings(var: Path, **more: str) -> Settings:
    return Settings(root=CHECKOUT, var=var, **more)


def test_a_folder_keeps_its_name_and_no_two_folders_have_the_same(tmp_path: Path) -> None:
    first, second = settings(tmp_path / "a"), settings(tmp_path / "b")
    assert machine_name(first) == machine_name(first) != machine_name(second)
    assert [p.name for p in (tmp_path / "a" / "run").iterdir()] == ["machine"]


def test_looking_at_the_ledger_names_no_machine_and_writes_nothing(tmp_path: Path) -> None:
    assert World(settings(tmp_path / "var")).ledger().entries("births") == ()
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("url", ["https://bucket", "s3://", "s3://UPPER/x", "s3://a.b.c/x y"])
def test_an_archive_that_is_no_bucket_is_refused_by_its_setting(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_ARCHIVE_URL"):
        settings(tmp_path, archive_url=url)


def test_a_bucket_is_opened_where_the_setting_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    world = World(settings(tmp_path, archive_url="s3://health-restricted/open/data"))
    assert type(world.archive()).__name__ == "ObjectStoreArchive"
    assert type(World(settings(tmp_path)).archive()).__name__ == "FolderArchive"
