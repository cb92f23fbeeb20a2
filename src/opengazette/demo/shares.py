"""The shares that generated encounters are drawn from: made up, but shaped like emergency care."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from opengazette.model.reference import PopulationTable

Floats = npt.NDArray[np.float64]

FIRST_DAY = np.datetime64("2019-01-01")
LAST_DAY = np.datetime64("2023-12-31")
OLDEST = 100
#: Seed of the county mixes; fixed, so that every run draws from the same counties.
MIX_SEED = 58

SEXES = ("Female", "Male")
RACES = (
    "Hispanic or Latino",
    "White",
    "Asian",
    "Black or African American",
    "Multiple Races",
    "American Indian or Alaska Native",
    "Native Hawaiian or Other Pacific Islander",
)
RACE_SHARES = (0.40, 0.35, 0.14, 0.06, 0.035, 0.01, 0.005)
PAYERS = ("Medi-Cal", "Private", "Medicare", "Self Pay", "Other")
DISPOSITIONS = ("Home", "Admitted", "Left Before Treatment", "Transferred", "Died")
DIAGNOSES = (
    "Injuries",
    "Respiratory Infections",
    "Abdominal Pain",
    "Chest Pain",
    "Back and Joint Pain",
    "Headache",
    "Skin Infections",
    "Urinary Infections",
    "Mental Health",
    "Heart Disease",
    "Asthma and Chronic Lung Disease",
    "Pregnancy",
    "Diabetes",
    "Alcohol and Drugs",
    "Poisoning",
)
#: Median charge of each group of diagnoses in dollars.
CHARGES = (
    2100.0, 1500.0, 4200.0, 5600.0, 1900.0, 3100.0, 1700.0, 2600.0,
    3400.0, 8900.0, 3000.0, 3700.0, 4800.0, 2900.0, 4100.0,
)  # fmt: skip
#: Upper ages, excluded, of the groups that diagnoses, payers and dispositions depend on.
LIFE_STAGES = (5, 18, 45, 65)
#: How much more common each group of diagnoses is in each stage of life than by its rank.
STAGE_FACTORS = (
    (1.2, 4.0, 0.4, 0.02, 0.05, 0.1, 0.9, 0.5, 0.01, 0.02, 1.5, 0.0, 0.05, 0.0, 1.8),
    (1.8, 1.6, 0.8, 0.2, 0.4, 0.7, 0.8, 0.5, 1.0, 0.03, 1.4, 0.1, 0.3, 0.3, 1.0),
    (1.0, 0.8, 1.3, 0.8, 1.2, 1.3, 1.1, 1.0, 1.6, 0.2, 0.8, 2.5, 0.8, 1.8, 1.0),
    (0.8, 0.7, 1.1, 1.7, 1.4, 1.0, 1.1, 1.0, 1.1, 1.5, 1.1, 0.0, 1.7, 1.5, 0.8),
    (1.0, 0.9, 0.8, 1.6, 1.0, 0.5, 1.0, 2.0, 0.4, 4.0, 1.6, 0.0, 1.8, 0.3, 0.6),
)
PAYER_SHARES = (
    (0.58, 0.34, 0.00, 0.06, 0.02),
    (0.52, 0.40, 0.00, 0.06, 0.02),
    (0.44, 0.37, 0.02, 0.14, 0.03),
    (0.36, 0.39, 0.10, 0.11, 0.04),
    (0.07, 0.10, 0.78, 0.03, 0.02),
)
DISPOSITION_SHARES = (
    (0.925, 0.030, 0.035, 0.0098, 0.0002),
    (0.930, 0.030, 0.030, 0.0098, 0.0002),
    (0.860, 0.075, 0.050, 0.0145, 0.0005),
    (0.770, 0.165, 0.040, 0.0230, 0.0020),
    (0.630, 0.320, 0.015, 0.0280, 0.0070),
)


def county_populations() -> PopulationTable:
    """Return the people of each county, from the standards that ship with the package."""
    folder = files("opengazette") / "config" / "standards" / "populations"
    text = (folder / "california_counties_2010.yaml").read_text(encoding="utf-8")
    return PopulationTable.model_validate(YAML(typ="safe").load(text))


def cumulative(weights: Floats) -> Floats:
    """Return the running shares along the last axis; the last of them is exactly one."""
    running = np.cumsum(weights, axis=-1)
    shares: Floats = running / running[..., -1:]
    return shares


@cache
def county_shares() -> Floats:
    """Return the running shares of the counties, in the order of their names' file."""
    return cumulative(np.array(list(county_populations().people.values()), dtype=np.float64))


@cache
def race_shares() -> Floats:
    """Return the running shares of the groups of race and ethnicity: one row for each county."""
    spread = np.random.default_rng(MIX_SEED).normal(
        scale=0.5, size=(len(county_populations().people), len(RACES))
    )
    return cumulative(np.array(RACE_SHARES) * np.exp(spread))


@cache
def age_shares() -> Floats:
    """Return the running shares of the ages 0 to 100: high in infants and young adults."""
    ages = (0, 1, 4, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, OLDEST)
    heights = (2.2, 1.9, 1.2, 0.75, 0.85, 1.25, 1.45, 1.4, 1.15, 1.1, 1.0, 0.85, 0.7, 0.35, 0.02)
    return cumulative(np.interp(np.arange(OLDEST + 1), ages, heights))


@cache
def day_shares() -> Floats:
    """Return the running shares of the days: winters are busy, the spring of 2020 is empty."""
    days = np.arange(FIRST_DAY, LAST_DAY + 1)
    season = 1 + 0.08 * np.cos(2 * np.pi * np.arange(len(days)) / 365.25)
    monday = 1 + 0.06 * ((days.astype(np.int64) + 3) % 7 == 0)
    closed = (days >= np.datetime64("2020-03-20")) & (days < np.datetime64("2020-06-15"))
    return cumulative(season * monday * np.where(closed, 0.55, 1.0))


@cache
def diagnosis_shares() -> Floats:
    """Return the running shares of the diagnoses by stage of life and sex, flattened to rows.

    Row 2 x stage + sex. Shares fall with the rank as Zipf's law has it, but for the factors.
    """
    rank = 1 / np.arange(1, len(DIAGNOSES) + 1)
    by_stage = rank * np.array(STAGE_FACTORS)
    both = np.stack([by_stage, by_stage], axis=1)
    both[:, SEXES.index("Male"), DIAGNOSES.index("Pregnancy")] = 0.0
    both[:, SEXES.index("Female"), DIAGNOSES.index("Urinary Infections")] *= 2.0
    both[:, SEXES.index("Male"), DIAGNOSES.index("Injuries")] *= 1.3
    return cumulative(both.reshape(-1, len(DIAGNOSES)))


@cache
def payer_shares() -> Floats:
    """Return the running shares of the payers: one row for each stage of life."""
    return cumulative(np.array(PAYER_SHARES))


@cache
def disposition_shares() -> Floats:
    """Return the running shares of the dispositions: one row for each stage of life."""
    return cumulative(np.array(DISPOSITION_SHARES))
