"""The task that looks at one dataset with a stranger's eyes."""

from __future__ import annotations

from opengazette.cli.watching import Watched
from opengazette.cli.watching import watched as watch_one
from opengazette.tasks.private import private_task
from opengazette.tasks.world import settings, world


@private_task
def watched(dataset: str, *, repair: bool | None = None) -> Watched:
    """Compare what the public sees with the ledger, and put it right where that is wanted."""
    return watch_one(settings(), world(), dataset, repair=repair)


@private_task
def datasets_of_the_ledger() -> tuple[str, ...]:
    """Return every dataset that has or had entries, whether it has a contract or not."""
    return world().ledger().datasets()
