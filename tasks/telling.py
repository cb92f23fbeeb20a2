"""The task that tells people outside: by mail, chat, pager or webhook, as Prefect can."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block

from opengazette.tasks.private import private_task
from opengazette.tasks.world import settings


@private_task
def tell(subject: str, lines: Sequence[str]) -> str:
    """Send lines to whom the settings name; return why nobody was told, or nothing.

    The lines hold names, counts and remedies, as reports do. A message that cannot be delivered
    fails no run: what it tells of has its own state.
    """
    name = settings().notify_block
    if name is None or not lines:
        return ""
    try:
        block = Block.load(name, _sync=True)  # type: ignore[call-arg]
        if not isinstance(block, NotificationBlock):
            return f"Nobody was told: the block {name!r} sends no notifications."
        block.notify("\n".join(lines), subject, _sync=True)  # type: ignore[call-arg, unused-coroutine]
    except Exception as error:  # noqa: BLE001 - its text may hold the address, which is a secret
        return f"Nobody was told: {type(error).__name__} at the block {name!r}."
    return ""
