"""socrata-py as it comes and behind our guard, and what a portal answers it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from examples.broken_portals import (
    UID,
    Answer,
    Asked,
    Behaviour,
    Server,
    guarded,
    said,
    shipment,
)
from socrata.authorization import Authorization
from socrata.revisions import Revision

from opengazette.adapters.portals.revision_client import RevisionClient
from opengazette.adapters.portals.shipment import Shipment

TEXT = "name\n" + "José Muñoz\n" * 5
REVISION = f"/api/publishing/v1/revision/{UID}/0"
PIECE = 16


def bare(server: Server) -> Authorization:
    return Authorization(server.host, username="publisher", password="hunter2")


def revision_json(**attributes: Any) -> dict[str, Any]:
    resource = {"fourfour": UID, "revision_seq": 0, "closed_at": None, **attributes}
    links = {name: f"{REVISION}/{name}" for name in ("create_source", "apply", "update")}
    return {"resource": resource, "links": {"show": REVISION, "discard": REVISION, **links}}


def source_json(**attributes: Any) -> dict[str, Any]:
    resource = {"schemas": [], "failed_at": None, "finished_at": None, **attributes}
    at = "/api/publishing/v1/source/1"
    chunk = f"{at}/chunk/{{seq_num}}/{{byte_offset}}"
    own = {"show": at, "initiate": f"{at}/initiate", "chunk": chunk, "commit": f"{chunk}/commit"}
    return {"resource": resource, "links": {**own, "input_schema_links": {}}}


def job_json(**attributes: Any) -> dict[str, Any]:
    return {"resource": attributes, "links": {"show": f"{REVISION}/apply/1"}}


def uploading(asked: Asked, _number: int) -> Answer:
    """Take an upload in small pieces, and fail once it is whole."""
    if asked.path.endswith("/initiate"):
        return said({"preferred_chunk_size": PIECE, "preferred_upload_parallelism": 1})
    if "/chunk/" in asked.path:
        return said({})
    failed = "now" if asked.method == "GET" else None
    return said(source_json(failed_at=failed), 200 if asked.method == "GET" else 201)


def always(answer: Answer) -> Behaviour:
    return lambda _asked, _number: answer


def ours(server: Server) -> Revision:
    """Return a revision whose requests go over the guarded connection."""
    return Revision(RevisionClient(guarded(server))._auth, revision_json())


def sent() -> Shipment:
    return replace(shipment(TEXT.encode(), rows=5), metadata={"columns": []})


def chunks(server: Server) -> Iterator[tuple[int, bytes]]:
    for asked in server.asked:
        parts = asked.path.split("/")
        if asked.path.rpartition("/")[0].rpartition("/")[0].endswith("/chunk"):
            yield int(parts[-1]), asked.body


def committed(server: Server) -> int:
    return int(next(a.path for a in server.asked if a.path.endswith("/commit")).split("/")[-2])
