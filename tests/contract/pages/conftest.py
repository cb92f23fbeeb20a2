"""A portal whose pages are read by strangers and by people who are signed in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from opengazette.localportal import PortalSettings, create_app

USERS = {"ann": "correct horse battery"}


class Office:
    """Ann, who publishes, and a stranger, who reads."""

    def __init__(self, client: TestClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.auth = ("ann", USERS["ann"])

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """Ask an API as Ann; an answer without a body is None."""
        answer = self.client.request(method, path, auth=self.auth, **given)
        assert answer.is_success, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def publish(
        self, columns: dict[str, str], rows: list[dict[str, Any]], public: bool = True, **words: Any
    ) -> str:
        """Make a dataset; `columns` maps field names to types."""
        listed = [
            {"name": field.capitalize(), "fieldName": field, "dataTypeName": kind}
            for field, kind in columns.items()
        ]
        document = {"name": "Visits", "columns": listed, **words}
        made: str = self.ask("POST", "/api/views", json=document)["id"]
        self.ask("PUT", f"/resource/{made}.json", json=rows)
        self.ask("POST", f"/api/views/{made}/publication.json")
        if public:
            self.ask("PUT", f"/api/views/{made}?method=setPermission&value=public.read")
        return made

    def read(self, path: str, status: int = 200) -> str:
        """Read a page as a stranger."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.text

    def read_signed_in(self, path: str, status: int = 200) -> str:
        """Read a page as Ann, with the cookie of a browser and no other credentials."""
        form = {"name": "ann", "password": USERS["ann"], "next": path}
        answer = self.client.post("/sign-in", data=form)
        self.client.cookies.clear()
        assert answer.status_code == status, (path, answer.status_code)
        return answer.text


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    folder = tmp_path / "portal"
    settings = PortalSettings(folder=folder, title="Open data", users=USERS)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield Office(client, folder)
