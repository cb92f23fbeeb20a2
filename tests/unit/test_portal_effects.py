"""Before which requests the ledger is read again: those by which the public could see more."""

from __future__ import annotations

import pytest

from opengazette.adapters.portals.effects import may_be_seen

OPENS = {"method": "setPermission", "value": "public.read"}
HIDES = {"method": "setPermission", "value": "private"}


@pytest.mark.parametrize(
    ("method", "resource", "params"),
    [
        ("put", "/resource/abcd-1234.json", {}),
        ("post", "/resource/abcd-1234.json", {}),
        ("put", "/api/views/abcd-1234.json", OPENS),
        ("PUT", "/api/views/abcd-1234.json?method=setPermission&value=public.read", {}),
        ("put", "/api/views/abcd-1234.json", {}),
        ("put", "/api/views/abcd-1234/columns/cases", {}),
        ("post", "/api/views/abcd-1234/publication.json", {}),
        ("put", "/api/publishing/v1/revision/abcd-1234/3/apply", {}),
        ("patch", "/api/views/metadata/v1/abcd-1234", {}),
    ],
)
def test_what_could_change_what_a_stranger_sees_asks_first(
    method: str, resource: str, params: dict[str, object]
) -> None:
    assert may_be_seen(method, resource, params)


@pytest.mark.parametrize(
    ("method", "resource", "params"),
    [
        ("get", "/resource/abcd-1234.json", {}),
        ("delete", "/api/views/abcd-1234.json", {}),
        ("put", "/api/views/abcd-1234.json", HIDES),
        ("post", "/api/views.json", {}),
        ("post", "/api/views.json?nbe=true", {}),
        ("post", "/api/views/abcd-1234/publication.json", {"method": "copySchema"}),
        ("post", "/api/views/abcd-1234/files.txt", {}),
        ("post", "/api/publishing/v1/revision/abcd-1234", {}),
        ("post", "/api/publishing/v1/revision/abcd-1234/3/attachment", {}),
        ("post", "/api/publishing/v1/source/7/chunk/0/0", {}),
        ("put", "/api/publishing/v1/revision/abcd-1234/3", {}),
    ],
)
def test_what_only_the_publisher_sees_does_not(
    method: str, resource: str, params: dict[str, object]
) -> None:
    assert not may_be_seen(method, resource, params)
