"""The face of a release, from its papers in the archive."""

from __future__ import annotations

import json
from collections.abc import Sequence

from opengazette.documentation.public_face import attached_to, face_of_files
from opengazette.model.public_face import PublicFace
from opengazette.model.stages import Release
from opengazette.ports import Papers


def face_of(release: Release, papers: Papers, key: Sequence[str]) -> PublicFace:
    """Return what the public sees where it sees exactly this release.

    Raises:
        ArchiveUnavailable: a file of the release is lost or damaged.
    """
    attached = {document.name: document.sha256 for document in attached_to(release)}
    return face_of_files(
        papers.read(release.document("table.csv")),
        json.loads(papers.read(release.document("metadata.json"))),
        attached,
        key,
    )
