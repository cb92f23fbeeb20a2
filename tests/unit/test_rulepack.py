"""The rule packs: every listed value, and what a pack may not be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from opengazette.model.rulepack import (
    FixedLevel,
    HighRiskLevel,
    Ladder,
    PopulationLevel,
    RulePack,
    SexTable,
)

FOLDER = Path(__file__).parents[2] / "config" / "rulepacks"


def loaded(edition: str) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(FOLDER / f"calhhs-ddg-{edition}.yaml")
    return content


def pack(edition: str) -> RulePack:
    return RulePack.model_validate(loaded(edition))


V1, V2 = pack("1.0"), pack("2.0")

POPULATION = (20_000, 20_001, 50_000, 50_001, 100_000, 100_001, 250_000, 250_001, 560_000)
LARGE = (560_001, 1_000_000, 1_000_001, 2_000_000, 2_000_001, 39_000_000)


def ladder(table: Ladder, *numbers: int) -> list[int]:
    return [table.points(n) for n in numbers]


@pytest.mark.parametrize("edition", [V1, V2], ids=["v1", "v2"])
def test_s30_events_score_by_the_smallest_cell(edition: RulePack) -> None:
    found = ladder(edition.scores.events, 1, 10, 11, 99, 100, 999, 1000, 5_000_000)
    assert found == [7, 7, 5, 5, 3, 3, 2, 2]


def test_s29_residence_of_edition_2_scores_by_population() -> None:
    assert ladder(V2.scores.residence, 0, 4_000, 4_001) == [7, 7, 5]
    assert ladder(V2.scores.residence, *POPULATION) == [5, 4, 4, 3, 3, 1, 1, 0, 0]
    assert ladder(V2.scores.residence, *LARGE) == [-1, -1, -3, -3, -5, -5]


def test_residence_of_version_1_takes_the_higher_score_where_its_bands_meet() -> None:
    assert ladder(V1.scores.residence, 0, 4_000, 4_001) == [5, 5, 5]
    assert ladder(V1.scores.residence, *POPULATION) == [5, 4, 4, 3, 3, 1, 1, 0, 0]
    assert V1.scores.residence.points(100_000, "lowest") == 1
    assert V1.scores.residence.points(250_000, "lowest") == 0
    assert ladder(V1.scores.residence, *LARGE) == [-1, -1, -3, -3, -5, -5]


@pytest.mark.parametrize("edition", [V1, V2], ids=["v1", "v2"])
def test_service_geography_scores_by_the_region(edition: RulePack) -> None:
    region = edition.scores.service.population
    assert ladder(region, 0, 20_000, 20_001, 250_000, 250_001, 560_000) == [1, 1, 0, 0, -1, -1]
    assert ladder(region, *LARGE) == [-3, -3, -4, -4, -5, -5]


def test_service_addresses_score_by_place() -> None:
    def places(edition: RulePack) -> dict[str, int]:
        return {name: place.points for name, place in edition.scores.service.places.items()}

    assert places(V1) == {"address": 3}
    assert places(V2) == {
        "address": 3,
        "address_rural": 5,
        "address_frontier": 7,
        "address_hospital": 3,
    }


def test_insurance_scores_by_members_and_is_new_in_edition_2() -> None:
    assert V1.scores.insurance is None
    assert V2.scores.insurance is not None
    assert ladder(V2.scores.insurance, 3_999, 4_001) == [5, 5]
    assert ladder(V2.scores.insurance, *POPULATION) == [5, 4, 4, 3, 3, 1, 1, 0, 0]
    assert ladder(V2.scores.insurance, *LARGE) == [-1, -1, -3, -3, -5, -5]


def test_payer_scores_by_enrolment_and_is_new_in_edition_2() -> None:
    assert V1.scores.payer is None
    assert V2.scores.payer is not None
    edges = (20_000, 20_001, 100_000, 100_001, 300_000, 300_001, 4_000_000, 4_000_001)
    enrolment = V2.scores.payer.enrolment
    assert ladder(enrolment, *edges) == [7, 5, 5, 3, 3, 2, 2, 1]
    assert ladder(enrolment, 10_000_000, 10_000_001) == [1, 0]


def test_age_bands_score_by_their_width() -> None:
    widths = (1, 2, 3, 5, 6, 10, 11, 29, 30, 90)
    assert ladder(V1.scores.age, *widths) == [7, 7, 5, 5, 3, 3, 2, 2, 2, 2]
    assert ladder(V2.scores.age, *widths) == [7, 7, 5, 5, 3, 3, 2, 2, 1, 1]


@pytest.mark.parametrize("edition", [V1, V2], ids=["v1", "v2"])
def test_time_scores_by_the_length_of_the_period(edition: RulePack) -> None:
    time = edition.scores.time
    assert ladder(time.years, 1, 2, 4, 5, 10) == [0, -3, -3, -5, -5]
    assert time.units == {"year": 0, "half_year": 3, "quarter": 4, "month": 5, "week": 5}


@pytest.mark.parametrize("edition", [V1, V2], ids=["v1", "v2"])
def test_crossed_variables_score_and_minimums_are_credited(edition: RulePack) -> None:
    table = edition.scores.interactions
    assert ladder(table.crossed, 0, 1, 2, 3, 4, 9) == [0, 1, 2, 4, 4, 4]
    assert [(c.at_least, c.points) for c in table.credits] == [(5, -5), (3, -3)]


@pytest.mark.parametrize("edition", [V1, V2], ids=["v1", "v2"])
def test_other_variables_score_by_number_of_groups(edition: RulePack) -> None:
    assert ladder(edition.scores.other.groups, 1, 4, 5, 9, 10, 200) == [3, 3, 5, 5, 7, 7]


def test_other_variables_score_by_population_in_edition_2_alone() -> None:
    assert V1.scores.other.population is None
    assert V2.scores.other.population is not None
    edges = (20_000, 20_001, 100_000, 100_001, 300_000, 300_001, 4_000_000, 4_000_001)
    assert ladder(V2.scores.other.population, *edges) == [7, 5, 5, 3, 3, 2, 2, 1]


def fixed(table: Any) -> dict[str, int]:
    return {n: v.points for n, v in table.levels.items() if isinstance(v, FixedLevel)}


def test_sex_orientation_and_gender_have_the_listed_levels() -> None:
    assert fixed(V1.scores.sex) == {"male_female": 1}
    assert fixed(V2.scores.sex) == {
        "male_female": 1,
        "sexual_orientation": 2,
        "gender_identity": 3,
        "gender_identity_detailed": 5,
        "intersex": 2,
        "intersex_with_sex": 2,
    }


def test_race_and_ethnicity_have_the_listed_levels() -> None:
    assert fixed(V1.scores.race_ethnicity) == {
        "broad": 2,
        "omb": 3,
        "hispanic": 2,
        "detailed": 4,
        "detailed_ethnicity": 4,
    }
    assert fixed(V2.scores.race_ethnicity) == {"broad": 2, "omb": 3, "hispanic": 1}
    edges = (20_000, 20_001, 100_000, 100_001, 300_000, 300_001, 4_000_000, 4_000_001)
    for name in ("detailed", "detailed_ethnicity"):
        level = V2.scores.race_ethnicity.levels[name]
        assert isinstance(level, PopulationLevel)
        assert ladder(level.ladder, *edges) == [7, 5, 5, 3, 3, 2, 2, 1]


def test_language_and_immigration_have_the_listed_levels() -> None:
    assert fixed(V1.scores.other) == {"language_broad": 2, "language_detailed": 4}
    assert fixed(V2.scores.other) == {
        "language_broad": 1,
        "immigration_birth": 1,
        "immigration_citizenship": 1,
    }
    detailed = V2.scores.other.levels["language_detailed"]
    assert isinstance(detailed, PopulationLevel)
    edges = (20_000, 20_001, 100_000, 100_001, 300_000, 300_001, 4_000_000, 10_000_000)
    assert ladder(detailed.ladder, *edges) == [7, 5, 5, 3, 3, 2, 2, 2]
    assert isinstance(V2.scores.other.levels["immigration_detailed"], HighRiskLevel)


@pytest.mark.parametrize("edition", [V1, V2], ids=["v1", "v2"])
def test_both_editions_share_the_limits(edition: RulePack) -> None:
    assert (edition.thresholds.numerator, edition.thresholds.score) == (11, 12)
    assert edition.smallest_denominator == 20_001


def test_the_denominator_limit_is_a_recorded_reading() -> None:
    content = loaded("2.0")
    content["readings"]["denominator_limit"] = "passes"
    assert RulePack.model_validate(content).smallest_denominator == 20_000


def test_the_portal_has_a_text_for_every_annotation_code() -> None:
    assert [a.code for a in V2.annotations] == ["", "1", "2", "3", "4", "5"]
    assert "small numbers" in V2.annotation("1")
    with pytest.raises(KeyError):
        V2.annotation("9")


def broken(change: Any) -> None:
    content = loaded("2.0")
    change(content)
    RulePack.model_validate(content)


def band(low: int, high: int | None, points: int) -> dict[str, int | None]:
    return {"low": low, "high": high, "points": points}


@pytest.mark.parametrize(
    ("bands", "reason"),
    [
        ([band(0, 10, 7), band(12, None, 5)], "does not begin"),
        ([band(0, 10, 7), band(5, None, 5)], "does not begin"),
        ([band(0, None, 7), band(11, None, 5)], "does not begin"),
        ([band(0, 10, 7), band(11, 9, 5)], "ends before"),
        ([band(0, 10, 5), band(11, 20, 7), band(21, None, 1)], "only rise or only fall"),
        ([band(0, None, 5)], "at least 2 items"),
    ],
    ids=["gap", "overlap", "two open ends", "backwards", "zigzag", "single"],
)
def test_a_ladder_with_gaps_or_disorder_is_refused(bands: list[Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Ladder.model_validate({"source": "a guideline", "bands": bands})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c["scores"].pop("events"), "scores.events"),
        (lambda c: c.update(threshold=5), "threshold"),
        (lambda c: c["scores"]["time"]["units"].pop("week"), "units needs exactly"),
        (lambda c: c["scores"]["time"]["units"].update(month=1), "at least as high"),
        (lambda c: c["scores"]["sex"].update(two_groups="none_such"), "not a listed level"),
        (lambda c: c["annotations"].append(c["annotations"][0]), "listed twice"),
        (lambda c: c["readings"].update(zeros="maybe"), "readings.zeros"),
        (lambda c: c["scores"].pop("payer"), "scores.payer"),
    ],
    ids=[
        "no events",
        "unknown field",
        "no week",
        "month below year",
        "no such level",
        "code twice",
        "no such reading",
        "payer left out",
    ],
)
def test_a_pack_that_breaks_its_form_is_refused(change: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        broken(change)


def test_a_table_needs_at_least_one_score() -> None:
    risky = {"score": "high_risk", "means": "any breakdown", "source": "a guideline"}
    table = {"source": "a guideline", "two_groups": "all", "levels": {"all": risky}}
    with pytest.raises(ValidationError, match="needs a score"):
        SexTable.model_validate(table)
