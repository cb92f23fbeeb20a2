"""Runs of linked datasets take turns on one machine; others wait for nobody."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from opengazette.adapters.contracts import load_contract
from opengazette.adapters.run_locks import holding, in_turn
from opengazette.adapters.settings import Settings
from opengazette.model.contract import Contract
from opengazette.model.memory import LinkedDataset

ALONE = load_contract(Path(__file__).parents[2], "contagious_diseases")
SOON, LONG = 0.2, 10.0


def linked(dataset: str, *others: str) -> Contract:
    links = tuple(LinkedDataset(dataset=other, basis="The same cases.") for other in others)
    return ALONE.model_copy(update={"id": dataset, "linked_to": links})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path)


def begun(settings: Settings, contract: Contract) -> tuple[threading.Thread, threading.Event]:
    """Begin a run of a dataset that ends as soon as it has its turn."""
    had_its_turn = threading.Event()

    def run() -> None:
        with in_turn(settings, contract):
            had_its_turn.set()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, had_its_turn


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (linked("by_sex", "by_age"), linked("by_age", "by_sex")),
        (linked("by_sex", "by_age"), linked("by_county", "by_age")),
    ],
    ids=["linked to each other", "linked to the same"],
)
def test_linked_datasets_wait_for_each_other(
    settings: Settings, first: Contract, second: Contract
) -> None:
    with in_turn(settings, first):
        thread, had_its_turn = begun(settings, second)
        assert not had_its_turn.wait(SOON)
    thread.join(LONG)
    assert had_its_turn.is_set()


def test_what_is_not_linked_waits_for_nobody(settings: Settings) -> None:
    with in_turn(settings, linked("by_sex", "by_age")), in_turn(settings, ALONE):
        thread, had_its_turn = begun(settings, ALONE)
        thread.join(LONG)
    assert had_its_turn.is_set()


def test_a_turn_keeps_nobody_from_withdrawing_the_linked_dataset(settings: Settings) -> None:
    with in_turn(settings, linked("by_sex", "by_age")), holding(settings, "by_age"):
        assert (settings.var / "run" / "by_age.lock").exists()
