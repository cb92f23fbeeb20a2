"""What the law asks of a release: Safe Harbor, expert determination, Part 2, statutes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from opengazette.adapters.contracts import load_contract
from opengazette.disclosure.assessment.safe_harbor import safe_harbor_obstacles
from opengazette.errors import ApprovalMissing, DisclosureRisk
from opengazette.governance.approvals import standing_approval
from opengazette.governance.regimes import lacking
from opengazette.model.approval import Approval
from opengazette.model.contract import Contract
from opengazette.model.legal import Legal
from opengazette.model.stages import Documented, DocumentRef, Release, TableRef
from opengazette.model.statutes import CITATIONS, statutes
from opengazette.steps.approve import approve
from opengazette.steps.lawfulness import laws_kept

ROOT = Path(__file__).parents[2]
SIGNED = {
    "expert": "R. Alvarez",
    "role": "Statistical De-Identification Expert",
    "signed_on": "2026-01-05",
    "reference": "Folder 12 of Legal Services",
}
BY_EXPERT = {"method": "expert_determination", "basis": "Counts by county are asked for."}
HARBOR = {"method": "safe_harbor", "basis": "R. Alvarez knows of no way to identify a person."}


def contract(*dimensions: dict[str, Any], high_risk: bool = False, **legal: Any) -> Contract:
    given = load_contract(ROOT, "emergency_encounters").model_dump(mode="json")
    given["legal"] = {"regimes": ["ipa", "hipaa"], "authority": "A law of the tests", **legal}
    given["disclosure"]["high_risk"]["present"] = high_risk
    if dimensions:
        given["disclosure"]["denominator"] = {"kind": "people", "people": 9, "basis": "Census"}
        given["disclosure"]["reporting_period"] = {"years": 1}
        given["columns"] = {
            "x": {"type": "text", "role": "dimension", "label": "X"},
        }
        given["publication"]["dimensions"] = [
            {"label": "X", "column": "x", **dimension} for dimension in dimensions
        ]
        count = {"kind": "count", "name": "n", "label": "N", "unit": "u", "definition": "Cases."}
        given["publication"]["measures"] = [count]
    return Contract.model_validate(given)


def dimension(kind: str, **more: Any) -> dict[str, Any]:
    return {"name": "x", "characteristic": {"kind": kind}, **more}


def outside(kind: str, *labels: str, **more: Any) -> list[str]:
    table = pd.DataFrame({"x": labels})
    found = safe_harbor_obstacles(contract(dimension(kind, **more)), table)
    return [obstacle.identifier for obstacle in found]


@pytest.mark.parametrize(
    ("kind", "labels", "letters"),
    [
        ("residence", ("California", "NV", "District of Columbia", "United States"), []),
        ("residence", ("Alpine", "Kern"), ["B"]),
        ("residence", ("900", "901"), ["B"]),
        ("service_location", ("Main Street 1",), ["B"]),
        ("time", ("2019", "2020", "2019-2021", "FY 2019-20"), []),
        ("time", ("2020-03",), ["C"]),
        ("time", ("2012-13", "2020-21"), []),
        ("time", ("2020-Q1", "2021"), ["C"]),
        ("age", ("0 to 17", "18 to 89", "90+"), []),
        ("age", ("85 or older",), []),
        ("age", ("85 to 94", "95+"), ["C"]),
        ("age", ("90 to 94",), ["C"]),
        ("age", ("91",), ["C"]),
        ("sex", ("Female", "Male"), []),
    ],
)
def test_safe_harbor_takes_states_years_and_ages_pooled_at_ninety(
    kind: str, labels: tuple[str, ...], letters: list[str]
) -> None:
    assert outside(kind, *labels) == letters


@pytest.mark.parametrize(
    ("low", "high", "letters"), [(85, 89, []), (90, None, []), (85, 90, ["C"]), (91, None, ["C"])]
)
def test_a_band_of_ages_is_judged_by_its_ends_whatever_its_label(
    low: int, high: int | None, letters: list[str]
) -> None:
    bands = [{"label": "Oldest", "low": low, "high": high}]
    assert outside("age", "Oldest", generalise={"rule": "bands", "bands": bands}) == letters


def test_totals_subtotals_and_unknowns_are_no_places() -> None:
    more = {"total": "All", "missing": "Unknown", "groups": {"West": ["California", "Nevada"]}}
    assert outside("residence", "All", "Unknown", "West", "California", **more) == []


def test_safe_harbor_is_refused_where_the_table_shows_counties() -> None:
    chosen = contract(dimension("residence"), hipaa_standard=HARBOR)
    with pytest.raises(DisclosureRisk, match="relies on Safe Harbor"):
        laws_kept(chosen, pd.DataFrame({"x": ["Alpine", "Kern"]}))


def test_safe_harbor_is_met_by_a_table_of_one_state() -> None:
    chosen = contract(dimension("residence"), hipaa_standard=HARBOR)
    told = laws_kept(chosen, pd.DataFrame({"x": ["California"]}))
    assert told["outside_safe_harbor"] == []
    assert [(law["regime"], law["met"]) for law in told["laws"]] == [
        ("ipa", "yes"),
        ("hipaa", "yes"),
    ]


@pytest.mark.parametrize(
    ("legal", "missing"),
    [
        ({"regimes": ["ipa"]}, []),
        ({"regimes": ["public_record", "ipa"]}, []),
        ({"regimes": ["hipaa"]}, ["method"]),
        ({"regimes": ["ipa", "part2"]}, ["method"]),
        ({"hipaa_standard": HARBOR}, []),
        ({"hipaa_standard": BY_EXPERT}, ["determination"]),
        ({"hipaa_standard": {**BY_EXPERT, "determination": SIGNED}}, []),
    ],
)
def test_the_gate_asks_for_the_paper_that_the_regime_needs(
    legal: dict[str, Any], missing: list[str]
) -> None:
    found = lacking(contract(**legal))
    assert len(found) == len(missing)
    assert all(word in line for word, line in zip(missing, found, strict=True))


def test_records_of_substance_use_treatment_are_always_high_risk() -> None:
    treated = contract(dimension("sex"), regimes=["part2"], hipaa_standard=HARBOR)
    with pytest.raises(DisclosureRisk, match="42 CFR Part 2"):
        laws_kept(treated, pd.DataFrame({"x": ["Female"]}))


def test_substance_use_treatment_stands_under_part_2_and_the_hipaa_standard() -> None:
    treated = contract(
        dimension("sex"), regimes=["ipa", "part2"], hipaa_standard=HARBOR, high_risk=True
    )
    laws = laws_kept(treated, pd.DataFrame({"x": ["Female"]}))["laws"]
    assert [law["law"] for law in laws][1:] == [
        "42 CFR 2.54; 45 CFR 164.514(b)(2)",
        "42 CFR Part 2",
    ]


def test_personal_characteristics_outside_the_information_practices_act_are_a_question() -> None:
    laws = laws_kept(contract(dimension("sex"), regimes=["public_record"]), pd.DataFrame({"x": []}))
    assert laws["laws"][-1]["regime"] == "ipa"
    assert laws["laws"][-1]["met"] == "by a person"


def test_the_evidence_cites_the_statutes_that_the_contract_names() -> None:
    told = laws_kept(
        contract(dimension("sex"), regimes=["ipa"], statutes=["cancer", "vital_records"]),
        pd.DataFrame({"x": ["Female"]}),
    )
    cited = [law["law"] for law in told["laws"] if law["regime"] == "statutes"]
    assert cited[0] == "Health & Safety Code 103875, 103885, 104315"
    assert "102426" in cited[1]


def test_every_topic_of_the_index_leads_to_a_law() -> None:
    assert all(statute.citations and statute.title for statute in statutes(CITATIONS))


@pytest.mark.parametrize(
    "legal",
    [
        {"regimes": ["ipa"], "hipaa_standard": HARBOR},
        {"regimes": ["ipa", "ipa"]},
        {"regimes": ["ipa"], "statutes": ["cancer", "cancer"]},
        {"regimes": ["ipa"], "statutes": ["astrology"]},
        {"regimes": ["hipaa"], "hipaa_standard": {**HARBOR, "determination": SIGNED}},
    ],
)
def test_a_contract_that_contradicts_itself_on_the_law_is_refused(legal: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Legal.model_validate({"authority": "A law of the tests", **legal})


def test_a_contract_without_the_new_parts_keeps_its_fingerprint() -> None:
    dumped = Legal.model_validate({"regimes": ["ipa"], "authority": "A law"}).model_dump()
    assert dumped == {"regimes": ("ipa",), "authority": "A law"}


def waiting(chosen: Contract) -> tuple[Documented, Approval]:
    sha = "0" * 64
    paper, table = DocumentRef("evidence.json", "j", sha), TableRef("example", sha, 10, ())
    release = Release(chosen.id, sha, sha, table, table, table, paper, (paper,), 1, 0, 0)
    given = standing_approval(
        release, 10, approver="A", role="R", approved_on=date(2026, 1, 5), reason="Read"
    )
    return Documented(release, ()), given


def test_the_gate_stays_shut_until_the_determination_is_on_file() -> None:
    chosen = contract(hipaa_standard=BY_EXPERT)
    release, given = waiting(chosen)
    with pytest.raises(ApprovalMissing, match="signed determination is not on file") as refused:
        approve(release, chosen, given)
    assert "opengazette determination" in refused.value.remedy


def test_a_signed_determination_opens_the_gate_to_what_is_approved() -> None:
    chosen = contract(hipaa_standard={**BY_EXPERT, "determination": SIGNED})
    release, given = waiting(chosen)
    assert approve(release, chosen, given).release == release.release
