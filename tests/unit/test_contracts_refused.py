"""Mis-typed contracts: each is refused with its file, line, field and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from opengazette.adapters.config_files import load_yaml, read_yaml
from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract

GOOD = """\
id: covid_tests
title: Tests by age and sex
summary: Tests and positive results by age group and sex.
department: public_health
classification: {level: 1, basis: Aggregated and protected}
legal: {regimes: [ipa, hipaa], authority: Health and Safety Code}
source:
  database: departments
  table: covid_testing
  fewest_rows: 100
columns:
  patient_id: {type: text, role: identifier, label: Patient, unique: true}
  sex:
    type: text
    role: quasi_identifier
    label: Sex
    allowed: [female, male]
  age: {type: integer, role: quasi_identifier, label: Age, lowest: 0, highest: 120}
  result: {type: text, role: attribute, label: Result, allowed: [positive, negative]}
publication:
  row: one age group and sex
  dimensions:
    - name: age_group
      label: Age group
      column: age
      characteristic: {kind: age}
      generalise:
        rule: bands
        bands:
          - {label: 0-17, low: 0, high: 17}
          - {label: 18+, low: 18}
      total: All ages
    - name: sex
      label: Sex
      column: sex
      characteristic: {kind: sex}
  measures:
    - {kind: count, name: tests, label: Tests, unit: tests, definition: All tests}
    - kind: count
      name: positives
      label: Positives
      unit: tests
      definition: Tests with a positive result
      where: {result: [positive]}
      part_of: tests
    - kind: rate
      name: positivity
      label: Positivity
      unit: percent
      definition: Share of tests
      numerator: positives
      denominator: tests
disclosure:
  personal_characteristics: {present: true, basis: Patients are people}
  high_risk: {present: false, basis: General population}
  denominator: {kind: people, people: 100000, basis: Census 2020}
  reporting_period: {years: 1}
documentation:
  description: Laboratory tests.
  limitations: One laboratory only.
  topic: Diseases and Conditions
  tags: [covid]
  frequency: monthly
  coverage: {start: 2020-01-01, end: 2020-12-31}
  geography: California
  contact: {name: Open data, email: opendata@example.gov}
  attribution: Department of Public Health
