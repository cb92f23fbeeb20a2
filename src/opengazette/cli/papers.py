"""The report of a release as a file that a person opens."""

from __future__ import annotations

from pathlib import Path

from opengazette.adapters.settings import Settings
from opengazette.adapters.world import World
from opengazette.model.stages import Release


def write_report(settings: Settings, world: World, release: Release) -> Path:
    """Write the release's report under var/reports and return the file."""
    file = settings.var / "reports" / f"{release.dataset}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(world.papers().read(release.document("report.html")))
    return file
