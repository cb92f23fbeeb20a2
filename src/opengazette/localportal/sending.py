"""Rows on their way: in one piece where they are few, else batch by batch as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fastapi import Response
from fastapi.responses import StreamingResponse

from opengazette.localportal.store import Session, close_session, then_close
from opengazette.localportal.wire import Answer


def rows_response(
    session: Session,
    answer: Answer,
    body: Iterator[bytes],
    media_type: str,
    headers: Mapping[str, str],
) -> Response:
    """Send a body that is read from a session, and end the session.

    Few rows go in one piece, which saves the way through the pool of threads for each batch.
    """
    if not answer.whole:
        streamed = then_close(body, session)
        return StreamingResponse(streamed, media_type=media_type, headers=headers)
    try:
        written = b"".join(body)
    finally:
        close_session(session)
    return Response(written, media_type=media_type, headers=dict(headers))
