"""What each demonstration department holds, as SQL over the public tables it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Holding:
    """One table of a department and the public data set that it is made from."""

    table: str
    package: str
    item: str
    select: str


#: Views that departments keep for reporting, beside the tables as they were collected.
VIEWS = {
    "reported_diseases": """
        SELECT disease, state, year, weeks_reporting, cases, population
        FROM disease_years
        WHERE weeks_reporting > 0 AND population IS NOT NULL
    """,
    "student_answers": """
        SELECT
            age_years,
            gender,
            grade,
            CASE WHEN hispanic = 'hispanic' THEN 'Hispanic or Latino' ELSE race END
                AS race_ethnicity,
            days_active
        FROM student_survey
        WHERE age_years IS NOT NULL AND gender IS NOT NULL
    """,
    "substance_use_encounters": """
        SELECT encounter_date, age_years, disposition
        FROM emergency_encounters
        WHERE diagnosis_group = 'Alcohol and Drugs'
    """,
    "substance_use_transfers": """
        SELECT encounter_date, age_years
        FROM substance_use_encounters
        WHERE disposition = 'Transferred' AND encounter_date >= DATE '2020-01-01'
    """,
}

HOLDINGS = (
    Holding(
        "covid_tests",
        "medicaldata",
        "covid_testing",
        """
        SELECT
            subject_id::INTEGER AS subject_id,
            fake_first_name AS first_name,
            fake_last_name AS last_name,
            gender,
            pan_day::INTEGER AS pandemic_day,
            test_id AS test_code,
            clinic_name,
            result,
            demo_group AS patient_group,
            floor(age)::INTEGER AS age_years,
            drive_thru_ind = 1 AS drive_through,
            ct_result::DOUBLE AS cycle_threshold,
            orderset = 1 AS order_set,
            payor_group,
            patient_class,
            col_rec_tat::DOUBLE AS hours_to_receipt,
            rec_ver_tat::DOUBLE AS hours_to_result
        FROM public_table
        """,
    ),
    Holding(
        "disease_years",
        "dslabs",
        "us_contagious_diseases",
        """
        SELECT
            disease,
            state,
            year::INTEGER AS year,
            weeks_reporting::INTEGER AS weeks_reporting,
            "count"::INTEGER AS cases,
            population::BIGINT AS population
        FROM public_table
        """,
    ),
    Holding(
        "births_by_day",
        "mosaicData",
        "Birthdays",
        """
        SELECT
            state AS state_code,
            substr(date, 1, 10)::DATE AS birth_date,
            year::INTEGER AS year_written,
            month::INTEGER AS month_written,
            day::INTEGER AS day_written,
            wday AS weekday,
            births::INTEGER AS births
        FROM public_table
        """,
    ),
    Holding(
        "food_inspections",
        "causaldata",
        "restaurant_inspections",
        """
        SELECT
            business_name,
            "Year"::INTEGER AS inspection_year,
            inspection_score::INTEGER AS inspection_score,
            "NumberofLocations"::INTEGER AS locations,
            "Weekend"::BOOLEAN AS weekend
        FROM public_table
        """,
    ),
    Holding(
        "student_survey",
        "openintro",
        "yrbss",
        """
        SELECT
            age::INTEGER AS age_years,
            gender,
            grade,
            hispanic,
            race,
            height::DOUBLE AS height_m,
            weight::DOUBLE AS weight_kg,
            helmet_12m AS helmet_use,
            text_while_driving_30d AS days_texting_driving,
            physically_active_7d::INTEGER AS days_active,
            hours_tv_per_school_day AS hours_tv,
            strength_training_7d::INTEGER AS days_strength,
            school_night_hours_sleep AS hours_sleep
        FROM public_table
        """,
    ),
)
