"""Tell from a column's name and type whether it can name one person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opengazette.model.source import ColumnType

SAFE_HARBOR = "45 CFR 164.514(b)(2)(i)"


@dataclass(frozen=True)
class IdentifierKind:
    """A kind of identifier: how a person calls it, and where the law names it."""

    name: str
    source: str


NAME = IdentifierKind("name of a person", f"{SAFE_HARBOR}(A); Civil Code 1798.3(a)")
ADDRESS = IdentifierKind("address", f"{SAFE_HARBOR}(B); Civil Code 1798.3(a)")
ZIP = IdentifierKind("ZIP code", f"{SAFE_HARBOR}(B)")
PLACE = IdentifierKind("position on the map", f"{SAFE_HARBOR}(B)")
FULL_DATE = IdentifierKind("full date", f"{SAFE_HARBOR}(C)")
OLD_AGE = IdentifierKind("age over 89", f"{SAFE_HARBOR}(C)")
TELEPHONE = IdentifierKind("telephone number", f"{SAFE_HARBOR}(D); Civil Code 1798.3(a)")
FAX = IdentifierKind("fax number", f"{SAFE_HARBOR}(E)")
EMAIL = IdentifierKind("e-mail address", f"{SAFE_HARBOR}(F); Government Code 11015.5(d)(1)")
SSN = IdentifierKind("social security number", f"{SAFE_HARBOR}(G); Civil Code 1798.3(a)")
MEDICAL_RECORD = IdentifierKind("medical record number", f"{SAFE_HARBOR}(H)")
HEALTH_PLAN = IdentifierKind("health plan number", f"{SAFE_HARBOR}(I)")
ACCOUNT = IdentifierKind("account number", f"{SAFE_HARBOR}(J); Civil Code 1798.3(a)")
LICENCE = IdentifierKind("certificate or licence number", f"{SAFE_HARBOR}(K)")
VEHICLE = IdentifierKind("vehicle number or plate", f"{SAFE_HARBOR}(L)")
DEVICE = IdentifierKind("device number", f"{SAFE_HARBOR}(M)")
WEB_ADDRESS = IdentifierKind("web address", f"{SAFE_HARBOR}(N)")
NETWORK_ADDRESS = IdentifierKind(
    "network address", f"{SAFE_HARBOR}(O); Government Code 11015.5(d)(1)"
)
BIOMETRIC = IdentifierKind("biometric identifier", f"{SAFE_HARBOR}(P)")
PHOTOGRAPH = IdentifierKind("photograph", f"{SAFE_HARBOR}(Q)")
CODE = IdentifierKind("number or code of one person or record", f"{SAFE_HARBOR}(R)")
PASSWORD = IdentifierKind("password or login", "Government Code 11015.5(d)(1)")
DESCRIPTION = IdentifierKind("physical description", "Civil Code 1798.3(a)")
FREE_TEXT = IdentifierKind("free text", "Civil Code 1798.3(a), statements made by the person")

_PERSON = (
    "patient|person|client|member|beneficiary|subscriber|enrollee|insured|mother|father|parent|"
    "guardian|spouse|relative|employee|employer|contact|applicant|resident|victim|decedent|child|"
    "infant|student|participant|recipient|respondent|subject|individual|customer|owner|emergency"
)
_NUMBER = "id|ids|identifier|no|num|nbr|number|code|key|uuid|guid|serial"
_BUSINESS_WORDS = (
    "facility business provider hospital clinic company store restaurant school agency department "
    "program programme organization organisation org office site vendor manufacturer product drug "
    "medication disease county city state country region district plan payer payor insurer "
    "laboratory lab service category group event measure indicator condition procedure diagnosis "
    "race language brand test species vaccine establishment permit web"
)
_NOT_OF_A_PERSON = frozenset(_BUSINESS_WORDS.split())
_PERSON_WORDS = (
    "patient person client member beneficiary subscriber enrollee mother father parent guardian "
    "spouse employee applicant victim decedent participant respondent recipient owner"
)
_OF_A_PERSON = frozenset(_PERSON_WORDS.split())
BUSINESS_KINDS = frozenset({NAME, ADDRESS, ZIP, PLACE, TELEPHONE, FAX, EMAIL, LICENCE, CODE})
"""What a business may have in public; of these a word such as `facility` speaks of one."""

_PATTERNS: tuple[tuple[IdentifierKind, str], ...] = (
    (SSN, r"(.* )?(s?ssn\d*|social security|itin|taxpayer)( .*)?"),
    (EMAIL, r"(.* )?e ?mail( .*)?"),
    (NETWORK_ADDRESS, r"(.* )?(ip|ipv4|ipv6)( (addr|address))?|mac addr(ess)?"),
    (WEB_ADDRESS, r"(.* )?(url|urls|uri|website|homepage|web (page|site|address))"),
    (FAX, r"(.* )?fax( .*)?"),
    (TELEPHONE, r"(.* )?(phone|telephone|tel|mobile|cellphone|phone\d)( (no|num|number|\d))?"),
    (PHOTOGRAPH, r"(.* )?(photo|photograph|mugshot|headshot|face image|portrait)( .*)?"),
    (BIOMETRIC, r"(.* )?(fingerprint|voiceprint|retina|iris|biometric|dna)( .*)?"),
    (PASSWORD, r"(.* )?(password|passwd|login|username|user name)"),
    (VEHICLE, rf"(.* )?(vin|plate|licen[sc]e plate|vehicle ({_NUMBER}))( .*)?"),
    (DEVICE, rf"(.* )?(imei|implant ({_NUMBER})|device ({_NUMBER})|serial (no|number))"),
    (MEDICAL_RECORD, r"(.* )?(mrn|medical record|chart (no|num|number|id))( .*)?"),
    (
        HEALTH_PLAN,
        (
            rf"(.* )?(member|subscriber|beneficiary|policy|medicaid|medicare|medi cal|medical) "
            rf"({_NUMBER})|(.* )?(mbi|hicn|cin)"
        ),
    ),
    (ACCOUNT, rf"(.* )?(account|acct) ?({_NUMBER})?|(.* )?(iban|credit card|bank account)( .*)?"),
    (
        LICENCE,
        rf"(.* )?(licen[sc]e|certificate|cert|passport|driver s licen[sc]e) ({_NUMBER})|passport",
    ),
    (
        NAME,
        (
            rf"name|names|initials|alias|(.* )?(surname|firstname|lastname|fullname|middlename|"
            rf"fname|lname|mname|maiden|nickname)|(.* )?(first|last|middle|full|maiden|given|"
            rf"family|legal|preferred|birth) ?name|(.* )?({_PERSON}) (full )?name|(.* )?"
            rf"({_PERSON}) initials"
        ),
    ),
    (ZIP, r"(.* )?(zip|zip ?code|zip ?5|zip ?9|zip ?4|postal ?code|postcode)( .*)?"),
    (
        PLACE,
        (
            r"(.* )?(latitude|longitude|lat|lon|lng|geocode|coordinates|geolocation|census block"
            r"( group)?)"
        ),
    ),
    (ADDRESS, r"(.* )?(street|address|addr|address ?(line )?\d)( .*)?|house (no|number)"),
    (
        FULL_DATE,
        (
            r"(.* )?(dob|dod|birth ?date|date of (birth|death|admission|discharge)|(birth|death|"
            r"admission|admit|discharge) (date|day|dt))|birthday"
        ),
    ),
    (DESCRIPTION, r"(.* )?(physical description|scars|tattoos?|eye colou?r|hair colou?r)( .*)?"),
    (
        FREE_TEXT,
        r"(.* )?(note|notes|comment|comments|narrative|remarks?|memo|free ?text|verbatim)( text)?",
    ),
    (
        CODE,
        (
            rf"(.* )?(uuid|guid)|(.* )?({_PERSON}|case|encounter|visit|record|claim|admission|"
            rf"discharge|specimen|sample|study|accession|row) ?({_NUMBER})|id"
        ),
    ),
)
_COMPILED: tuple[tuple[IdentifierKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern)) for kind, pattern in _PATTERNS
)

_TYPES: Mapping[ColumnType, frozenset[IdentifierKind]] = {
    "text": frozenset(kind for kind, _ in _PATTERNS),
    "integer": frozenset(
        {SSN, TELEPHONE, FAX, MEDICAL_RECORD, HEALTH_PLAN, ACCOUNT, LICENCE, VEHICLE, DEVICE, ZIP}
        | {CODE, FULL_DATE, PLACE}
    ),
    "number": frozenset({SSN, TELEPHONE, FAX, MEDICAL_RECORD, ACCOUNT, PLACE, ZIP}),
    "boolean": frozenset(),
    "date": frozenset({FULL_DATE}),
}
"""What a column of each type can hold: a yes or no on a telephone is no telephone number."""


def kind_of_column(name: str, label: str, type_: ColumnType) -> IdentifierKind | None:
    """Tell what identifier a column looks like by its name, its label and its type.

    A column of dates is always one of full dates. Names of businesses, places and things are no
    names of persons: `facility_name` is none, `patient_name` is one.

    What is not done: values are not looked at; a name that tells nothing is not found out.
    Source: 45 CFR 164.514(b)(2)(i), A to R; Civil Code 1798.3(a); Government Code 11015.5(d)(1).
    """
    if type_ == "date":
        return FULL_DATE
    found = (_kind(words, type_) for words in _spelt((name, label)))
    return next((kind for kind in found if kind is not None), None)


def _kind(words: str, type_: ColumnType) -> IdentifierKind | None:
    said = frozenset(words.split())
    business = bool(said & _NOT_OF_A_PERSON) and not said & _OF_A_PERSON
    for kind, pattern in _COMPILED:
        if pattern.fullmatch(words) and kind in _TYPES[type_]:
            return None if business and kind in BUSINESS_KINDS else kind
    return None


def _spelt(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as small words: `PatientLastName`, `patient_last_name` alike."""
    apart = (re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", n) for n in names)
    words = (re.sub(r"[^a-z0-9]+", " ", name.lower()).strip() for name in apart)
    return tuple(dict.fromkeys(words))
