"""A table as health departments publish it, the same for everybody, of any length."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

_COUNTIES: Final = [f"county {number:02d}" for number in range(1, 59)]
_AGES: Final = [f"{low} to {low + 4} years" for low in range(0, 90, 5)]
_CAUSES: Final = [f"Cause of death {number}" for number in range(1, 114)]
_BATCH: Final = 100_000


def write_keyed_table(file: Path, rows: int) -> Path:
    """Write the same rows, each with a number in the column `row` that no other has."""
    plain = write_table(file.with_suffix(".plain"), rows)
    with plain.open() as lines, file.open("w") as out:
        out.write(f"row,{next(lines)}")
        out.writelines(f"r{at:09},{line}" for at, line in enumerate(lines))
    plain.unlink()
    return file


def write_table(file: Path, rows: int, seed: int = 7) -> Path:
    """Write `rows` rows of counts by county, year, month, age, sex and cause as CSV."""
    random = np.random.default_rng(seed)
    with file.open("w") as out:
        out.write("county,year,month,age,sex,cause,visits,rate\n")
        for first in range(0, rows, _BATCH):
            count = min(_BATCH, rows - first)
            drawn = (
                random.choice(_COUNTIES, count),
                random.integers(2010, 2025, count),
                random.integers(1, 13, count),
                random.choice(_AGES, count),
                random.choice(["Female", "Male"], count),
                random.choice(_CAUSES, count),
                random.negative_binomial(1, 0.01, count),
                np.round(random.gamma(2.0, 40.0, count), 1),
            )
            out.writelines(
                f"{county},{year},{year}-{month:02d},{age},{sex},{cause},{visits},{rate}\n"
                for county, year, month, age, sex, cause, visits, rate in zip(*drawn, strict=True)
            )
    return file
