"""A dataset with a column of each type, asked over HTTP by its publisher."""

from __future__ import annotations

from typing import Any, Protocol

import requests

COLUMNS = [
    {"name": "Place name", "fieldName": "place", "dataTypeName": "text"},
    {"name": "Amount", "fieldName": "amount", "dataTypeName": "number"},
    {"name": "Open", "fieldName": "is_open", "dataTypeName": "checkbox"},
    {"name": "Day", "fieldName": "day", "dataTypeName": "calendar_date"},
    {"name": "Moment", "fieldName": "moment", "dataTypeName": "date"},
    {"name": "Site", "fieldName": "site", "dataTypeName": "url"},
    {"name": "Spot", "fieldName": "spot", "dataTypeName": "point"},
]
ROW = {
    "place": 'The "Old" Mill, east',
    "amount": "1204.50",
    "is_open": True,
    "day": "2014-10-13",
    "moment": "2014-10-14T00:00:00-07:00",
    "site": {"url": "https://example.gov", "description": "Home"},
    "spot": {"type": "Point", "coordinates": [-122.3, 47.5]},
}


class Served(Protocol):
    """A portal that listens."""

    url: str
    user: str
    password: str


class Places:
    """One such dataset, a draft until it is opened to all."""

    def __init__(self, portal: Served, **document: Any) -> None:
        self.url = portal.url
        self.session = requests.Session()
        self.session.auth = (portal.user, portal.password)
        body = {"name": "Places", "columns": COLUMNS, **document}
        made = self.session.post(f"{portal.url}/api/views.json", json=body, timeout=10)
        assert made.status_code == 200, made.text
        self.id = made.json()["id"]

    def open_to_all(self) -> None:
        self.views("POST", "/publication.json")
        self.views("PUT", ".json?method=setPermission&value=public.read")

    def rows(self, method: str = "GET", suffix: str = ".json", **given: Any) -> requests.Response:
        url = f"{self.url}/resource/{self.id}{suffix}"
        return self.session.request(method, url, timeout=20, **given)

    def views(self, method: str, suffix: str = "", **given: Any) -> requests.Response:
        url = f"{self.url}/api/views/{self.id}{suffix}"
        return self.session.request(method, url, timeout=20, **given)
