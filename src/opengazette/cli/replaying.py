"""The command that makes a past release once more, and proves that it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from opengazette.adapters.settings import Settings, written_folder
from opengazette.cli.steps_shown import telling
from opengazette.cli.terminal import console
from opengazette.errors import SettingsInvalid

if TYPE_CHECKING:
    from opengazette.adapters.world import World
    from opengazette.model.ledger import LedgerEntry
    from opengazette.model.stages import Release
    from opengazette.steps.replay import FileReplayed


def replay(
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="8 or more characters of its name.")
    ],
    *,
    stored: Annotated[
        bool, typer.Option("--stored", help="Only read what the archive has; rebuild nothing.")
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Put what the archive lacks and was rebuilt back.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the files to this folder; else below var/replays.")
    ] = None,
) -> None:
    """Rebuild the exact files of a past release from its archived extract, and prove it."""
    from opengazette.adapters.world import World
    from opengazette.governance.ledger_state import release_named
    from opengazette.steps.replay import held_against, refuse_differences

    settings, show = Settings(), console()
    world = World(settings)
    ledger = world.ledger()
    receipt = release_named({each: ledger.entries(each) for each in ledger.datasets()}, release)
    # The extract is copied to the scratch: what a killed run leaves there, the archive removes.
    with world.archive().staging() as scratch:
        rebuilt = None if stored else _rebuild(settings, receipt, scratch, show)
        files = held_against(receipt, world.stock().is_whole, rebuilt)
        show.print(_table(files))
        if restore and rebuilt is not None:
            _restore(world, rebuilt, files, scratch, show)
        place = _write(settings, world, receipt, files, scratch, out)
    show.print(f"\nFiles: {place}", soft_wrap=True)
    refuse_differences(receipt, files)
    how = "are what the ledger says" if stored else "were rebuilt byte for byte"
    show.print(f"{receipt.dataset}: all {len(files)} files of the release {how}.")


def _rebuild(settings: Settings, receipt: LedgerEntry, scratch: Path, show: Console) -> Release:
    from opengazette.cli.past import PastWorld
    from opengazette.cli.way import prepare

    with telling(show, receipt.dataset) as tell:
        return prepare(PastWorld(settings, receipt, scratch), receipt.dataset, tell).release


def _table(files: tuple[FileReplayed, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("File", "SHA-256 in the ledger", "In the archive", "Made anew"):
        table.add_column(heading, overflow="fold")
    for file in files:
        table.add_row(file.name, file.sha256, file.stored, file.rebuilt)
    return table


def _write(
    settings: Settings,
    world: World,
    receipt: LedgerEntry,
    files: tuple[FileReplayed, ...],
    scratch: Path,
    out: Path | None,
) -> Path:
    """Write every file whose digest is the ledger's."""
    from opengazette.adapters.archives.folder import FolderArchive

    place = out or written_folder(settings, "replays") / receipt.release.release[:12]
    anew = FolderArchive(scratch)
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file in files:
            if file.stored == "whole":
                content = world.archive().fetch(file.sha256, verify=True).read_bytes()
            elif file.rebuilt == "same":
                content = anew.fetch(file.sha256, verify=True).read_bytes()
            else:
                continue
            (place / file.name).write_bytes(content)
    except OSError as error:
        raise SettingsInvalid(
            f"{place} cannot be written ({error.strerror}).", "Name another folder with --out."
        ) from None
    return place


def _restore(
    world: World,
    rebuilt: Release,
    files: tuple[FileReplayed, ...],
    scratch: Path,
    show: Console,
) -> None:
    from opengazette.adapters.archives.folder import FolderArchive

    anew = FolderArchive(scratch)
    for file in files:
        if file.stored != "whole" and file.rebuilt == "same":
            document = rebuilt.document(file.name)
            content = anew.fetch(file.sha256, verify=True).read_bytes()
            world.papers().file(document.name, document.media_type, content)
            show.print(f"Put back into the archive: {file.name}")
