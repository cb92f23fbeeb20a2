"""Reads one YAML file into a closed model, and says of every mistake where it is and what to do.

The dialect is small on purpose: YAML 1.2, one document, no repeated key, no anchor, alias, tag
or merge key, every key a text. Values are validated strictly: a number where text is wanted, or
`yes` where `true` is wanted, is refused instead of being turned into something else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from opengazette.adapters.config_problems import Place, Problem, explain
from opengazette.errors import ContractInvalid

M = TypeVar("M", bound=BaseModel)

_LARGEST_FILE = 5_000_000
_DEEPEST = 40
#: So many texts are remembered with their nodes, which nobody changes.
_REMEMBERED = 256
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Reading(Generic[M]):
    """What a file came to: its value where it has no problem, and where each thing stands."""

    file: str
    value: M | None
    problems: tuple[Problem, ...]
    root: Node | None

    def problem(self, loc: tuple[str | int, ...], reason: str, fix: str) -> Problem:
        """Return a problem at a place of this file, found after the file itself was read."""
        place = Place.find(self.root, loc)
        return Problem(self.file, place.line, place.field, reason, fix)

    def with_problems(self, found: tuple[Problem, ...]) -> Reading[M]:
        """Return the same reading, without its value where there are further problems."""
        if not found:
            return self
        return replace(self, value=None, problems=(*self.problems, *found))


def load_yaml(path: Path, model: type[M], *, shown: str | None = None, quote: bool = True) -> M:
    """Return the value of a YAML file.

    `shown` is the name that messages give the file. With `quote` off, messages repeat nothing
    that the file holds but the names of fields: for files that may hold a secret.
    Raises ContractInvalid, which lists every problem of the file.
    """
    reading = read_yaml(path, model, shown=shown, quote=quote)
    if reading.value is None:
        raise refusal(reading.problems)
    return reading.value


def read_yaml(
    path: Path, model: type[M], *, shown: str | None = None, quote: bool = True
) -> Reading[M]:
    """Return the value of a YAML file, or its problems; never raises for what a file holds."""
    file = shown or str(path)
    try:
        broken, root = _taken_apart(_text(path))
    except _Unreadable as error:
        return Reading(file, None, (Problem(file, error.line, "", error.reason, error.fix),), None)
    if broken:
        return Reading(file, None, tuple(p.of(file) for p in broken), None)
    if root is None:
        nothing = Problem(file, None, "", "the file is empty", "fill it in, or delete it")
        return Reading(file, None, (nothing,), None)
    return _validated(file, root, model, quote=quote)


def refusal(problems: tuple[Problem, ...]) -> ContractInvalid:
    """Return the one error that lists all problems, a line for each."""
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    lines = "\n".join(f"  {problem}" for problem in problems)
    return ContractInvalid(f"{count} in the configuration:\n{lines}", "")


def _validated(file: str, root: Node, model: type[M], *, quote: bool) -> Reading[M]:
    problems = [problem.of(file) for problem in _lexical(root, "")]
    value: M | None = None
    try:
        plain = json.dumps(_plain(root), default=date.isoformat)
        value = model.model_validate_json(plain, strict=True)
    except ValidationError as error:
        problems += [p.of(file) for p in explain(error, model, root, quote=quote)]
    ordered = tuple(sorted(dict.fromkeys(problems), key=lambda p: p.line or 0))
    return Reading(file, None if ordered else value, ordered, root)


class _Unreadable(Exception):
    """The file cannot be taken apart at all."""

    def __init__(self, line: int | None, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.line, self.reason, self.fix = line, reason, fix


@lru_cache(maxsize=_REMEMBERED)
def _taken_apart(text: str) -> tuple[tuple[Problem, ...], Node | None]:
    """Return what breaks the dialect, or the nodes; a night reads the same files many times."""
    broken = tuple(_dialect(text))
    return broken, None if broken else _yaml().compose(text)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise _Unreadable(None, "there is no such file", "create it, or correct the name") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _Unreadable(None, f"cannot be read: {why}", "check the file's permissions") from None
    if len(raw) > _LARGEST_FILE:
        raise _Unreadable(
            None, "is larger than 5 MB", "is this really a file of the configuration?"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _Unreadable(line, "is not UTF-8 text", "save the file as UTF-8") from None


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    return yaml


def _dialect(text: str) -> Iterator[Problem]:
    """Find what YAML allows and this configuration does not."""
    documents = 0
    for event in _events(text):
        documents += isinstance(event, DocumentStartEvent)
        found = _foreign(event, documents)
        if found is not None:
            reason, fix = found
            yield Problem("", event.start_mark.line + 1, "", reason, fix)


def _events(text: str) -> list[Event]:
    try:
        return list(_shallow(_yaml().parse(text)))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        tabs = "\\t" in str(error.problem) or "tab" in str(error.problem)
        fix = "indent with spaces, not tabs" if tabs else "correct the punctuation or indentation"
        raise _Unreadable(line, f"is not YAML: {error.problem or error.context}", fix) from None
    except (YAMLError, ValueError):
        fix = "delete the control character"
        raise _Unreadable(None, "holds a character that YAML forbids", fix) from None


def _shallow(events: Iterable[Event]) -> Iterator[Event]:
    depth = 0
    for event in events:
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _DEEPEST:
            line = event.start_mark.line + 1
            raise _Unreadable(line, "is nested too deeply", "write it with less nesting")
        yield event


def _foreign(event: Event, documents: int) -> tuple[str, str] | None:
    if isinstance(event, DocumentStartEvent):
        if documents > 1:
            return "holds a second document", "put it in a file of its own"
        return ("chooses a version of YAML", "leave the % line out") if event.version else None
    if isinstance(event, AliasEvent):
        return f"uses the alias *{event.anchor}", "write the value out"
    if isinstance(event, NodeEvent) and event.anchor:
        return f"sets the anchor &{event.anchor}", "leave the anchor out"
    tag = getattr(event, "tag", None)
    if tag:
        return f"uses the tag {tag}", "leave the tag out"
    if isinstance(event, ScalarEvent) and event.value == "<<" and event.implicit[0]:
        return "uses the merge key <<", "write the fields out"
    return None


def _lexical(node: Node, field: str) -> Iterator[Problem]:
    """Find what would be read as something other than what is written."""
    if isinstance(node, MappingNode):
        yield from _keys(node, field)
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else "?"
            yield from _lexical(value, f"{field}.{name}".strip("."))
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lexical(item, f"{field}[{index}]")
    elif isinstance(node, ScalarNode):
        yield from _scalar(node, field)


def _keys(node: MappingNode, field: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for key, _value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode) or key.tag != f"{_TAG}str":
            yield Problem("", line, field, "a name here is not text", "put the name in quotes")
        elif key.value in seen:
            where = f"{field}.{key.value}".strip(".")
            reason = f"stands here twice, first in line {seen[key.value]}"
            yield Problem("", line, where, reason, "keep one of the two")
        else:
            seen[key.value] = line


def _scalar(node: ScalarNode, field: str) -> Iterator[Problem]:
    line = node.start_mark.line + 1
    digits = node.value.lstrip("+-").replace("_", "")
    if node.tag == f"{_TAG}int" and (digits != node.value.lstrip("+-") or digits.startswith("0")):
        if digits != "0":
            reason = "is a number with leading zeros, a base or underscores"
            yield Problem("", line, field, reason, "put a code in quotes; write a number plainly")
    elif node.tag == f"{_TAG}float" and not math.isfinite(_plain_float(node.value)):
        yield Problem("", line, field, "is not a finite number", "write a number, or leave it out")


def _plain_float(text: str) -> float:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return math.nan


def _plain(node: Node) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(node, MappingNode):
        pairs = reversed(node.value)
        return dict(
            reversed([(str(k.value), _plain(v)) for k, v in pairs if isinstance(k, ScalarNode)])
        )
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    return _plain_scalar(str(node.tag), str(node.value))


def _plain_scalar(tag: str, text: str) -> str | int | float | bool | None:
    """Return the value of a scalar; a date stays the text that it is written as."""
    match tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text) if text.lstrip("+-").isdecimal() else 0
        case "float":
            number = _plain_float(text)
            return number if math.isfinite(number) else 0.0
        case _:
            return text
