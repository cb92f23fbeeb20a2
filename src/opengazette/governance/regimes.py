"""What each body of law asks of a release, and what is still lacking at the gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from opengazette.model.contract import Contract
from opengazette.model.legal import Legal, Regime
from opengazette.model.statutes import INDEX_SOURCE, statutes


@dataclass(frozen=True)
class Requirement:
    """One thing that the law asks of a release, and how it is answered.

    `met` is `by a person` where the software cannot decide it.
    """

    regime: Regime | Literal["statutes"]
    law: str
    requires: str
    answer: str
    met: Literal["yes", "no", "by a person"]


def requirements(contract: Contract, outside_safe_harbor: Sequence[str]) -> tuple[Requirement, ...]:
    """List what the law asks of a release, in the order of the contract's regimes.

    `outside_safe_harbor` says in words what the table shows that Safe Harbor does not allow.

    Source: CalHHS Data De-Identification Guidelines, legal framework; 45 CFR 164.514(b);
    42 CFR 2.54; Civil Code 1798.24.
    """
    return tuple(_requirements(contract, outside_safe_harbor))


def lacking(contract: Contract) -> tuple[str, ...]:
    """Say which papers the law still asks for; empty where the gate may open."""
    return tuple(_lacking(contract.legal))


def _lacking(legal: Legal) -> Iterator[str]:
    if not legal.needs_hipaa_standard:
        return
    standard = legal.hipaa_standard
    if standard is None:
        yield "the contract does not say by which method HIPAA's standard is met"
    elif standard.method == "expert_determination" and standard.determination is None:
        yield "the expert's signed determination is not on file"


def _requirements(contract: Contract, outside: Sequence[str]) -> Iterator[Requirement]:
    legal, personal = contract.legal, contract.disclosure.personal_characteristics.present
    for regime in legal.regimes:
        match regime:
            case "ipa":
                yield _ipa()
            case "hipaa":
                yield _hipaa(legal, outside)
            case "part2":
                yield from _part2(contract, outside)
            case "public_record":
                yield _public_record(legal)
    if personal and "ipa" not in legal.regimes:
        yield Requirement(
            "ipa",
            "Civil Code 1798 and following",
            "A state entity releases no personal information that can be linked to a person.",
            "Personal characteristics are given, but the contract does not name this law: legal "
            "services confirm that it does not apply.",
            "by a person",
        )
    for statute in statutes(legal.statutes):
        yield Requirement(
            "statutes",
            "; ".join(statute.citations),
            f"Legal services read the laws on {statute.title}.",
            f"Named in the contract. Source of the index: {INDEX_SOURCE}.",
            "by a person",
        )


def _ipa() -> Requirement:
    return Requirement(
        "ipa",
        "Civil Code 1798.3, 1798.24",
        "Nothing is disclosed in a manner that would link it to the person it pertains to.",
        "The six-step assessment and the audit of this release; its score and its masking.",
        "yes",
    )


def _public_record(legal: Legal) -> Requirement:
    return Requirement(
        "public_record",
        legal.authority,
        "The source itself is open to the public.",
        "Stated in the contract.",
        "by a person",
    )


def _hipaa(legal: Legal, outside: Sequence[str], regime: Regime = "hipaa") -> Requirement:
    law = "45 CFR 164.514(b)" if regime == "hipaa" else "42 CFR 2.54; 45 CFR 164.514(b)"
    standard = legal.hipaa_standard
    if standard is None:
        return Requirement(
            regime,
            law,
            "Data are de-identified by Safe Harbor or by expert determination.",
            "The contract does not say by which of the two." + _outside(outside),
            "no",
        )
    if standard.method == "safe_harbor":
        return Requirement(
            regime,
            f"{law}(2)",
            "Safe Harbor: the eighteen identifiers are removed, and nobody knows how the rest "
            "could identify a person.",
            f"{standard.basis}{_outside(outside)}",
            "no" if outside else "yes",
        )
    signed = standard.determination
    return Requirement(
        regime,
        f"{law}(1)",
        "Expert determination: a qualified expert determines that the risk is very small, and "
        "documents methods and results.",
        f"{standard.basis}{_outside(outside)} "
        + (
            f"Signed by {signed.expert}, {signed.role}, on {signed.signed_on.isoformat()}; filed: "
            f"{signed.reference}."
            if signed
            else "It is not on file yet."
        ),
        "yes" if signed else "no",
    )


def _outside(outside: Sequence[str]) -> str:
    if not outside:
        return " The table shows nothing that Safe Harbor does not allow."
    return f" Outside Safe Harbor: {'; '.join(outside)}."


def _part2(contract: Contract, outside: Sequence[str]) -> Iterator[Requirement]:
    yield _hipaa(contract.legal, outside, "part2")
    present = contract.disclosure.high_risk.present
    yield Requirement(
        "part2",
        "42 CFR Part 2",
        "People treated for a substance use disorder are a high-risk population: small counts are "
        "always withheld.",
        contract.disclosure.high_risk.basis,
        "yes" if present else "no",
    )
