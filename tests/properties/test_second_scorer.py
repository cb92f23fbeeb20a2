"""A second scorer, written from the guidelines alone, comes to the same score and the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from opengazette.adapters.contracts import load_rule_pack
from opengazette.disclosure.assessment.described_facts import explain_described
from opengazette.model.described import DescribedTable

V2 = load_rule_pack(Path(__file__).parents[2], "calhhs-ddg-2.0")
Steps = tuple[tuple[float, int], ...]
REST = float("inf")
RESIDENCE: Steps = (
    *((4_000, 7), (20_000, 5), (50_000, 4), (100_000, 3), (250_000, 1), (560_000, 0)),
    *((1_000_000, -1), (2_000_000, -3), (REST, -5)),
)
INSURANCE: Steps = ((20_000, 5), *RESIDENCE[2:])
SERVICE: Steps = (
    *((20_000, 1), (250_000, 0), (560_000, -1), (1_000_000, -3), (2_000_000, -4), (REST, -5)),
)
GROUP: Steps = ((20_000, 7), (100_000, 5), (300_000, 3), (4_000_000, 2), (REST, 1))
PAYER: Steps = (*GROUP[:3], (4_000_001, 2), (10_000_000, 1), (REST, 0))
AGE: Steps = ((2, 7), (5, 5), (10, 3), (29, 2), (REST, 1))
EVENTS: Steps = ((10, 7), (99, 5), (999, 3), (REST, 2))
YEARS: Steps = ((1, 0), (4, -3), (REST, -5))
UNITS = {"year": 0, "half_year": 3, "quarter": 4, "month": 5, "week": 5, "day": 5}
PLACES = {"address": 3, "address_rural": 5, "address_frontier": 7, "address_hospital": 3}
EDGES = sorted({int(n) + d for s in (RESIDENCE, GROUP, PAYER) for n, _ in s[:-1] for d in (0, 1)})

people = st.sampled_from(EDGES)
variables = st.one_of(
    st.fixed_dictionaries({"kind": st.just("age"), "high": st.integers(0, 60)}),
    st.fixed_dictionaries({"kind": st.just("other"), "smallest_population": people}),
    st.fixed_dictionaries({"kind": st.just("expected_payer"), "smallest_population": people}),
    st.just({"kind": "sex", "level": "male_female"}),
)
places = st.one_of(
    st.fixed_dictionaries({"residence": st.fixed_dictionaries({"population": people})}),
    st.fixed_dictionaries(
        {"service": st.fixed_dictionaries({"population": people, "residents_only": st.booleans()})}
    ),
    st.fixed_dictionaries({"service": st.sampled_from([{"place": p} for p in PLACES])}),
    st.fixed_dictionaries(
        {
            "residence": st.fixed_dictionaries({"population": people}),
            "insurance": st.fixed_dictionaries({"members": people}),
        }
    ),
)
periods = st.one_of(
    st.sampled_from([{"years": n} for n in (1, 2, 4, 5, 6, 10)]),
    st.sampled_from([{"unit": unit} for unit in UNITS]),
)


def on(steps: Steps, number: int) -> int:
    return next(points for high, points in steps if number <= high)


def variable_points(shown: dict[str, Any]) -> int:
    if shown["kind"] == "age":
        return on(AGE, min(shown["high"] + 1, 99 - shown["high"]))
    if shown["kind"] == "sex":
        return 1
    return on(PAYER if shown["kind"] == "expected_payer" else GROUP, shown["smallest_population"])


def place_points(where: dict[str, Any]) -> int:
    service, home = where.get("service", {}), where.get("residence", {}).get("population")
    found = [PLACES[service["place"]]] if "place" in service else []
    if "population" in service:
        found.append(on(SERVICE, service["population"]))
        home = service["population"] if service["residents_only"] else home
    members = where.get("insurance", {}).get("members")
    found += [] if home is None else [on(RESIDENCE, home)]
    found += [on(INSURANCE, members)] if members is not None and members < home else []
    return max(found)


def interaction_points(shown: list[dict[str, Any]], smallest: int) -> int:
    if not shown:
        return -5 if smallest >= 5 else -3 if smallest >= 3 else 0
    large = [v["kind"] == "expected_payer" and v["smallest_population"] > 10**7 for v in shown]
    return (0, 1, 2, 4, 4)[large.count(False)]


def written(number: int, shown: dict[str, Any]) -> dict[str, Any]:
    if shown["kind"] == "age":
        bands = [{"low": 0, "high": shown["high"]}, {"low": shown["high"] + 1}]
        return {"kind": "age", "name": f"v{number}", "bands": bands}
    return shown | {"name": f"v{number}", "groups": 2}


@given(
    shown=st.lists(variables, max_size=4),
    where=places,
    period=periods,
    smallest=st.sampled_from([1, 2, 3, 4, 5, 10, 11, 99, 100, 999, 1_000]),
    denominator=st.sampled_from([1_000, 20_000, 20_001]),
)
def test_two_scorers_agree(
    shown: list[dict[str, Any]],
    where: dict[str, Any],
    period: dict[str, Any],
    smallest: int,
    denominator: int,
) -> None:
    total = on(EVENTS, smallest) + sum(map(variable_points, shown)) + place_points(where)
    total += on(YEARS, period["years"]) if "years" in period else UNITS[period["unit"]]
    total += interaction_points(shown, smallest)
    passes = smallest >= 11 and denominator > 20_000
    masked = total > 12 and not passes
    table = {
        "title": "An example",
        "personal_characteristics": {"present": True, "basis": "People are counted."},
        "events": {"smallest": smallest},
        "denominator": denominator,
        "period": period,
        "variables": [written(number, each) for number, each in enumerate(shown)],
    }
    (found,) = explain_described(DescribedTable.model_validate(table | where), {}, V2)
    assert found.score is not None
    assert found.score.total == total
    assert found.outcome == ("mask" if masked else "release")
    steps = [1, 2, 5, 6] if passes else [1, 2, 3, 4, 5, 6] if masked else [1, 2, 3, 5, 6]
    assert [step.number for step in found.assessment.steps] == steps
