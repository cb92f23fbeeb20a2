"""What a contract says of the watch over what is public."""

from __future__ import annotations

from pydantic import Field

from opengazette.model.frozen import Frozen


class Watch(Frozen):
    """What the watch does when the public sees something other than was published."""

    repair: bool = Field(
        default=False,
        description="whether the last release is put back where somebody has changed it by hand",
    )
    stale_after_days: int | None = Field(
        default=None,
        ge=1,
        description="days without other numbers until the table counts as too old; absent: by "
        "documentation.frequency",
    )
