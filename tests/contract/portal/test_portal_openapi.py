"""The OpenAPI document tells the truth, whatever is sent.

`REQUESTS=10000 pytest tests/contract/portal/test_portal_openapi.py` sends as many.
"""

from __future__ import annotations

import base64
import os
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from opengazette.localportal import PortalSettings, create_app, server
from opengazette.localportal.operations import OPERATIONS
from opengazette.localportal.routes import pages

REQUESTS = int(os.environ.get("REQUESTS", "600"))
CSV = "county,visits\nAlameda,120\nButte,35\n"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
WHO = {"ann": "correct horse", "bob": "battery staple"}


def basic(name: str) -> dict[str, str]:
    sent = base64.b64encode(f"{name}:{WHO[name]}".encode()).decode()
    return {"Authorization": f"Basic {sent}"}


#: Ann writes, Bob only looks, and a stranger has no name.
ASKERS = [basic("ann"), basic("ann"), basic("bob"), {}]


class World:
    """A portal where there is something of everything, made anew as it wears out."""

    def __init__(self, folder: Path, new_desk: Any) -> None:
        portal = PortalSettings(folder=folder, users=WHO, roles={"bob": "viewer"})
        self.app = create_app(portal)
        self.client = TestClient(self.app, raise_server_exceptions=False)
        self.desk = new_desk(self.client)
        self.asked = 0
        self.places: dict[str, list[object]] = {}

    def real(self, name: str) -> list[object]:
        """Return values of a path parameter that are there."""
        if self.asked % 200 == 0:
            self.places = self._made()
        self.asked += 1
        return self.places[name]

    def _made(self) -> dict[str, list[object]]:
        desk = self.desk
        public, private = desk.published(CSV, key="county"), desk.published(CSV)
        path = f"/api/views/{public}.json?method=setPermission&value=public.read"
        self.client.put(path, auth=desk.auth)
        bare = desk.ask("POST", "/api/views.json", json={"name": "Bare"})["id"]
        revision = desk.revise(public)
        source = desk.upload(revision, CSV)
        output = desk.output(source)["resource"]
        recipe = {"name": f"Recipe {self.asked}", "data_action": "replace"}
        built = desk.output(source)["links"]["build_config"]
        desk.ask("POST", built, 201, json=recipe)
        headers = {"X-File-Name": "a.txt"}
        file = desk.ask("POST", f"/api/views/{public}/files.txt", content=b"a", headers=headers)
        datasets = [public, private, f"{public}.json", f"{public}.csv", f"{bare}.xml", bare]
        return {
            "name": [*datasets, recipe["name"]],
            "dataset": [public, private, bare],
            "row": ["Alameda", "Butte.json"],
            "field": ["county", "visits"],
            "export": ["export.csv", "export.json", "export.xml", "export.geojson"],
            "asset_id": [file["file"]],
            "seq": [revision["resource"]["revision_seq"], 0],
            "job_id": [1],
            "approval_id": [1],
            "source_id": [source["resource"]["id"]],
            "input_id": [source["resource"]["schemas"][0]["id"]],
            "output_id": [output["id"]],
            "transform_id": [output["output_columns"][0]["transform"]["id"]],
            "number": [0, 1],
            "offset": [0],
            "size": [len(CSV)],
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, desk_at: Any) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("openapi"), desk_at)
    with made.client:
        yield made


class Answers:
    """What came back: how often each status, and what was not as the document says."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.surprises: dict[str, str] = {}

    def take(self, case: Any, answer: Any) -> None:
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except BaseExceptionGroup as found:
            label = f"{case.operation.label} {answer.status_code}"
            self.surprises[label] = str(found.exceptions[0])[:600]


def asked(operation: Any, world: World, answers: Answers, times: int, turn: int) -> None:
    """Send an operation generated requests; most name something that is there.

    Those that take little are asked less often, and again in another turn.
    """

    @seed(turn)
    @given(data=st.data())
    @settings(
        max_examples=times,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def one(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        for name in case.path_parameters:
            if data.draw(st.integers(0, 4)):
                case.path_parameters[name] = data.draw(st.sampled_from(world.real(name)))
        answers.take(case, case.call(headers=data.draw(st.sampled_from(ASKERS))))

    one()


@pytest.mark.filterwarnings("ignore")
def test_no_request_is_answered_with_a_fault_or_as_the_document_does_not_say(
    world: World,
) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", world.app)
    operations = [found.ok() for found in schema.get_all_operations()]
    answers = Answers()
    times = max(2, REQUESTS // len(operations))
    for turn in count():
        for operation in operations:
            asked(operation, world, answers, times, turn)
        if answers.statuses.total() >= REQUESTS:
            break
    assert answers.surprises == {}
    assert {200, 201, 400, 403, 404, 409} <= set(answers.statuses)


def test_every_route_of_the_apis_is_in_the_document_and_nothing_else() -> None:
    routes = {
        (method.lower(), route.path)
        for routes in server._ROUTES
        if routes is not pages
        for route in routes.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    listed = [(method, one.path) for one in OPERATIONS for method in one.methods.split()]
    assert len(listed) == len(set(listed))
    assert set(listed) ^ routes == set()


def test_the_document_is_there_for_whoever_asks(tmp_path: Path) -> None:
    with TestClient(create_app(PortalSettings(folder=tmp_path))) as client:
        found = client.get("/openapi.json").json()
    parameters = found["paths"]["/resource/{name}"]["get"]["parameters"]
    assert {"$select", "$where", "$limit"} <= {one["name"] for one in parameters}
    assert {"200", "304", "400", "403", "404"} <= set(
        found["paths"]["/resource/{name}"]["get"]["responses"]
    )
    assert "422" not in str(found["paths"])
