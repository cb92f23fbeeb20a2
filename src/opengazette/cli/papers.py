"""Files for people: the report of a release, and the approval that somebody gives."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from opengazette.adapters.settings import Settings, own_root, written_folder
from opengazette.adapters.world import World
from opengazette.model.approval import Approval
from opengazette.model.stages import Release


def write_report(settings: Settings, world: World, release: Release) -> Path:
    """Write the release's report under var/reports and return the file."""
    file = written_folder(settings, "reports") / f"{release.dataset}.html"
    file.write_bytes(world.papers().read(release.document("report.html")))
    return file


def write_approval(settings: Settings, approval: Approval) -> Path:
    """Write a standing approval to config/approvals and return the file."""
    file = own_root(settings) / "config" / "approvals" / f"{approval.dataset}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    yaml = YAML()
    yaml.default_flow_style = False
    given = approval.model_dump(exclude={"envelope"}) | {
        "envelope": approval.envelope.model_dump(exclude_none=True)
    }
    with file.open("w", encoding="utf-8") as out:
        yaml.dump({name: given[name] for name in Approval.model_fields}, out)
    return file
