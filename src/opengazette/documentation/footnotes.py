"""What each annotation code of a published table means, in words for the public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from opengazette.model.contract import Contract
from opengazette.model.reliability import ReliabilityRules, SurveyRule
from opengazette.model.rulepack import RulePack

_EITHER_REASON = "Withheld to protect privacy: a small number, or one that would give it away"


def footnotes(
    contract: Contract, rule_pack: RulePack, *, tells_reasons: bool = False
) -> dict[str, str]:
    """Return the meaning of each annotation code that a published table may use.

    Unless the codes of a table tell the reasons, 1 stands for both of them: telling them apart
    can give a value away. Code 4 is there where the contract asks how far estimates can be relied
    on, 5 where it lists data that are not complete.

    Source: CalHHS Open Data Handbook 1.2, small-cell annotation; DDG 2.0, 4.4.3.
    """
    private = {"1": _EITHER_REASON}
    if tells_reasons:
        private = {code: rule_pack.annotation(code) for code in ("1", "2")}
    notes = private | {"3": rule_pack.annotation("3")}
    publication, rules = contract.publication, rule_pack.reliability
    if publication.reliability is not None and rules is not None:
        said = "; ".join(_unsteady(contract, rules))
        notes["4"] = f"{rule_pack.annotation('4')}: {said}"
    if publication.incomplete:
        reasons = dict.fromkeys(entry.reason.rstrip(".") for entry in publication.incomplete)
        notes["5"] = f"{rule_pack.annotation('5')}: {'; '.join(reasons)}"
    return notes


def used_footnotes(notes: Mapping[str, str], used: Iterable[str]) -> dict[str, str]:
    """Return the footnotes of the codes that occur in a table."""
    return {code: text for code, text in notes.items() if code in set(used)}


def footnotes_text(notes: Mapping[str, str]) -> str:
    """Return footnotes as one line."""
    return "; ".join(f"{code} = {text}" for code, text in notes.items())


def _unsteady(contract: Contract, rules: ReliabilityRules) -> Iterator[str]:
    asked = contract.publication.reliability
    if asked is None:
        return
    if asked.survey is not None:
        limits = list(_survey_limits(rules.surveys[asked.survey]))
        if limits:
            yield f"blank where {' or '.join(limits)}"
    becomes = "blank" if asked.unstable == "withheld" else "shown with care"
    yield f"{becomes} where the relative standard error is {rules.unstable_from_percent:g}% or more"
    if asked.survey is not None and (few := rules.surveys[asked.survey].flagged_numerator):
        yield f"or where fewer than {few} answers are above the line"


def _survey_limits(rule: SurveyRule) -> Iterator[str]:
    if rule.smallest_sample is not None:
        yield f"fewer than {rule.smallest_sample} were asked"
    if rule.smallest_numerator is not None:
        yield f"fewer than {rule.smallest_numerator} gave the answer"
    if rule.largest_error_percent is not None:
        yield f"the relative standard error is above {rule.largest_error_percent:g}%"
    if rule.smallest_percent is not None:
        yield f"the estimate is below {rule.smallest_percent:g}%"
    if rule.largest_percent is not None:
        yield f"the estimate is {rule.largest_percent:g}% or more"
    if rule.normal_range is not None:
        yield "the sample is too small for its design"
