"""Turns a refused value into what a steward needs: line, field, reason and fix."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from opengazette.model.contract import Email
from opengazette.model.expectations import ExpectationType
from opengazette.model.frozen import ColumnName, DatasetId, FileName, Sha256, SourceName

Loc = Sequence[str | int]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """One mistake in one file: where it is, why it is one, and what to do."""

    file: str
    line: int | None
    field: str
    reason: str
    fix: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        what = f"{self.field}: {self.reason}" if self.field else self.reason
        return f"{where}: {what}; {self.fix}"

    def of(self, file: str) -> Problem:
        """Return the same problem of a named file."""
        return replace(self, file=file)


@dataclass(frozen=True)
class Place:
    """A spot in a file: its line, its field as a person writes it, and its piece of YAML."""

    line: int | None
    field: str
    node: Node | None

    @classmethod
    def find(cls, root: Node | None, loc: Loc) -> Place:
        """Return the deepest place on the way that exists; tags of unions are passed over."""
        if root is None:
            return cls(None, _joined([str(step) for step in loc]), None)
        node, line, names = root, 1, list[str]()
        for step in loc:
            found = _child(node, step)
            if found is None:
                continue
            name, node, line = found
            names.append(name)
        return cls(line, _joined(names), node)


def explain(
    error: ValidationError, model: type[BaseModel], root: Node, *, quote: bool
) -> Iterator[Problem]:
    """Say of each error where it stands and what to do about it."""
    schema = model.model_json_schema()
    told: set[tuple[str, str]] = set()
    for detail in error.errors(include_url=False):
        problem = _explained(detail, schema, root, quote=quote)
        union = f"{problem.line}{problem.field}" if _in_union(detail["loc"]) else problem.reason
        if (problem.field, union) not in told:
            told.add((problem.field, union))
            yield problem


def _explained(detail: ErrorDetails, schema: Schema, root: Node, *, quote: bool) -> Problem:
    kind, loc = detail["type"], list(detail["loc"])
    if kind == "missing":
        return _missing(loc, schema, root)
    if kind == "extra_forbidden":
        return _misspelt(loc, schema, root)
    if kind == "value_error":
        return _broken_rule(detail, root)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(detail, root, quote=quote)
    place = Place.find(root, loc)
    given = _given(place.node) if quote else ""
    if _in_union(loc):
        fix = "write text (in quotes), a whole number, true or false"
        return Problem(
            "", place.line, place.field, f"{given or 'the value'} is of no such kind", fix
        )
    reason, fix = _words(detail, given)
    if loc and loc[-1] == "[key]":
        name = f" {str(loc[-2])!r}" if quote else ""
        reason = f"the name{name} {reason.removeprefix(given or 'the value').strip()}"
    return Problem("", place.line, place.field, reason, fix)


def _missing(loc: Loc, schema: Schema, root: Node) -> Problem:
    place = Place.find(root, loc[:-1])
    field = _joined([place.field, str(loc[-1])])
    purpose = _field(schema, loc).get("description")
    reason = f"is missing ({purpose})" if purpose else "is missing"
    return Problem("", place.line, field, reason, f"add `{loc[-1]}:` here")


def _misspelt(loc: Loc, schema: Schema, root: Node) -> Problem:
    place, name = Place.find(root, loc), str(loc[-1])
    known = sorted(_resolved(_walk(schema, loc[:-1]), schema).get("properties", {}))
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    fix = f"did you mean `{near[0]}`?" if near else f"the fields here are {', '.join(known)}"
    return Problem("", place.line, place.field, "is not a field of this place", fix)


def _broken_rule(detail: ErrorDetails, root: Node) -> Problem:
    rule = str(detail["ctx"]["error"]) if "ctx" in detail else detail["msg"]
    place = _narrowed(Place.find(root, detail["loc"]), rule)
    return Problem("", place.line, place.field, rule, "correct what is named here")


def _unknown_kind(detail: ErrorDetails, root: Node, *, quote: bool) -> Problem:
    context = detail.get("ctx", {})
    discriminator = str(context.get("discriminator", "kind")).strip("'")
    place = Place.find(root, [*detail["loc"], discriminator])
    outer = Place.find(root, detail["loc"])
    field = _joined([outer.field, discriminator])
    if "tag" not in context:
        return Problem("", outer.line, field, "is missing", f"add `{discriminator}:` here")
    known = re.findall(r"'([^']*)'", str(context["expected_tags"]))
    given = repr(context["tag"]) if quote else "the value"
    return Problem("", place.line, field, f"{given} is not known", _choice(context["tag"], known))


def _choice(given: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(given), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}use one of {', '.join(known)}"


def _words(detail: ErrorDetails, given: str) -> tuple[str, str]:
    context, it = detail.get("ctx", {}), given or "the value"
    match detail["type"]:
        case "literal_error":
            known = re.findall(r"'([^']*)'|(\d+)", str(context["expected"]))
            choices = [text or number for text, number in known]
            return f"{it} is not allowed", _choice(given.strip("'"), choices)
        case "string_type":
            return f"{it} is not text", "put it in quotes"
        case "int_type" | "int_from_float" | "int_parsing":
            return f"{it} is not a whole number", "write a whole number, without quotes"
        case "float_type" | "float_parsing":
            return f"{it} is not a number", "write a number, without quotes"
        case "bool_type" | "bool_parsing":
            return f"{it} is neither true nor false", "write true or false, without quotes"
        case "string_pattern_mismatch":
            return f"{it} does not have the right form", _form(str(context["pattern"]))
        case "date_from_datetime_parsing" | "date_type" | "date_parsing":
            return f"{it} is not a date", "write it as 2026-01-31"
        case kind:
            return _bounds(kind, context, it) or (f"{it}: {detail['msg']}", "correct the value")


def _bounds(kind: str, context: Mapping[str, Any], it: str) -> tuple[str, str] | None:
    match kind:
        case "greater_than_equal":
            return f"{it} is too small", f"the least is {context['ge']}"
        case "less_than_equal":
            return f"{it} is too large", f"the most is {context['le']}"
        case "string_too_short":
            return f"{it} is too short", f"write at least {context['min_length']} characters"
        case "string_too_long":
            return f"{it} is too long", f"write at most {context['max_length']} characters"
        case "too_short":
            return "is empty", f"give at least {context['min_length']}"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"{it} is no set of fields", "write `field: value` lines, indented, below it"
        case "tuple_type" | "list_type":
            return f"{it} is no list", "write [one, two] or a line `- one` for each"
        case _:
            return None


def _pattern(annotated: object) -> str:
    return str(get_args(annotated)[1].pattern)


def _form(pattern: str) -> str:
    forms = {
        _pattern(DatasetId): "use 3 to 60 small letters, digits and _, beginning with a letter",
        _pattern(ColumnName): "use at most 29 small letters, digits and _, beginning with a letter",
        _pattern(FileName): "use small letters, digits and . _ -, as the other file is called",
        _pattern(SourceName): "use letters, digits, _ and spaces, as the database spells it",
        _pattern(Sha256): "use the 64 digits that `opengazette approve` prints",
        _pattern(Email): "write an e-mail address",
        _pattern(ExpectationType): "write the expectation's name: expect_… in small letters",
        r"^\S+( \S+){4}$": "write five parts: minute hour day month weekday, such as 0 2 * * *",
        r"^https?://\S+$": "write an address that begins with https://",
    }
    return forms.get(pattern, f"it must match {pattern}")


def _in_union(loc: Loc) -> bool:
    return len(loc) > 1 and isinstance(loc[-2], int) and loc[-1] in ("str", "int", "bool")


def _child(node: Node, step: str | int) -> tuple[str, Node, int] | None:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == str(step):
                return str(step), value, key.start_mark.line + 1
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return f"[{_named(item) or step}]", item, item.start_mark.line + 1
    return None


def _named(node: Node) -> str | None:
    """Return how a person calls an item of a list: its own name, where it has one."""
    for key in ("name", "label"):
        found = _child(node, key) if isinstance(node, MappingNode) else None
        if found is not None and isinstance(found[1], ScalarNode):
            return str(found[1].value)
    return None


def _joined(names: Sequence[str]) -> str:
    return ".".join(name for name in names if name).replace(".[", "[")


def _given(node: Node | None) -> str:
    if isinstance(node, ScalarNode) and len(node.value) <= 60:
        return repr(node.value) if node.value else "an empty value"
    return ""


def _narrowed(place: Place, rule: str) -> Place:
    """Follow the names that a rule's message quotes, as deep into the file as they lead."""
    for before, quoted, leading in re.findall(r"(?:(\w+) )?'([^']+)'|^(\w+):", rule):
        items = before in ("dimension", "measure", "band")
        place = next(_mentions(place, f"[{quoted}]" if items else quoted or leading), place)
    return place


