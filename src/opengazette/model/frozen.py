"""The base of every value that enters from a file, and the names that such values use."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Frozen(BaseModel):
    """Base of every configuration model: closed, immutable, silent about values."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    def fingerprint(self) -> str:
        """Return the SHA-256 of the resolved value, whatever the layout of its file.

        Two files that resolve to the same value have the same fingerprint.
        """
        return canonical_sha256(self.model_dump(mode="json", by_alias=True))


def canonical_sha256(value: object) -> str:
    """Return the SHA-256 of a JSON value in one canonical form (sorted keys, UTF-8)."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


DatasetId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,59}$"),
]
"""The file's name without its ending: small letters, digits and underscores; never reused."""

ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,28}$")]
"""A published name: fewer than 30 characters (State publisher's handbook)."""

SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_ ]{0,62}$")]
"""A column or table as the department's database spells it."""

Sentence = Annotated[str, StringConstraints(min_length=3, strip_whitespace=True)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
"""The name of another file of the configuration, without its ending."""
