"""Generated encounters: the same for the same seed, at any size, in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from opengazette.demo import shares, synthetic

ROWS = 300_000


@pytest.fixture(scope="module")
def encounters() -> pa.Table:
    return pa.Table.from_batches(synthetic.batches(ROWS))


def shared(table: pa.Table, column: str) -> dict[str, float]:
    counts = pc.value_counts(table[column].cast(pa.string()))
    return {c["values"].as_py(): c["counts"].as_py() / len(table) for c in counts}


@pytest.mark.parametrize("batch_rows", [1_000, 70_001, synthetic.BLOCK])
def test_rows_do_not_depend_on_the_size_of_a_batch(batch_rows: int) -> None:
    rows = synthetic.BLOCK + 3_000 if batch_rows > 50_000 else 4_500
    whole = pa.Table.from_batches(synthetic.batches(rows)).combine_chunks()
    parts = pa.Table.from_batches(synthetic.batches(rows, batch_rows=batch_rows))
    assert parts.combine_chunks().to_pylist() == whole.to_pylist()


def test_fewer_rows_are_the_beginning_of_more_rows(encounters: pa.Table) -> None:
    few = pa.Table.from_batches(synthetic.batches(2_000))
    assert few.to_pylist() == encounters.slice(0, 2_000).to_pylist()


def test_another_seed_makes_other_rows() -> None:
    one, two = (next(synthetic.batches(1_000, seed=seed)) for seed in (1, 2))
    assert one["county"].to_pylist() != two["county"].to_pylist()


def test_a_million_rows_stream_in_the_memory_of_a_few_blocks() -> None:
    def peak(blocks: int) -> int:
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        most = 0
        for batch in synthetic.batches(blocks * synthetic.BLOCK, batch_rows=synthetic.BLOCK):
            most = max(most, pa.total_allocated_bytes() - before)
            assert len(batch) == synthetic.BLOCK
        traced = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most + traced

    assert peak(8) < 1.3 * peak(2)


def test_counties_have_encounters_in_proportion_to_their_people(encounters: pa.Table) -> None:
    people = shares.county_populations().people
    state = sum(people.values())
    found = shared(encounters, "county")
    for county, residents in people.items():
        expected = residents / state
        assert abs(found.get(county, 0.0) - expected) < 6 * np.sqrt(expected / ROWS) + 1e-5


def test_small_counties_have_few_encounters_and_none_is_missing_from_the_list(
    encounters: pa.Table,
) -> None:
    found = shared(encounters, "county")
    assert min(found, key=lambda c: found[c]) == "Alpine"
    assert found["Los Angeles"] * ROWS > 50_000
    assert 0 < found["Alpine"] * ROWS < 40


def test_encounters_are_numbered_without_gap_or_repetition(encounters: pa.Table) -> None:
    numbers = encounters["encounter_id"].to_pylist()
    assert numbers[0] == "ED0000000000"
    assert numbers[-1] == f"ED{ROWS - 1:010d}"
    assert len(set(numbers)) == ROWS


def test_a_patient_keeps_sex_county_and_race(encounters: pa.Table) -> None:
    frame = encounters.select(
        ["medical_record_number", "patient_name", "sex", "county", "race_ethnicity"]
    ).to_pandas()
    assert frame["medical_record_number"].nunique() == len(frame.drop_duplicates()) < ROWS


def test_ages_dates_and_diagnoses_are_possible(encounters: pa.Table) -> None:
    assert pc.min_max(encounters["age_years"]).as_py() == {"min": 0, "max": 100}
    years = set(pc.unique(pc.year(encounters["encounter_date"])).to_pylist())
    assert years == {2019, 2020, 2021, 2022, 2023}
    pregnant = encounters.filter(
        pc.equal(encounters["diagnosis_group"].cast(pa.string()), "Pregnancy")
    )
    assert set(pregnant["sex"].cast(pa.string()).to_pylist()) == {"Female"}


def test_races_are_mixed_differently_from_county_to_county() -> None:
    mixes = shares.race_shares()
    assert len({tuple(np.round(mix, 6)) for mix in mixes}) == len(mixes) == 58


def test_diagnoses_have_a_long_tail(encounters: pa.Table) -> None:
    found = sorted(shared(encounters, "diagnosis_group").values(), reverse=True)
    assert len(found) == len(shares.DIAGNOSES)
    assert found[0] > 15 * found[-1]


@pytest.mark.parametrize(("rows", "batch_rows"), [(0, 10), (-1, 10), (10, 0)])
def test_a_size_without_meaning_is_refused(rows: int, batch_rows: int) -> None:
    def first() -> Iterator[object]:
        yield next(synthetic.batches(rows, batch_rows=batch_rows))

    with pytest.raises(ValueError, match="rows must lie between"):
        next(first())
