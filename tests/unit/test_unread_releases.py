"""An earlier release that nobody can read any more is not passed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from examples.nights import Nights, by_group, count

from opengazette.errors import AuditFailed, DisclosureRisk
from opengazette.model.stages import Release

FIRST = "group,members A,4 B,20 C,60"
SECOND = "group,members A,44 B,20 C,60"
WITH_TESTS = "group,members,tests A,44,50 B,20,40 C,60,77"


def without_contract(nights: Nights, release: Release) -> Release:
    """Let the contract of a release be of a form that no version reads any more."""
    old = nights.papers.file("contract.json", "application/json", b'{"an older form": 1}')
    return replace(
        release, documents=tuple(old if d.name == old.name else d for d in release.documents)
    )


def test_a_release_whose_contract_nobody_can_read_stops_the_next_one(tmp_path: Path) -> None:
    """Alone, all of tonight's counts could be shown; held against last night's, B tells A."""
    nights = Nights(tmp_path, by_group(count("members"), total="All"))
    first = nights.released(FIRST)
    later = Nights(tmp_path, by_group(count("members"), count("tests"), total="All"))
    alone = later.masked(WITH_TESTS)
    assert not any("?" in row for row in later.shown(alone).values())
    later.earlier = [first]
    with pytest.raises(AuditFailed):
        later.cleared(alone)
    later.earlier = [without_contract(later, first)]
    for step in (lambda: later.masked(WITH_TESTS), lambda: later.cleared(alone)):
        with pytest.raises(DisclosureRisk, match=later.earlier[0].fingerprint[:12]) as refused:
            step()
        assert "contract of release" in refused.value.problem
        assert "opengazette ledger --release" in refused.value.remedy


def test_a_release_under_tonights_contract_needs_no_other(tmp_path: Path) -> None:
    nights = Nights(tmp_path, by_group(total="All"))
    first = nights.released(FIRST)
    nights.earlier = [without_contract(nights, first)]
    assert "?" in nights.shown(nights.masked(SECOND)).values()
