"""Releases that the public has seen, as tables."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class EarlierTable:
    """One release that the public has seen: its true values and what was shown of them."""

    true: pd.DataFrame
    public: pd.DataFrame