schedule: {cron: "0 2 * * *"}
"""

FILE = "config/datasets/covid_tests.yaml"

# what is wrong: text that is replaced, its replacement, field, words of reason and fix
CASES: dict[str, tuple[str, str, str, str]] = {
    "misspelt section": ("summary:", "sumary:", "sumary", "did you mean `summary`?"),
    "missing section": ("department: public_health\n", "", "department", "add `department:`"),
    "missing field says what it is for": (
        "  fewest_rows: 100\n", "", "source.fewest_rows", "the source is broken"
    ),
    "misspelt field of a column": (
        "    role: quasi", "    rol: quasi", "columns.sex.rol", "did you mean `role`?"
    ),
    "unknown role": (
        "role: identifier", "role: secret", "columns.patient_id.role", "use one of identifier,"
    ),
    "nearly a role": (
        "role: attribute", "role: atribute", "columns.result.role", "did you mean 'attribute'?"
    ),
    "unknown rule": (
        "rule: bands", "rule: band",
        "publication.dimensions[age_group].generalise.rule", "did you mean 'bands'?",
    ),
    "no rule": (
        "        rule: bands\n", "",
        "publication.dimensions[age_group].generalise.rule", "add `rule:` here",
    ),
    "unknown kind of measure": (
        "kind: rate", "kind: ratio", "publication.measures[positivity].kind", "use one of count,"
    ),
    "number in quotes": (
        "fewest_rows: 100", 'fewest_rows: "100"', "source.fewest_rows", "without quotes"
    ),
    "number with leading zeros": (
        "fewest_rows: 100", "fewest_rows: 0100", "source.fewest_rows", "put a code in quotes"
    ),
    "number where text is wanted": (
        "    label: Sex\n    allowed", "    label: 7\n    allowed", "columns.sex.label",
        "put it in quotes",
    ),
    "yes for true": ("unique: true", "unique: yes", "columns.patient_id.unique", "write true or"),
    "decimal among allowed values": (
        "[female, male]", "[female, 1.5]", "columns.sex.allowed[1]", "a whole number, true or false"
    ),
    "too small": ("people: 100000", "people: 0", "disclosure.denominator.people", "the least is 1"),
    "not a number": ("lowest: 0", "lowest: .nan", "columns.age.lowest", "not a finite number"),
    "date of another country": (
        "start: 2020-01-01", "start: 01/02/2020", "documentation.coverage.start", "2026-01-31"
    ),
    "end before start": (
        "start: 2020", "start: 2022", "documentation.coverage", "the end lies before the start"
    ),
    "capital in the id": ("id: covid_tests", "id: Covid", "id", "small letters"),
    "published name too long": (
        "name: age_group", "name: the_age_group_of_the_person_tested_here",
        "publication.dimensions[the_age_group_of_the_person_tested_here].name", "at most 29",
    ),
    "text for a list": ("tags: [covid]", "tags: covid", "documentation.tags", "is no list"),
    "empty list": ("tags: [covid]", "tags: []", "documentation.tags", "give at least 1"),
    "empty section": (
        "legal: {regimes: [ipa, hipaa], authority: Health and Safety Code}", "legal:",
        "legal", "below it",
    ),
    "not an e-mail address": (
        "opendata@example.gov", "open data", "documentation.contact.email", "e-mail address"
    ),
    "not a cron line": ('"0 2 * * *"', "nightly", "schedule.cron", "minute hour day month weekday"),
    "level that is never published": (
        "level: 1,", "level: 3,", "", "a table of level 3 is never published"
    ),
    "unlisted column": (
        "column: age\n", "column: agee\n", "publication.dimensions[age_group].column",
        "columns does not list",
    ),
    "identifier as a dimension": (
        "column: sex\n", "column: patient_id\n", "publication.dimensions[sex].column",
        "of role identifier",
    ),
    "condition on an unlisted column": (
        "where: {result:", "where: {reslt:", "publication.measures[positives].where.reslt",
        "columns does not list",
    ),
    "rate of nothing": (
        "numerator: positives", "numerator: positive",
        "publication.measures[positivity].numerator", "is not one of positives, tests",
    ),
    "bands that overlap": (
        "low: 18}", "low: 12}", "publication.dimensions[age_group].generalise.bands[0-17]",
        "must end below the start",
    ),
    "denominator of another kind": (
        "kind: people, people", "kind: measure, people", "disclosure.denominator.kind",
        "takes exactly: measure",
    ),
    "no denominator for people": (
        "  denominator: {kind: people, people: 100000, basis: Census 2020}\n", "",
        "disclosure", "a denominator is needed",
    ),
    "period of no dimension": (
        "{years: 1}", "{dimension: month}", "disclosure.reporting_period.dimension",
        "not a dimension",
    ),
    "name that is a number": ("  patient_id: {", "  2020: {", "columns", "put the name in quotes"),
    "name that no database has": (
        "  patient_id: {", "  patient-id: {", "columns.patient-id", "as the database spells it"
    ),
    "repeated field": (
        "schedule: {", "title: Another title\nschedule: {", "title", "first in line 2"
    ),
    "repeated column": (
        "  age: {type", "  sex: {type: text, role: attribute, label: S}\n  age: {type",
        "columns.sex", "keep one of the two",
    ),
    "statement for the database": (
        "table: covid_testing", "table: covid; drop", "source.table", "as the database spells it"
    ),
}  # fmt: skip


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "covid_tests.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ContractInvalid) as refused:
        load_yaml(written(folder, text), Contract, shown=FILE)
    return str(refused.value)


def test_the_contract_that_the_cases_start_from_is_sound(tmp_path: Path) -> None:
    assert load_yaml(written(tmp_path, GOOD), Contract).id == "covid_tests"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_mistyped_contract_is_refused_with_file_line_field_and_fix(
    tmp_path: Path, case: tuple[str, str, str, str]
) -> None:
    old, new, field, words = case
    assert GOOD.count(old) >= 1
    reading = read_yaml(written(tmp_path, GOOD.replace(old, new, 1)), Contract, shown=FILE)
    told = [p for p in reading.problems if p.field == field and words in str(p)]
    assert reading.value is None
    assert told, [str(p) for p in reading.problems]
    assert str(told[0]).startswith(f"{FILE}:{told[0].line}: {field}")
    assert told[0].fix


@pytest.mark.parametrize(
    ("name", "line"),
    [("unknown role", 12), ("unlisted column", 25), ("rate of nothing", 51), ("yes for true", 12)],
)
def test_the_line_is_the_one_to_change(tmp_path: Path, name: str, line: int) -> None:
    old, new, field, _words = CASES[name]
    reading = read_yaml(written(tmp_path, GOOD.replace(old, new, 1)), Contract)
    assert [p.line for p in reading.problems if p.field == field] == [line]


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("role: identifier", "role: secret").replace("fewest_rows: 100", "")
    told = refusal(tmp_path, text.replace("sumary", "summary").replace("level: 1", "level: 9"))
    assert told.startswith("3 problems")
    assert all(
        f in told for f in ("columns.patient_id.role", "fewest_rows", "classification.level")
    )


DIALECT = {
    "anchor": ("title: Tests", "title: &a Tests", ":2: sets the anchor &a"),
    "alias": ("title: Tests by age and sex", "title: *a", ":2: uses the alias *a"),
    "tag": ("title: Tests", "title: !!str Tests", ":2: uses the tag"),
    "tag that would run code": ("title: Tests", "title: !!python/name:os.x Tests", "uses the tag"),
    "merge key": ("title: Tests by age and sex", "<<: {title: x}", ":2: uses the merge key"),
    "second document": ("schedule:", "---\nschedule:", "holds a second document"),
    "old YAML": ("id: covid_tests", "%YAML 1.1\n---\nid: covid_tests", "chooses a version of YAML"),
    "tab": ("  database:", "\tdatabase:", ":8: is not YAML"),
    "tabs have their fix": ("  database:", "\tdatabase:", "indent with spaces, not tabs"),
    "open bracket": ("tags: [covid]", "tags: [covid", "is not YAML"),
    "control character": ("title: Tests", "title: Te\x07sts", "a character that YAML forbids"),
    "key of keys": ("id: covid_tests", "? [a, b]\n: 1\nid: covid_tests", "put the name in quotes"),
}


@pytest.mark.parametrize("case", DIALECT.values(), ids=DIALECT.keys())
def test_what_yaml_allows_and_stewards_do_not_need_is_refused(
    tmp_path: Path, case: tuple[str, str, str]
) -> None:
    old, new, words = case
    assert words in refusal(tmp_path, GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"# nothing yet\n", "the file is empty"),
        (b"- a\n- b\n", "is no set of fields"),
        (b"just words", "is no set of fields"),
        (b"id: caf\xe9", "is not UTF-8 text"),
        ("id: x".encode("utf-16"), "is not UTF-8 text"),
        (b"a: " + b"[" * 4000 + b"]" * 4000, "is nested too deeply"),
    ],
)
def test_a_file_that_is_no_contract_at_all_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    told = refusal(tmp_path, content)
    assert words in told
    assert FILE in told


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    file = written(tmp_path, b"\xef\xbb\xbf" + GOOD.encode())
    assert load_yaml(file, Contract).title == "Tests by age and sex"


def test_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    assert load_yaml(written(tmp_path, GOOD.replace("\n", "\r\n")), Contract).id == "covid_tests"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractInvalid, match="there is no such file"):
        load_yaml(tmp_path / "covid_tests.yaml", Contract)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "covid_tests.yaml").mkdir()
    with pytest.raises(ContractInvalid, match="cannot be read"):
        load_yaml(tmp_path / "covid_tests.yaml", Contract)


def test_a_code_with_leading_zeros_is_kept_when_quoted(tmp_path: Path) -> None:
    text = GOOD.replace("[female, male]", '["01", "02"]')
    assert load_yaml(written(tmp_path, text), Contract).columns["sex"].allowed == ("01", "02")


def test_yes_and_no_are_texts_and_not_truth_values(tmp_path: Path) -> None:
    text = GOOD.replace("[female, male]", "[yes, no]")
    assert load_yaml(written(tmp_path, text), Contract).columns["sex"].allowed == ("yes", "no")


def test_a_file_that_may_hold_a_secret_is_not_quoted(tmp_path: Path) -> None:
    text = GOOD.replace("fewest_rows: 100", "fewest_rows: hunter2").replace(
        "kind: rate", "kind: pw9"
    )
    reading = read_yaml(written(tmp_path, text), Contract, quote=False)
    told = " ".join(map(str, reading.problems))
    assert "source.fewest_rows" in told
    assert "hunter2" not in told
    assert "pw9" not in told
