"""The portal as an application: routes, answers to problems, headers, and how it is served."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from opengazette.errors import SettingsInvalid
from opengazette.localportal.doorkeeper import Doorkeeper
from opengazette.localportal.faults import Armed, Faulty
from opengazette.localportal.guard import Guard
from opengazette.localportal.openapi import openapi_document
from opengazette.localportal.portal import Portal, known_app_token
from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.work import Workshop
from opengazette.localportal.ready import ReadyAnswers
from opengazette.localportal.routes import (
    approvals,
    blobs,
    configs,
    discovery,
    faults,
    federated,
    metadata,
    pages,
    permissions,
    query,
    resource,
    revisions,
    rows,
    schemas,
    sources,
    views,
)
from opengazette.localportal.settings import PortalSettings
from opengazette.localportal.store import Store
from opengazette.localportal.tls import own_certificate

STATIC = Path(__file__).parent / "static"
_ROUTES = (
    resource,
    rows,
    query,
    revisions,
    sources,
    schemas,
    configs,
    approvals,
    metadata,
    permissions,
    views,
    blobs,
    discovery,
    federated,
    pages,
)
_API = ("/api/", "/resource/", "/id/", "/data.json", "/dcat-us/", "/health")


def create_app(settings: PortalSettings) -> FastAPI:
    """Open the folder and return the portal on it. The folder is let go at shutdown.

    Raises:
        SettingsInvalid: another process has the folder open.
    """
    store = Store(settings.folder, settings.memory_mb)
    portal = Portal(settings, store, Workshop(store), Doorkeeper(settings), ReadyAnswers())
    portal.workshop.resume()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(portal.workshop.close)
        portal.store.close()

    app = FastAPI(
        title=settings.title,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(known_app_token)],
    )
    app.state.portal = portal
    # What FastAPI would say of itself names neither what is sent nor what is refused.
    routers = [routes.router for routes in _ROUTES]
    app.openapi = partial(openapi_document, settings.title, routers)  # type: ignore[method-assign]
    _add_routes(app, settings)
    app.add_middleware(Guard)
    app.exception_handler(Problem)(_answer_problem)
    app.exception_handler(RequestValidationError)(_answer_invalid)
    app.exception_handler(HTTPException)(_answer_http)
    return app


def _add_routes(app: FastAPI, settings: PortalSettings) -> None:
    for routes in _ROUTES:
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    if settings.allow_faults:
        app.state.faults = Armed()
        app.include_router(faults.router)
        app.add_middleware(Faulty, armed=app.state.faults)


def serve(settings: PortalSettings, opened: Callable[[str], None] | None = None) -> None:
    """Serve the portal until the process is told to stop.

    `opened` hears the identity of the folder once it is open.

    Raises:
        SettingsInvalid: the address is taken, or another process has the folder open.
    """
    with _listening(settings) as listening:
        app = create_app(settings)
        if opened is not None:
            opened(app.state.portal.store.folder_id)
        uvicorn.Server(server_config(settings, app)).run(sockets=[listening])


def server_config(settings: PortalSettings, app: FastAPI) -> uvicorn.Config:
    """Say how a portal is served, over TLS where that is set."""
    kept = own_certificate(settings.folder / "tls", settings.host) if settings.tls else None
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        ssl_certfile=kept.chain if kept else None,
        ssl_keyfile=kept.key if kept else None,
    )


def _listening(settings: PortalSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family)
    except OSError:
        raise SettingsInvalid(
            f"The portal cannot listen on {settings.host}, port {settings.port}.",
            "Another program may have the port: stop it, or set another port.",
        ) from None
    # What is accepted inherits it; asyncio itself sees no TCP in sockets that it has not made,
    # and each answer after the first of a connection would wait 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith(_API)


def _answer_problem(request: Request, problem: Exception) -> Response:
    if not isinstance(problem, Problem):
        raise problem
    if _wants_page(request):
        return pages.refusal(request, problem.status)
    return JSONResponse(problem.body(), problem.status, headers=problem.headers())


def _answer_invalid(request: Request, _invalid: Exception) -> Response:
    return _answer_problem(request, bad_request("A parameter of the request is not valid."))


def _answer_http(request: Request, found: Exception) -> Response:
    status = found.status_code if isinstance(found, HTTPException) else 500
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "invalid_request")
    message = {404: "Not found", 405: "Method not allowed"}.get(status, "Refused")
    return _answer_problem(request, Problem(status, code, message))
