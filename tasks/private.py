"""The one decorator of every task: nothing is cached, stored or quoted."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from traceback import extract_tb
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from opengazette.errors import Fault, OpenGazetteError, Retryable

P = ParamSpec("P")
R = TypeVar("R")

#: Attempts after the first, and the seconds before the second attempt; each wait doubles.
RETRIES = 3
FIRST_WAIT_SECONDS = 5


def private_task(step: Callable[P, R]) -> Task[P, R]:
    """Make a step a task that caches nothing, stores nothing and quotes nothing.

    Only our own errors pass, and without what caused them: pandas, DuckDB and Pydantic quote
    offending cells in theirs, and Prefect sends every message and traceback to its server.
    Only what is Retryable is tried again, with growing, jittered waits.
    """

    @wraps(step)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return step(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - every error is raised again below, in safe words
            safe = speakable(error)
        raise safe

    return task(
        cache_policy=NO_CACHE,
        persist_result=False,
        log_prints=False,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(backoff_factor=FIRST_WAIT_SECONDS),
        retry_jitter_factor=0.5,
        retry_condition_fn=_is_retryable,
    )(guarded)


def speakable(error: Exception) -> OpenGazetteError:
    """Return the error in words that may be stored: our own as it is, any other as a Fault.

    What caused it and where it passed are cut off: they may quote values.
    """
    if isinstance(error, OpenGazetteError):
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, {place.name}, line {place.lineno}"
    return Fault(
        f"{type(error).__name__} in {where}.",
        "The message is withheld because it may quote values; see it with: "
        "opengazette --debug rehearse DATASET",
    )


def outcome_of(state: State[Any]) -> object:
    """Return what a run came to, an error included, whether or not an event loop is running.

    Without `_sync` Prefect hands out a coroutine wherever it finds a loop in the thread.
    """
    return state.result(raise_on_failure=False, _sync=True)  # type: ignore[call-overload]


def _is_retryable(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return isinstance(outcome_of(state), Retryable)
