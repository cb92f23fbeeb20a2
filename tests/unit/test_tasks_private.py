from __future__ import annotations

import asyncio
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Failed

from opengazette.errors import Fault, PortalRejected, PortalUnavailable, Retryable
from opengazette.tasks.private import private_task, speakable

SECRET = "078-05-1120"


def quoting_step(dataset: str) -> str:
    raise ValueError(f"{dataset}: cannot convert {SECRET}")


def chained_step(dataset: str) -> str:
    try:
        return quoting_step(dataset)
    except ValueError as error:
        raise PortalRejected(f"{dataset}: the portal refused.", "Ask the portal.") from error


def whole_text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_a_foreign_error_leaves_as_a_fault_that_names_type_function_and_line() -> None:
    with pytest.raises(Fault, match=r"ValueError in test_tasks_private\.py, quoting_step, line"):
        private_task(quoting_step).fn("births")


def test_no_traceback_that_prefect_logs_holds_a_value() -> None:
    for step in (quoting_step, chained_step):
        with pytest.raises((Fault, PortalRejected)) as raised:
            private_task(step).fn("births")
        assert SECRET not in whole_text(raised.value)
        assert raised.value.__context__ is None
        assert raised.value.__cause__ is None


def test_our_own_error_keeps_its_words_and_type() -> None:
    with pytest.raises(PortalRejected) as raised:
        private_task(chained_step).fn("births")
    assert raised.value.remedy == "Ask the portal."


def test_a_fault_says_nothing_that_the_original_message_said() -> None:
    with pytest.raises(ValueError, match=SECRET) as raised:
        quoting_step("births")
    assert SECRET not in str(speakable(raised.value))


def test_a_task_caches_and_stores_nothing() -> None:
    made = private_task(quoting_step)
    assert made.cache_policy == NO_CACHE
    assert made.persist_result is False
    assert not made.log_prints


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (Failed(data=PortalUnavailable("the portal is busy")), True),
        (Failed(data=PortalRejected("the portal refused")), False),
        (Failed(data=Fault("a defect")), False),
    ],
)
def test_only_what_is_retryable_is_tried_again(state: State[Any], again: bool) -> None:
    made = private_task(quoting_step)
    assert made.retries == 3
    assert made.retry_condition_fn is not None
    assert made.retry_condition_fn(made, None, state) is again
    assert issubclass(PortalUnavailable, Retryable)


def test_a_retry_is_decided_the_same_where_an_event_loop_runs() -> None:
    made = private_task(quoting_step)
    state: State[Any] = Failed(data=PortalUnavailable("the portal is busy"))

    async def decide() -> object:
        assert made.retry_condition_fn is not None
        return made.retry_condition_fn(made, None, state)  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, decide()).result() is True
