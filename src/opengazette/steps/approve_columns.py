"""The consent of a person that the columns of a public table become others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from opengazette.errors import NotPublished
from opengazette.governance.ledger_state import place_of
from opengazette.model.column_change import ColumnChange, shown
from opengazette.model.ledger import LedgerEntry
from opengazette.model.stages import Release
from opengazette.ports import Papers, PublicView


def approve_columns(
    release: Release,
    entries: Sequence[LedgerEntry],
    portal: PublicView,
    papers: Papers,
    *,
    approver: str,
    role: str,
    approved_on: date,
    reason: str,
) -> ColumnChange:
    """Bind a person's word to the columns that the public sees now and those of a release.

    What is not done: nothing is sent, and the release itself is not approved.

    Raises:
        NotPublished: nothing of the dataset is public, or it has these columns already.
        PortalUnavailable: the portal did not answer to the end.
        ArchiveUnavailable: a file of the release is lost or damaged.
    """
    metadata = json.loads(papers.read(release.document("metadata.json")))
    after = {c["fieldName"]: c["dataTypeName"] for c in metadata["columns"]}
    uid = place_of(entries)
    face = portal.seen(uid, {}, ()).face if uid is not None else None
    if face is None:
        raise NotPublished(
            f"{release.dataset}: the public sees no table of it whose columns could change.",
            f"See how it stands: opengazette plan {release.dataset}.",
        )
    if list(face.columns.items()) == list(after.items()):
        raise NotPublished(
            f"{release.dataset}: the public table has the columns of the release already.",
            "Nothing need be approved.",
        )
    return ColumnChange(
        dataset=release.dataset,
        before=shown(face.columns),
        after=shown(after),
        approver=approver,
        role=role,
        approved_on=approved_on,
        reason=reason,
    )
