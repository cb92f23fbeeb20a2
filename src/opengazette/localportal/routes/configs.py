"""/api/publishing/v1/config: kept recipes for files that come again."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from opengazette.localportal.bodies import sent_object
from opengazette.localportal.portal import insider, portal_of, publisher
from opengazette.localportal.publishing.drafts import Config, Revision
from opengazette.localportal.publishing.kept import all_configs, find_config
from opengazette.localportal.publishing.recipes import changed_config, new_config
from opengazette.localportal.publishing.revising import open_revision
from opengazette.localportal.publishing.shown import config_json, revision_json

router = APIRouter(prefix="/api/publishing/v1/config")


@router.post("", response_model=None)
async def create(request: Request) -> Response:
    """Keep a recipe."""
    owner = publisher(request)
    sent = await sent_object(request)

    def work() -> Config:
        with portal_of(request).store.writing() as session:
            return new_config(session, owner, sent)

    return JSONResponse(config_json(await run_in_threadpool(work)), 201)


@router.get("", response_model=None)
def list_configs(request: Request) -> Response:
    """List the recipes."""
    insider(request)
    with portal_of(request).store.reading() as session:
        return JSONResponse([config_json(config) for config in all_configs(session)])


@router.get("/{name}", response_model=None)
def show(request: Request, name: str) -> Response:
    """Show a recipe."""
    insider(request)
    with portal_of(request).store.reading() as session:
        return JSONResponse(config_json(find_config(session, name)))


@router.patch("/{name}", response_model=None)
async def update(request: Request, name: str) -> Response:
    """Change a recipe in its place."""
    publisher(request)
    sent = await sent_object(request)

    def work() -> Config:
        with portal_of(request).store.writing() as session:
            return changed_config(session, find_config(session, name), sent)

    return JSONResponse(config_json(await run_in_threadpool(work)))


@router.delete("/{name}", response_model=None)
def delete(request: Request, name: str) -> Response:
    """Drop a recipe."""
    publisher(request)
    with portal_of(request).store.writing() as session:
        config = find_config(session, name)
        session.cursor.execute("DELETE FROM configs WHERE name = ?", [config.name])
    return JSONResponse(config_json(config))


@router.post("/{name}/revision/{dataset}", response_model=None)
def create_revision(request: Request, name: str, dataset: str) -> Response:
    """Open a revision that follows a recipe."""
    owner = publisher(request)

    def work() -> Revision:
        with portal_of(request).store.writing() as session:
            return open_revision(session, session.view(dataset), owner, {"config": name})

    return JSONResponse(revision_json(work()), 201)
