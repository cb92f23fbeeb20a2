"""A department's own guideline can do what its filing allows, and nothing else."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.contracts import load_rule_pack
from opengazette.errors import ContractInvalid
from opengazette.governance.overlays import overlaid, overlay_problems
from opengazette.model.overlay import Overlay
from opengazette.model.rulepack import RulePack

ROOT = Path(__file__).parents[2]
V1, V2 = (load_rule_pack(ROOT, f"calhhs-ddg-{edition}") for edition in ("1.0", "2.0"))
APPROVED = {
    "kind": "prt_approval",
    "record": "PRT 2026-7",
    "on": date(2026, 2, 1),
    "covers": ("thresholds.score", "scores.age"),
}
FILED = APPROVED | {"kind": "oaio_filing", "prt_consulted": date(2026, 1, 5)}
STRICTER = {"path": "thresholds.score", "was": 12, "to": 10, "reason": "Few people live here."}
YOUNG = {"path": "scores.age.bands.3.points", "was": 2, "to": 3, "reason": "Children."}


def overlay(*changes: dict[str, Any], **other: Any) -> Overlay:
    agreed: dict[str, Any] = {
        "name": "example-ddg",
        "base": "calhhs-ddg-2.0",
        "department": "vital_records",
        "reference": "Example DDG 1.2, 2026",
        "filing": APPROVED,
        "changes": changes or (STRICTER,),
    }
    return Overlay.model_validate(agreed | other)


def test_a_covered_value_is_changed_and_nothing_else() -> None:
    found = overlaid(V2, overlay(STRICTER, YOUNG))
    assert (found.thresholds.score, found.scores.age.points(11)) == (10, 3)
    assert (found.thresholds.numerator, found.scores.age.points(30)) == (11, 1)
    assert found.scores.events == V2.scores.events
    assert found.fingerprint() != V2.fingerprint()


def test_every_decision_is_stamped_with_the_guideline_and_its_filing() -> None:
    found = overlaid(V2, overlay(YOUNG))
    assert found.name == "example-ddg"
    assert "Example DDG 1.2, 2026" in found.title
    assert "approved by the Peer Review Team on 2026-02-01 (PRT 2026-7)" in found.source
    assert found.scores.age.source.endswith("Example DDG 1.2, 2026")
    assert found.scores.events.source == V2.scores.events.source


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"path": "thresholds.numerator", "was": 11}, "does not cover"),
        ({"path": "thresholds.score", "was": 13}, "not what `was` says"),
        ({"path": "thresholds.score", "to": "ten"}, "takes a int"),
        ({"path": "scores.age.bands.9.points", "was": 2}, "no value"),
        ({"path": "scores.age.bands", "was": 2}, "no number and no reading"),
        ({"path": "scores.age.source", "was": "DDG", "to": "Ours"}, "no number and no reading"),
        ({"path": "scores.age.bands.4.points", "was": 1, "to": 9}, "only rise or only fall"),
    ],
)
def test_what_the_filing_does_not_cover_or_the_base_does_not_have_is_refused(
    changed: dict[str, Any], reason: str
) -> None:
    given = overlay(STRICTER | changed)
    assert any(reason in why for _, why, _ in overlay_problems(V2, given))
    with pytest.raises(ContractInvalid, match="example-ddg"):
        overlaid(V2, given)


def test_edition_2_takes_an_approval_and_version_1_a_filed_copy() -> None:
    assert list(overlay_problems(V2, overlay())) == []
    assert list(overlay_problems(V1, overlay(filing=FILED))) == []
    for base, filing in ((V2, FILED), (V1, APPROVED)):
        (problem,) = overlay_problems(base, overlay(filing=filing))
        assert problem[0] == ("filing", "kind")


def test_an_approval_older_than_the_edition_does_not_stand() -> None:
    old = overlay(filing=APPROVED | {"on": date(2024, 1, 1)})
    assert [place for place, _, _ in overlay_problems(V2, old)] == [("filing", "on")]


@pytest.mark.parametrize("missing", ["reference", "filing"])
def test_reference_and_filing_cannot_be_left_out(missing: str) -> None:
    whole = overlay().model_dump()
    del whole[missing]
    with pytest.raises(ValueError, match=missing):
        Overlay.model_validate(whole)


def numbers(value: Any, path: str = "") -> list[tuple[str, int]]:
    if isinstance(value, dict):
        return [n for k, v in value.items() for n in numbers(v, f"{path}.{k}".strip("."))]
    if isinstance(value, list | tuple):
        return [n for i, v in enumerate(value) for n in numbers(v, f"{path}.{i}")]
    whole = isinstance(value, int) and not isinstance(value, bool)
    return [(path, value)] if whole and path.startswith(("thresholds", "scores")) else []


@given(place=st.sampled_from(numbers(V2.model_dump())), to=st.integers(-9, 9))
def test_no_value_outside_the_filing_ever_changes(place: tuple[str, int], to: int) -> None:
    path, was = place
    given = overlay({"path": path, "was": was, "to": to, "reason": "As approved."})
    covered = path == "thresholds.score" or path.startswith("scores.age.")
    sound = not list(overlay_problems(V2, given))
    assert covered or not sound
    if sound:
        before, after = numbers(V2.model_dump()), numbers(overlaid(V2, given).model_dump())
        differ = [b[0] for b, a in zip(before, after, strict=True) if a != b]
        assert differ == ([path] if to != was else [])


FILE = """name: example-ddg
base: calhhs-ddg-2.0
department: vital_records
reference: Example DDG 1.2, 2026
filing:
  kind: prt_approval
  record: PRT 2026-7
  on: 2026-02-01
  covers: [thresholds.score]
