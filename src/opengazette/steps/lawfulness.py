"""Hold a publication table against the law that its contract names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from opengazette.disclosure.assessment.safe_harbor import safe_harbor_obstacles
from opengazette.errors import DisclosureRisk
from opengazette.governance.regimes import requirements
from opengazette.model.contract import Contract


def laws_kept(contract: Contract, public: pd.DataFrame) -> dict[str, list[Any]]:
    """Return what lies outside Safe Harbor and what the law asks of a table, for the evidence.

    What a person has still to file does not stop this step: the gate asks for it.

    Raises:
        DisclosureRisk: the table shows what the method that was chosen does not allow, or the
            contract contradicts the law that it names.
    """
    obstacles = safe_harbor_obstacles(contract, public)
    standard = contract.legal.hipaa_standard
    if standard is not None and standard.method == "safe_harbor" and obstacles:
        named = "; ".join(f"{o.dimension}: {o.reason}" for o in obstacles)
        raise DisclosureRisk(
            f"{contract.id}: the contract relies on Safe Harbor, but the table is outside it "
            f"({named}).",
            "Make the dimension coarser, or ask for an expert determination: opengazette "
            f"determination {contract.id}.",
        )
    if "part2" in contract.legal.regimes and not contract.disclosure.high_risk.present:
        raise DisclosureRisk(
            f"{contract.id}: the records stand under 42 CFR Part 2, but the contract says that "
            "nobody counted belongs to a high-risk population.",
            "Set high_risk.present to true, or correct legal.regimes.",
        )
    outside = [f"{o.dimension}: {o.reason}" for o in obstacles]
    laws = [asdict(law) for law in requirements(contract, outside)]
    return {"outside_safe_harbor": outside, "laws": laws}
