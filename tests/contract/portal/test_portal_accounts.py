"""Who may do what: roles, keys, tokens, and what happens to those who guess or hurry."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from opengazette.localportal import PortalSettings, create_app
from opengazette.localportal.accounts import (
    Account,
    IssuedKind,
    Role,
    accounts_file,
    change_accounts,
    issue,
    new_account,
    revoke,
)
from opengazette.localportal.doorkeeper import FAILURES_SECONDS, MOST_FAILURES, Doorkeeper
from opengazette.localportal.problems import Problem

PASSWORD = "correct horse battery"
ROLES: tuple[Role, ...] = ("viewer", "reviewer", "publisher", "administrator")
COLUMNS = [{"name": "County", "fieldName": "county", "dataTypeName": "text"}]


def keep(folder: Path, account: Account) -> None:
    change_accounts(folder, lambda kept: kept.with_account(account))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one account of each role, named as the role."""
    made = tmp_path_factory.mktemp("accounts")
    for role in ROLES:
        keep(made, new_account(role, role, PASSWORD))
    return made


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    settings = PortalSettings(folder=folder, allow_faults=True)
    with TestClient(create_app(settings), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="module")
def private(client: TestClient) -> str:
    """A dataset with a row that is published but not public."""
    who = ("publisher", PASSWORD)
    body = {"name": "Visits", "columns": COLUMNS}
    dataset = str(client.post("/api/views.json", json=body, auth=who).json()["id"])
    client.post(f"/api/views/{dataset}/publication.json", auth=who)
    client.post(f"/resource/{dataset}.json", json=[{"county": "Alameda"}], auth=who)
    body = {"action": {"type": "update"}}
    client.post(f"/api/publishing/v1/revision/{dataset}", json=body, auth=who)
    return dataset


def given(folder: Path, name: str, kind: IssuedKind) -> tuple[str, str]:
    """Give an account a key or a token, as the command line does."""
    made: list[str] = []

    def change(account: Account) -> Account:
        changed, identity, secret = issue(account, kind)
        made[:] = [identity, secret]
        return changed

    change_accounts(folder, lambda kept: kept.with_account(change(kept.named(name))))
    return made[0], made[1]