changes:
  - path: thresholds.score
    was: 12
    to: 10
    reason: Few people live here.
"""


def configured(folder: Path, text: str) -> RulePack:
    shutil.copytree(ROOT / "config", folder / "config")
    (folder / "config/overlays").mkdir(exist_ok=True)
    (folder / "config/overlays/example-ddg.yaml").write_text(text)
    return load_rule_pack(folder, "example-ddg")


def test_an_overlay_in_a_file_is_a_rule_pack_like_any_other(tmp_path: Path) -> None:
    assert configured(tmp_path, FILE).thresholds.score == 10


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("covers: [thresholds.score]", "covers: [scores.age]", "yaml:11: changes"),
        ("base: calhhs-ddg-2.0", "base: calhhs-ddg-3.0", "yaml:2: base"),
        ("vital_records", "nobody", "yaml:3: department"),
        ("name: example-ddg", "name: other", "yaml:1: name"),
        ("  record: PRT 2026-7\n", "", "filing"),
    ],
)
def test_an_overlay_that_does_not_stand_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(ContractInvalid) as refused:
        configured(tmp_path, FILE.replace(old, new))
    assert told in str(refused.value)


def test_the_overlay_of_the_guide_stands(tmp_path: Path) -> None:
    page = (ROOT / "docs/stewards/own-guideline.md").read_text("utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert configured(tmp_path, example).thresholds.score == 10


def test_the_limits_of_a_survey_and_of_money_can_be_changed_too() -> None:
    covers = ("reliability.surveys.chis", "reliability.unstable_from_percent", "amounts.largest")
    found = overlaid(
        V2,
        overlay(
            {
                "path": "reliability.surveys.chis.largest_error_percent",
                "was": 20,
                "to": 17.5,
                "reason": "As the survey's methods report has it.",
            },
            {
                "path": "reliability.unstable_from_percent",
                "was": 23,
                "to": 20,
                "reason": "Our rates are read by the press.",
            },
            {"path": "amounts.largest", "was": 2, "to": 3, "reason": "Few companies are paid."},
            filing=APPROVED | {"covers": covers},
        ),
    )
    assert found.reliability is not None
    assert found.amounts is not None
    assert found.reliability.surveys["chis"].largest_error_percent == 17.5
    assert found.reliability.surveys["chis"].source.endswith("Example DDG 1.2, 2026")
    assert found.reliability.unstable_from_percent == 20
    assert found.amounts.largest == 3


def test_a_whole_number_stays_whole() -> None:
    half = {"path": "amounts.largest", "was": 2, "to": 2.5, "reason": "Between the two."}
    other = overlay(half, filing=APPROVED | {"covers": ("amounts.largest",)})
    assert [reason for _, reason, _ in overlay_problems(V2, other)] == [
        "amounts.largest takes a int"
    ]


def test_a_higher_threshold_for_counts_stands_beside_the_rule_for_percents() -> None:
    higher = {
        "path": "thresholds.numerator",
        "was": 11,
        "to": 16,
        "reason": "Few people live here.",
    }
    other = overlay(higher, filing=APPROVED | {"covers": ("thresholds.numerator",)})
    assert overlaid(V2, other).thresholds.numerator == 16
