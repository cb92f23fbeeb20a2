"""Files for people: the report of a release, and the approvals that somebody gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from opengazette.adapters.contracts import COLUMN_CHANGES
from opengazette.adapters.settings import Settings, own_root, written_folder
from opengazette.adapters.world import World
from opengazette.model.approval import Approval
from opengazette.model.column_change import ColumnChange
from opengazette.model.stages import Release


def write_report(settings: Settings, world: World, release: Release) -> Path:
    """Write the release's report under var/reports and return the file."""
    file = written_folder(settings, "reports") / f"{release.dataset}.html"
    file.write_bytes(world.papers().read(release.document("report.html")))
    return file


def write_approval(settings: Settings, approval: Approval) -> Path:
    """Write a standing approval to config/approvals and return the file."""
    given = approval.model_dump(exclude={"envelope"}) | {
        "envelope": approval.envelope.model_dump(exclude_none=True)
    }
    ordered = {name: given[name] for name in Approval.model_fields}
    return _written(settings, f"config/approvals/{approval.dataset}.yaml", ordered)


def write_column_change(settings: Settings, change: ColumnChange) -> Path:
    """Write what a person has approved of columns to config/column-changes; return the file."""
    given = change.model_dump()
    columns = {when: list(given[when]) for when in ("before", "after")}
    return _written(settings, f"{COLUMN_CHANGES}/{change.dataset}.yaml", given | columns)


def _written(settings: Settings, place: str, given: dict[str, Any]) -> Path:
    file = own_root(settings) / place
    file.parent.mkdir(parents=True, exist_ok=True)
    yaml = YAML()
    yaml.default_flow_style = False
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(given, out)
    return file
