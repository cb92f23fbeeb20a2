"""Answers that are kept ready are those that would be given anew, and only to those who may."""

from __future__ import annotations

from typing import Any

import pytest

from opengazette.localportal.ready import LARGEST, ReadyAnswer, ReadyAnswers

CSV = "county,visits\nAlameda,120\nButte,35\n"


@pytest.fixture
def dataset(desk: Any) -> str:
    """A public dataset that everybody has asked for once."""
    made = str(desk.published(CSV))
    shown(desk, made, "public.read")
    for form in ("json", "csv", "tsv", "xml"):
        assert desk.client.get(f"/resource/{made}.{form}").status_code == 200
    return made


def shown(desk: Any, dataset: str, scope: str) -> None:
    path = f"/api/views/{dataset}.json?method=setPermission&value={scope}"
    assert desk.client.put(path, auth=desk.auth).status_code == 200


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "xml"])
def test_the_second_answer_is_the_first_one(desk: Any, dataset: str, form: str) -> None:
    path = f"/resource/{dataset}.{form}?$order=:id"
    named = {"X-Socrata-RequestId": "ab" * 16}
    first, second = (desk.client.get(path, headers=named) for _ in range(2))
    assert first.content == second.content
    assert dict(first.headers) == dict(second.headers)
    tag = {"If-None-Match": first.headers["ETag"]}
    assert desk.client.get(path, headers=tag).status_code == 304
    assert desk.client.head(path).headers["ETag"] == first.headers["ETag"]


def test_a_change_of_the_rows_shows_at_once(desk: Any, dataset: str) -> None:
    row = [{"county": "Colusa", "visits": 1}]
    desk.ask("PUT", f"/resource/{dataset}.json", json=row)
    assert desk.client.get(f"/resource/{dataset}.json").json() == [
        {"county": "Colusa", "visits": "1"}
    ]


def test_what_becomes_private_is_no_longer_told(desk: Any, dataset: str) -> None:
    shown(desk, dataset, "private")
    answer = desk.client.get(f"/resource/{dataset}.json")
    assert (answer.status_code, "Alameda" in answer.text) == (403, False)
    desk.client.delete(f"/api/views/{dataset}", auth=desk.auth)
    assert desk.client.get(f"/resource/{dataset}.json").status_code == 404


def test_the_oldest_make_room_and_the_large_are_not_kept() -> None:
    ready = ReadyAnswers(most_bytes=25)
    for name in ("a", "b", "a", "c"):
        ready.keep(name, ReadyAnswer(b"0123456789", {}))
    assert [name for name in "abc" if ready.find(name)] == ["a", "c"]
    ready.keep("large", ReadyAnswer(b"0" * (LARGEST + 1), {}))
    assert ready.find("large") is None
