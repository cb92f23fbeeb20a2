"""/api/faults: arm the faults that a test needs. Only where the settings allow it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError

from opengazette.localportal.bodies import sent_json
from opengazette.localportal.faults import Armed, Fault, FaultKind
from opengazette.localportal.portal import holder
from opengazette.localportal.problems import bad_request

router = APIRouter(prefix="/api/faults")
_FAULTS = TypeAdapter(list[Fault])


def _armed(request: Request) -> Armed:
    armed = request.app.state.faults
    if not isinstance(armed, Armed):
        raise TypeError
    return armed


def _shown(armed: Armed) -> Response:
    return JSONResponse([fault.model_dump() for fault in armed.waiting()])


@router.get("", response_model=None)
def waiting(request: Request) -> Response:
    """List the faults that still wait for their requests."""
    holder(request, "administer")
    return _shown(_armed(request))


@router.put("", response_model=None)
async def arm(request: Request) -> Response:
    """Let a list of faults take the place of all others."""
    holder(request, "administer")
    try:
        faults = _FAULTS.validate_python(await sent_json(request))
    except ValidationError:
        kinds = ", ".join(FaultKind.__args__)  # type: ignore[attr-defined]
        raise bad_request(f"Faults are a list; the kind of each is one of {kinds}.") from None
    _armed(request).arm(faults)
    return _shown(_armed(request))


@router.delete("", response_model=None)
def disarm(request: Request) -> Response:
    """Let nothing fail."""
    holder(request, "administer")
    _armed(request).arm([])
    return _shown(_armed(request))