def _mentions(place: Place, word: str) -> Iterator[Place]:
    for name, node, line in _children(place.node):
        inner = Place(line, _joined([place.field, name]), node)
        by_value = isinstance(node, ScalarNode) and node.value == word
        if name == word or by_value:
            yield inner
        yield from _mentions(inner, word)


def _children(node: Node | None) -> Iterator[tuple[str, Node, int]]:
    if isinstance(node, MappingNode):
        for key, _value in node.value:
            found = _child(node, str(key.value))
            if found is not None:
                yield found
    elif isinstance(node, SequenceNode):
        for index in range(len(node.value)):
            found = _child(node, index)
            if found is not None:
                yield found


def _field(schema: Schema, loc: Loc) -> Schema:
    parent = _resolved(_walk(schema, loc[:-1]), schema)
    return dict(parent.get("properties", {}).get(str(loc[-1]), {}))


def _walk(schema: Schema, loc: Loc) -> Schema:
    """Return the part of a JSON schema that describes a place."""
    here = schema
    for step in loc:
        here = _into(_resolved(here, schema), step)
    return here


def _into(here: Schema, step: str | int) -> Schema:
    tags = here.get("discriminator", {}).get("mapping", {})
    if step in tags:
        return {"$ref": tags[step]}
    if isinstance(step, int):
        return dict(here.get("items", {}))
    inner = here.get("properties", {}).get(step) or here.get("additionalProperties")
    for by_name in here.get("patternProperties", {}).values():
        inner = inner or by_name
    return dict(inner) if isinstance(inner, Mapping) else here


def _resolved(here: Schema, schema: Schema) -> Schema:
    for choice in here.get("anyOf", []):
        if choice.get("type") != "null":
            return _resolved(choice, schema)
    if "$ref" in here:
        name = str(here["$ref"]).rpartition("/")[2]
        return _resolved(schema["$defs"][name], schema)
    return here
