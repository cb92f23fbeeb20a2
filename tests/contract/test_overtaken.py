"""What was published since the audit looked: two releases, each safe alone, never both go out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from examples.machines import Machine
from examples.offices import CONTRACT

from opengazette.adapters.archives.ledger import ArchiveLedger
from opengazette.errors import ArchiveUnavailable, LedgerConflict
from opengazette.governance.ledger_state import CLAIM, place_of
from opengazette.model.contract import Contract
from opengazette.model.ledger import EntryKind, LedgerEntry
from opengazette.model.memory import LinkedDataset
from opengazette.steps.publish import earlier_releases

OTHER = "contagious_diseases_by_sex"


def linked(dataset: str, other: str) -> Contract:
    link = LinkedDataset(dataset=other, basis="Both count the same cases.")
    return CONTRACT.model_copy(update={"id": dataset, "linked_to": (link,)})


HERE, THERE = linked(CONTRACT.id, OTHER), linked(OTHER, CONTRACT.id)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_of_two_linked_releases_that_were_cleared_alone_the_second_is_refused(
    machine: Machine,
) -> None:
    here, there = machine.cleared("aa", HERE), machine.cleared("bb", THERE)
    machine.publish(here, HERE)
    with pytest.raises(LedgerConflict, match="audit of this one has not seen") as told:
        machine.publish(there, THERE)
    assert machine.portal(THERE).sent == []
    assert machine.kinds(THERE) == [], "what is refused before it is meant leaves no trace"
    assert told.value.remedy == f"Nothing was sent. Run the dataset again: opengazette run {OTHER}."
    assert machine.publish(machine.cleared("bb", THERE), THERE).changed, "the remedy helps"


def test_a_release_that_another_machine_published_during_the_audit_is_not_overlooked(
    machine: Machine, tmp_path: Path
) -> None:
    slow = machine.cleared("aa", HERE)
    other = Machine(tmp_path, "second")
    other.publish(other.cleared("bb", HERE), HERE)
    with pytest.raises(LedgerConflict, match="was published that the audit"):
        machine.publish(slow, HERE)
    assert machine.portal(HERE).sent == []


def test_what_a_killed_run_may_have_shown_must_have_been_seen_too(machine: Machine) -> None:
    machine.publish(machine.cleared("aa", HERE), HERE)
    early = machine.cleared("bb", HERE)

    def die() -> None:
        raise KeyboardInterrupt

    machine.portal(HERE).during = die
    with pytest.raises(KeyboardInterrupt):
        machine.publish(machine.cleared("cc", HERE), HERE)
    with pytest.raises(LedgerConflict, match="was published that the audit"):
        machine.publish(early, HERE)


def test_a_release_that_says_nothing_new_needs_no_other_look(machine: Machine) -> None:
    """Whatever came later was attacked together with it: a rollback, other papers."""
    first = machine.cleared("aa", HERE)
    machine.publish(first, HERE)
    machine.publish(machine.cleared("bb", HERE), HERE)
    machine.publish(machine.cleared("cc", THERE), THERE)
    assert machine.publish(first, HERE).changed


class Acting(ArchiveLedger):
    """A ledger on which something happens directly before or after the first intent."""

    def __init__(
        self, machine: Machine, *, before: Callable[[], Any], after: Callable[[], Any]
    ) -> None:
        super().__init__(machine.ledger._records, machine.ledger._writer)
        self.before, self.after = before, after

    def append(self, dataset: str, kind: EntryKind, *arguments: Any, **named: Any) -> Any:
        if kind != "intent":
            return super().append(dataset, kind, *arguments, **named)
        self.before()
        entry = super().append(dataset, kind, *arguments, **named)
        self.before, self.after, after = nothing, nothing, self.after
        after()
        return entry


def nothing() -> None:
    return None


def test_a_linked_release_that_goes_out_between_the_look_and_the_intent_is_found(
    machine: Machine,
) -> None:
    here, there = machine.cleared("aa", HERE), machine.cleared("bb", THERE)
    ledger = Acting(machine, before=lambda: machine.publish(there, THERE), after=nothing)
    with pytest.raises(LedgerConflict, match=f"release of '{OTHER}' was published"):
        machine.publish(here, HERE, ledger)
    assert machine.portal(HERE).sent == []
    assert machine.kinds(HERE) == ["intent", "abandoned"]


def test_of_two_linked_datasets_that_are_meant_at_once_at_most_one_is_sent(
    machine: Machine,
) -> None:
    """Each writes its intent before the other has looked again."""
    here, there = machine.cleared("aa", HERE), machine.cleared("bb", THERE)
    refused: list[LedgerConflict] = []

    def meanwhile() -> None:
        with pytest.raises(LedgerConflict, match="is being published at this moment") as told:
            machine.publish(there, THERE)
        refused.append(told.value)

    machine.publish(here, HERE, Acting(machine, before=nothing, after=meanwhile))
    assert (machine.kinds(HERE)[-1], machine.kinds(THERE)) == ("published", [])
    assert f"2026-01-01 {12 + CLAIM.seconds // 3600}:00 UTC" in refused[0].remedy
    assert machine.publish(machine.cleared("bb", THERE), THERE).changed


def test_what_was_given_up_was_never_seen_and_keeps_nobody_away(
    machine: Machine, tmp_path: Path
) -> None:
    machine.publish(machine.cleared("aa", HERE), HERE)
    here, there = machine.cleared("bb", HERE), machine.cleared("cc", THERE)
    ledger = Acting(machine, before=lambda: machine.publish(there, THERE), after=nothing)
    with pytest.raises(LedgerConflict, match="was published"):
        machine.publish(here, HERE, ledger)
    entries = machine.ledger.entries(HERE.id)
    assert machine.kinds(HERE)[-2:] == ["intent", "abandoned"]
    assert [each.public.sha256 for each in earlier_releases(entries)] == ["aa" * 32]
    assert place_of(entries) == machine.portal(HERE).uid
    assert Machine(tmp_path, "second").publish(machine.cleared("bb", HERE), HERE).changed


def test_a_release_that_was_given_up_leaves_the_one_before_it_unchanged(machine: Machine) -> None:
    first = machine.cleared("aa", HERE)
    machine.publish(first, HERE)
    there = machine.cleared("cc", THERE)
    ledger = Acting(machine, before=lambda: machine.publish(there, THERE), after=nothing)
    with pytest.raises(LedgerConflict, match="was published"):
        machine.publish(machine.cleared("bb", HERE), HERE, ledger)
    assert not machine.publish(first, HERE).changed


def test_a_linked_run_that_died_before_it_sent_anything_is_waited_for_and_then_passed_by(
    machine: Machine, tmp_path: Path
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    other = Machine(tmp_path, "second")
    with pytest.raises(KeyboardInterrupt):
        other.publish(other.cleared("bb", THERE), THERE, Acting(other, before=nothing, after=die))
    with pytest.raises(LedgerConflict, match="is being published"):
        machine.publish(machine.cleared("aa", HERE), HERE)
    machine.clock.time += CLAIM + timedelta(seconds=1)
    assert machine.publish(machine.cleared("aa", HERE), HERE).changed


def test_an_archive_that_fails_at_the_second_look_leaves_no_way_around_it(
    machine: Machine,
) -> None:
    """The run is tried again with what it cleared before: it is looked at again, too."""
    machine.publish(machine.cleared("aa", HERE), HERE)
    here, there = machine.cleared("bb", HERE), machine.cleared("cc", THERE)

    class Failing(Acting):
        def append(self, dataset: str, kind: EntryKind, *arguments: Any, **named: Any) -> Any:
            if kind == "abandoned":
                raise ArchiveUnavailable("The archive does not answer.")
            return super().append(dataset, kind, *arguments, **named)

        def entries(self, dataset: str) -> tuple[LedgerEntry, ...]:
            chain = super().entries(HERE.id)
            if dataset == OTHER and chain[-1].kind == "intent":
                raise ArchiveUnavailable("The archive does not answer.")
            return super().entries(dataset)

    def first() -> None:
        machine.publish(there, THERE)

    with pytest.raises(ArchiveUnavailable):
        machine.publish(here, HERE, Failing(machine, before=first, after=nothing))
    assert machine.kinds(HERE)[-1] == "intent"
    with pytest.raises(LedgerConflict, match=f"release of '{OTHER}' was published"):
        machine.publish(here, HERE)
    assert len(machine.portal(HERE).sent) == 1
