"""Generated encounters at emergency departments: any number, the same for the same seed.

No row stems from a person. Only the populations of the counties are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow.lib as pa

from opengazette.demo import shares

SEED = 2024
#: Rows drawn from one random stream. Part of what the data are: another number is other data.
BLOCK = 131_072
#: Rows handed on at once.
BATCH = 8 * BLOCK
#: Patients among the encounters of a block; some come often.
PATIENTS = 81_920
MOST_ROWS = 1_000_000_000

GIVEN_NAMES = ("Sample", "Example", "Madeup", "Pretend", "Invented", "Fictive", "Demo", "Trial")
TREES = (
    "Alder", "Ash", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Cypress", "Elder", "Elm", "Fir",
    "Hazel", "Hemlock", "Hickory", "Holly", "Juniper", "Larch", "Laurel", "Linden", "Maple", "Oak",
    "Olive", "Pear", "Pine", "Plum", "Poplar", "Redwood", "Rowan", "Spruce", "Sycamore", "Walnut",
    "Willow",
)  # fmt: skip
NAMES = tuple(f"{given} {tree}" for given in GIVEN_NAMES for tree in TREES)

SCHEMA = pa.schema(
    [
        pa.field("encounter_id", pa.string(), nullable=False),
        pa.field("patient_name", pa.dictionary(pa.int16(), pa.string()), nullable=False),
        pa.field("medical_record_number", pa.string(), nullable=False),
        pa.field("encounter_date", pa.date32(), nullable=False),
        pa.field("county", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("age_years", pa.int16(), nullable=False),
        pa.field("sex", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("race_ethnicity", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("expected_payer", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("diagnosis_group", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("disposition", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("charge", pa.float64(), nullable=False),
    ]
)

Codes = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Patients:
    """The people of one block."""

    county: Codes
    sex: Codes
    race: Codes
    age_midway: shares.Floats
    name: npt.NDArray[np.int16]


def batches(rows: int, *, seed: int = SEED, batch_rows: int = BATCH) -> Iterator[pa.RecordBatch]:
    """Yield the first `rows` encounters of the endless sequence that `seed` stands for.

    Shape: `SCHEMA`; one row for each encounter, in the order of `encounter_id`.
    The rows depend on the seed alone, neither on `rows` nor on `batch_rows`. Memory is bounded by
    `batch_rows`.

    Raises:
        ValueError: a number of rows or a size of batch that makes no sense.
    """
    if not 0 < rows <= MOST_ROWS or batch_rows < 1:
        raise ValueError(f"rows must lie between 1 and {MOST_ROWS}, batch_rows be at least 1")
    for start in range(0, rows, batch_rows):
        yield _between(seed, start, min(start + batch_rows, rows))


def reader(rows: int, *, seed: int = SEED) -> pa.RecordBatchReader:
    """Return the same encounters as one Arrow stream, made while it is read."""
    return pa.RecordBatchReader.from_batches(SCHEMA, batches(rows, seed=seed))


def _between(seed: int, start: int, stop: int) -> pa.RecordBatch:
    pieces = []
    for number in range(start // BLOCK, (stop - 1) // BLOCK + 1):
        first = number * BLOCK
        low, high = max(start - first, 0), min(stop - first, BLOCK)
        pieces.append(_block(seed, number).slice(low, high - low))
    return pieces[0] if len(pieces) == 1 else pa.concat_batches(pieces)


def _block(seed: int, number: int) -> pa.RecordBatch:
    random = np.random.Generator(np.random.PCG64([seed, number]))
    people = _patients(random)
    who = (PATIENTS * random.random(BLOCK) ** 1.6).astype(np.int64)
    day = np.searchsorted(shares.day_shares(), random.random(BLOCK), side="right")
    age = _age_on(people.age_midway[who], day)
    stage = np.searchsorted(shares.LIFE_STAGES, age, side="right")
    sex = people.sex[who]
    payer = _drawn(random, shares.payer_shares(), stage)
    diagnosis = _drawn(random, shares.diagnosis_shares(), 2 * stage + sex)
    disposition = _drawn(random, shares.disposition_shares(), stage)
    return pa.RecordBatch.from_arrays(
        [
            _numbered("ED", number * BLOCK + np.arange(BLOCK)),
            _labelled(people.name[who], NAMES),
            _numbered("DEMO", number * PATIENTS + who),
            pa.array((shares.FIRST_DAY.astype(np.int32) + day).astype(np.int32)).cast(pa.date32()),
            _labelled(people.county[who], tuple(shares.county_populations().people)),
            pa.array(age.astype(np.int16)),
            _labelled(sex, shares.SEXES),
            _labelled(people.race[who], shares.RACES),
            _labelled(payer, shares.PAYERS),
            _labelled(diagnosis, shares.DIAGNOSES),
            _labelled(disposition, shares.DISPOSITIONS),
            pa.array(_charge(random, diagnosis, disposition)),
        ],
        schema=SCHEMA,
    )


def _patients(random: np.random.Generator) -> _Patients:
    county = np.searchsorted(shares.county_shares(), random.random(PATIENTS), side="right")
    age = np.searchsorted(shares.age_shares(), random.random(PATIENTS), side="right")
    return _Patients(
        county=county.astype(np.int8),
        sex=(random.random(PATIENTS) < 0.47).astype(np.int8),
        race=_drawn(random, shares.race_shares(), county),
        age_midway=age + random.random(PATIENTS),
        name=random.integers(len(NAMES), size=PATIENTS, dtype=np.int16),
    )


def _age_on(age_midway: shares.Floats, day: Integers) -> Integers:
    midway = len(shares.day_shares()) / 2
    age = np.floor(age_midway + (day - midway) / 365.25)
    return np.clip(age, 0, shares.OLDEST).astype(np.int64)


def _drawn(random: np.random.Generator, running: shares.Floats, row: Integers) -> Codes:
    """Draw one code for each row number from that row's running shares."""
    chance = random.random(len(row))
    code = np.zeros(len(row), dtype=np.int8)
    for column in running.T[:-1]:
        code += chance >= column[row]
    return code


def _charge(random: np.random.Generator, diagnosis: Codes, disposition: Codes) -> shares.Floats:
    median = np.array(shares.CHARGES)[diagnosis]
    admitted = np.where(disposition == shares.DISPOSITIONS.index("Admitted"), 6.0, 1.0)
    charge: shares.Floats = np.round(
        median * admitted * np.exp(0.8 * random.standard_normal(BLOCK)), 2
    )
    return charge


def _labelled(codes: npt.NDArray[np.signedinteger], labels: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(labels))


def _numbered(prefix: str, numbers: Integers) -> pa.Array:
    """Return `prefix` and ten digits for each number, built without a Python string each."""
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    width = len(head) + 10
    text = np.empty((len(numbers), width), dtype=np.uint8)
    text[:, : len(head)] = head
    rest = numbers.copy()
    for place in range(width - 1, len(head) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, place] = digit + ord("0")
    ends = np.arange(0, text.size + 1, width, dtype=np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(ends), pa.py_buffer(text))
