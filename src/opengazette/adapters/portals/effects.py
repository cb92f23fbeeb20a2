"""Which requests can change what the public sees."""

from __future__ import annotations

from collections.abc import Mapping

_UPLOADS = ("/files.txt", "/attachment")


def may_be_seen(method: str, resource: str, params: Mapping[str, object]) -> bool:
    """Tell whether a stranger could see something else after a request.

    What makes or fills a draft, or takes something away, is none of these.
    """
    path, _, query = resource.partition("?")
    if method.lower() not in ("post", "put", "patch") or path.endswith(_UPLOADS):
        return False
    if path.startswith("/api/publishing/"):
        return path.endswith("/apply")
    asked = f"{query} {params.get('method', '')}"
    if "setPermission" in asked:
        return "private" not in f"{query} {params.get('value', '')}"
    return path != "/api/views.json" and "copy" not in asked