REQUESTS: dict[str, tuple[str, str, object]] = {
    "read": ("GET", "/resource/{}.json", None),
    "insert": ("POST", "/resource/{}.json", []),
    "create": ("POST", "/api/views.json", {"name": "More", "columns": COLUMNS}),
    "describe": ("PUT", "/api/views/{}.json", {"description": "Visits by county"}),
    "revise": ("POST", "/api/publishing/v1/revision/{}", {"action": {"type": "update"}}),
    "change a revision": (
        "PUT",
        "/api/publishing/v1/revision/{}/0",
        {"notes": "Changed"},
    ),
    "see revisions": ("GET", "/api/publishing/v1/revision/{}", None),
    "see approvals": ("GET", "/api/views/{}/approvals", None),
    "approve": ("PUT", "/api/views/{}/approvals/99", {"state": "approved"}),
    "make it fail": ("PUT", "/api/faults", []),
}
ALLOWED = {
    "viewer": {"read"},
    "reviewer": {"read", "see revisions", "see approvals", "approve"},
    "publisher": set(REQUESTS) - {"approve", "make it fail"},
    "administrator": set(REQUESTS),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("wish", REQUESTS)
def test_a_role_may_do_what_it_says(client: TestClient, private: str, role: str, wish: str) -> None:
    method, path, body = REQUESTS[wish]
    answer = client.request(method, path.format(private), json=body, auth=(role, PASSWORD))
    if wish in ALLOWED[role]:
        expected = {404} if wish == "approve" else {200, 201}
        assert answer.status_code in expected, answer.text
    else:
        assert answer.status_code == 403
        assert answer.json()["code"] == "permission_denied"


@pytest.mark.parametrize("wish", REQUESTS)
def test_a_stranger_may_do_none_of_it(client: TestClient, private: str, wish: str) -> None:
    method, path, body = REQUESTS[wish]
    answer = client.request(method, path.format(private), json=body)
    assert answer.status_code == 403
    assert answer.json()["code"] == "authentication_required"


@pytest.mark.parametrize(
    "path",
    [
        "/api/views/{}.json",
        "/resource/{}.csv",
        "/api/v3/views/{}/query.json",
        "/api/views/{}/rows.csv",
    ],
)
def test_a_private_dataset_answers_strangers_with_403_and_no_word_of_itself(
    client: TestClient, private: str, path: str
) -> None:
    answer = client.get(path.format(private))
    assert answer.status_code == 403
    assert answer.json()["message"] == "You must be logged in to access this resource"
    assert "Visits" not in answer.text


def test_a_private_dataset_is_in_no_list_for_strangers(client: TestClient, private: str) -> None:
    for path in ("/api/views.json", "/api/catalog/v1", "/data.json", "/"):
        assert private not in client.get(path).text
    assert private in client.get("/api/catalog/v1", auth=("viewer", PASSWORD)).text


@pytest.mark.parametrize("role", ROLES)
def test_everybody_is_told_who_they_are(client: TestClient, role: str) -> None:
    shown = client.get("/api/users/current.json", auth=(role, PASSWORD)).json()
    assert (shown["id"], shown["displayName"], shown["roleName"]) == (role, role, role)
    assert client.get("/api/users/current.json").status_code == 403


def test_a_key_and_a_token_are_as_good_as_the_password_until_they_are_taken_back(
    client: TestClient, folder: Path
) -> None:
    key, secret = given(folder, "publisher", "key")
    token_id, token = given(folder, "reviewer", "oauth")
    me = "/api/users/current.json"
    by_token = {"Authorization": f"OAuth {token}"}
    assert client.get(me, auth=(key, secret)).json()["id"] == "publisher"
    assert client.get(me, headers=by_token).json()["id"] == "reviewer"
    assert client.get(me, auth=(key, token)).status_code == 403
    change_accounts(folder, lambda kept: revoke(revoke(kept, key), token_id))
    assert client.get(me, auth=(key, secret)).status_code == 403
    assert client.get(me, headers=by_token).status_code == 403


def test_a_user_who_is_removed_is_out_at_once(client: TestClient, folder: Path) -> None:
    keep(folder, new_account("leaver", "viewer", PASSWORD))
    me, who = "/api/users/current.json", ("leaver", PASSWORD)
    assert client.get(me, auth=who).status_code == 200
    change_accounts(folder, lambda kept: kept.without("leaver"))
    assert client.get(me, auth=who).status_code == 403


def test_app_tokens_are_checked_once_there_are_any(tmp_path: Path) -> None:
    keep(tmp_path, new_account("ann", "publisher", PASSWORD))
    with TestClient(create_app(PortalSettings(folder=tmp_path))) as client:
        path, unknown = "/api/catalog/v1", {"X-App-Token": "of-nobody"}
        assert client.get(path, headers=unknown).status_code == 200
        _, token = given(tmp_path, "ann", "app")
        assert client.get(path, headers={"X-App-Token": token}).status_code == 200
        assert client.get(path, params={"$$app_token": token}).status_code == 200
        assert client.get(path).status_code == 200
        refused = client.get(path, headers=unknown)
        assert refused.status_code == 403
        assert refused.json()["message"] == "Invalid app_token specified"


def test_the_file_of_accounts_holds_no_secret_and_is_its_owner_s_alone(
    client: TestClient, folder: Path
) -> None:
    secrets = [PASSWORD, *(given(folder, "viewer", kind)[1] for kind in ("key", "oauth", "app"))]
    kept = accounts_file(folder).read_text()
    assert not [secret for secret in secrets if secret in kept]
    salts = [one["password"] for one in json.loads(kept)["accounts"]]
    assert len(set(salts)) == len(salts)
    assert stat.S_IMODE(accounts_file(folder).stat().st_mode) == 0o600


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_who_guesses_waits_and_who_is_known_does_not(tmp_path: Path) -> None:
    clock = Clock()
    settings = PortalSettings(folder=tmp_path, users={"ann": PASSWORD, "bob": PASSWORD})
    door = Doorkeeper(settings, clock)
    assert door.account(basic("ann", PASSWORD), "here").name == "ann"
    for _ in range(MOST_FAILURES):
        with pytest.raises(Problem) as refused:
            door.account(basic("bob", "guess"), "here")
        assert refused.value.status == 403
    for attempt in (basic("bob", PASSWORD), basic("nobody", "x"), "OAuth x"):
        with pytest.raises(Problem) as refused:
            door.account(attempt, "here")
        assert refused.value.status == 429
        assert refused.value.headers()["Retry-After"] == str(round(FAILURES_SECONDS))
    assert door.account(basic("ann", PASSWORD), "here").name == "ann"
    assert door.account(basic("bob", PASSWORD), "elsewhere").name == "bob"
    clock.now += FAILURES_SECONDS
    assert door.account(basic("bob", PASSWORD), "here").name == "bob"


def test_who_writes_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    settings = PortalSettings(folder=tmp_path, users={"ann": PASSWORD}, writes_per_minute=3)
    with TestClient(create_app(settings)) as client:
        made = [
            client.post("/api/views.json", json={"name": "Visits"}, auth=("ann", PASSWORD))
            for _ in range(4)
        ]
        assert [answer.status_code for answer in made] == [200, 200, 200, 429]
        assert 1 <= int(made[-1].headers["Retry-After"]) <= 20
        assert made[-1].json()["code"] == "too-many-requests"
        assert client.get("/api/views.json", auth=("ann", PASSWORD)).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Bearer x",
        "OAuth",
        "OAuth ",
        "\x7f",
        "Basic w6k6",
    ],
)
def test_credentials_that_are_none_are_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(Problem) as refused:
        Doorkeeper(PortalSettings(folder=tmp_path), Clock()).account(header, "here")
    assert refused.value.status == 403
