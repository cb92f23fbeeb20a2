"""What needs a person is told through a Prefect block, and nothing secret with it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from examples.broken_portals import Answer, said, serving
from prefect.blocks.core import Block
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.blocks.system import Secret

from opengazette.flows.showing import night_told
from opengazette.model.receipts import RunReport
from opengazette.tasks import telling

LINES = ["births: refused. The table is empty. Ask the department.", "deaths: waiting."]


def named(monkeypatch: pytest.MonkeyPatch, block: Block | None) -> None:
    """Let the settings name a block that the server knows, or one that it does not."""
    settings = SimpleNamespace(notify_block="custom-webhook/night" if block else None)
    monkeypatch.setattr(telling, "settings", lambda: settings)
    monkeypatch.setattr(Block, "load", lambda _name, **_named: block)


def webhook(url: str) -> CustomWebhookNotificationBlock:
    told = {"subject": "{{subject}}", "text": "{{body}}"}
    return CustomWebhookNotificationBlock(name="night", url=url, json_data=told)


def test_every_line_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _asked, _number: said({})) as server:
        named(monkeypatch, webhook(f"{server.url}/hook"))
        assert telling.tell.fn("Two datasets need a person", LINES) == ""
        (asked,) = server.asked
    assert json.loads(asked.body) == {
        "subject": "Two datasets need a person",
        "text": "\n".join(LINES),
    }


def test_nothing_is_sent_where_nobody_is_named_or_nothing_needs_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(lambda _asked, _number: said({})) as server:
        named(monkeypatch, None)
        assert telling.tell.fn("Nothing", LINES) == ""
        named(monkeypatch, webhook(server.url))
        assert telling.tell.fn("Nothing", []) == ""
        assert server.asked == []


def test_what_cannot_be_delivered_is_said_without_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(lambda _asked, _number: Answer(500)) as server:
        named(monkeypatch, webhook(f"{server.url}/secret-token"))
        told = telling.tell.fn("Two", LINES)
    assert told == "Nobody was told: HTTPStatusError at the block 'custom-webhook/night'."


def test_a_block_of_another_kind_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, Secret(value="x"))
    assert "sends no notifications" in telling.tell.fn("Two", LINES)


def report(dataset: str, outcome: str, **more: str) -> RunReport:
    return RunReport(dataset=dataset, title=dataset, outcome=outcome, seconds=1.0, **more)


def test_a_night_tells_of_what_needs_a_person_alone() -> None:
    night = [
        report("births", "published"),
        report("deaths", "refused", problem="The table is empty.", remedy="Ask."),
        report("clinics", "refused", problem="As ever.", known_since="2026-01-01"),
        report("visits", "waiting", problem="Nobody approved it."),
    ]
    subject, lines = night_told(night)
    assert subject == "OpenGazette: 2 of 4 datasets need a person"
    assert lines == [
        "deaths: refused. The table is empty. Ask.",
        "visits: waiting. Nobody approved it.",
    ]
