"""Whatever is done to a chain of receipts, the entry is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from examples.portraits import SHA, portrait
from hypothesis import given
from hypothesis import strategies as st

from opengazette.governance.ledger_chain import Head, examined, head, unwitnessed
from opengazette.model.frozen import canonical_sha256
from opengazette.model.ledger import FORMAT, LedgerEntry

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PORTRAIT = portrait()
Parts = tuple[dict[int, bytes], dict[int, bytes]]


def chain(length: int) -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    for sequence in range(1, length + 1):
        previous = entries[-1].sha256 if entries else None
        entries.append(
            LedgerEntry(
                format=2,
                dataset="births",
                sequence=sequence,
                previous=previous,
                kind="intent",
                at=NOW,
                release=PORTRAIT,
                note=f"night {sequence}",
            )
        )
    return entries


def parts(entries: list[LedgerEntry]) -> Parts:
    links = {e.sequence: e.model_dump_json().encode() for e in entries}
    return links, {e.sequence: e.sha256.encode() for e in entries}


def edited(links: dict[int, bytes], seals: dict[int, bytes], at: int) -> set[int]:
    links[at] = links[at].replace(b'"rows":12', b'"rows":13')
    return {at}


def edited_and_sealed(links: dict[int, bytes], seals: dict[int, bytes], at: int) -> set[int]:
    edited(links, seals, at)
    seals[at] = LedgerEntry.model_validate_json(links[at]).sha256.encode()
    return {at, at + 1}


def removed(links: dict[int, bytes], seals: dict[int, bytes], at: int) -> set[int]:
    del links[at]
    return {at}


def removed_with_its_seal(links: dict[int, bytes], seals: dict[int, bytes], at: int) -> set[int]:
    del links[at], seals[at]
    return {at}


def swapped(links: dict[int, bytes], seals: dict[int, bytes], at: int) -> set[int]:
    other = at - 1 or at + 1
    links[at], links[other] = links[other], links[at]
    return {at, other}


def unsealed(links: dict[int, bytes], seals: dict[int, bytes], at: int) -> set[int]:
    del seals[at]
    return {at}


@given(
    st.integers(3, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))),
    st.sampled_from([edited, edited_and_sealed, removed, removed_with_its_seal, swapped, unsealed]),
)
def test_every_damage_before_the_newest_entry_is_found_and_its_entry_named(
    where: tuple[int, int], damage: object
) -> None:
    length, at = where
    links, seals = parts(chain(length))
    touched = damage(links, seals, at)  # type: ignore[operator]
    found = examined("births", links, seals)
    assert found.problems
    assert {p.position for p in found.problems} & touched
    assert found.problems[0].position in touched
    assert len(found.entries) < min(touched) + 1, "nothing after the damage is believed"


@pytest.mark.parametrize("damage", [edited, edited_and_sealed, removed, removed_with_its_seal])
def test_a_witness_elsewhere_finds_what_was_done_to_the_newest_entry(damage: object) -> None:
    entries = chain(4)
    witness = head(tuple(entries))
    assert witness is not None
    links, seals = parts(entries)
    damage(links, seals, 4)  # type: ignore[operator]
    found = examined("births", links, seals)
    problem = found.problems or unwitnessed("births", found.entries, witness)
    assert problem, "neither the chain nor the witness noticed"


def test_a_witness_of_a_shorter_chain_is_content_with_a_longer_one() -> None:
    entries = tuple(chain(4))
    old = Head(sequence=2, sha256=entries[1].sha256)
    assert unwitnessed("births", entries, old) is None


def test_a_whole_chain_is_read_to_its_end_even_where_the_newest_entry_has_no_seal_yet() -> None:
    entries = chain(3)
    links, seals = parts(entries)
    del seals[3]
    found = examined("births", links, seals)
    assert found.entries == tuple(entries)
    assert found.problems == ()


def test_entries_of_the_first_form_keep_their_hashes() -> None:
    """They were hashed before an entry had a form, papers, a person or a machine."""
    old = {
        "dataset": "births",
        "sequence": 1,
        "previous": None,
        "kind": "published",
        "at": "2026-01-02T03:04:05Z",
        "release": PORTRAIT.model_dump(mode="json"),
        "uid": "abcd-1234",
        "address": "https://data.example.gov/d/abcd-1234",
        "digest": SHA,
        "note": "",
    }
    read = LedgerEntry.model_validate(old)
    assert read.format == 1
    assert read.sha256 == canonical_sha256(old)


def test_an_entry_of_a_newer_form_is_no_damage() -> None:
    links, seals = parts(chain(2))
    links[2] = json.dumps(
        {**json.loads(links[2]), "format": FORMAT + 1, "weather": "fine"}
    ).encode()
    problem = examined("births", links, seals).problems[0]
    assert problem.newer
    assert str(problem) == f"entry 2 has a form newer than {FORMAT}"
