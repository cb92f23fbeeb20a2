"""Recipes: how a file is read and what becomes of its columns, kept under a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue, ValidationError

from opengazette.localportal.problems import Problem, bad_request
from opengazette.localportal.publishing.drafts import (
    Action,
    Config,
    ConfigColumn,
    OutputSchema,
    ParseOptions,
    Source,
)
from opengazette.localportal.publishing.kept import all_configs, keep_config
from opengazette.localportal.publishing.parse_options import changed_options
from opengazette.localportal.soql.expression import parse_expression
from opengazette.localportal.store import Session, now

_ACTIONS: Final[dict[str, Action]] = {"update": "update", "replace": "replace", "delete": "delete"}
_LONGEST_NAME: Final = 200


def new_config(session: Session, owner: str, sent: Mapping[str, JsonValue]) -> Config:
    """Keep a recipe under a name of its own.

    Raises:
        Problem: the name is taken, or something is malformed.
    """
    name = _new_name(session, sent)
    config = Config(
        name=name,
        created_by=owner,
        created_at=now(),
        data_action=_action(sent.get("data_action")),
        parse_options=changed_options(ParseOptions(), sent.get("parse_options")),
        columns=_columns(sent.get("columns")),
    )
    return keep_config(session, config)


def changed_config(session: Session, config: Config, sent: Mapping[str, JsonValue]) -> Config:
    """Change a recipe in its place; later revisions follow it."""
    changes: dict[str, object] = {}
    if "data_action" in sent:
        changes["data_action"] = _action(sent["data_action"])
    if "parse_options" in sent:
        changes["parse_options"] = changed_options(config.parse_options, sent["parse_options"])
    if "columns" in sent:
        changes["columns"] = _columns(sent["columns"])
    return keep_config(session, config.model_copy(update=changes))


def config_of_output(
    session: Session,
    source: Source,
    output: OutputSchema,
    owner: str,
    sent: Mapping[str, JsonValue],
) -> Config:
    """Keep the transforms of an output schema, and how its source was read, as a recipe."""
    columns = tuple(
        ConfigColumn(
            field_name=column.field_name,
            display_name=column.display_name,
            transform_expr=column.transform_expr,
            description=column.description,
            format=column.format,
            is_primary_key=column.is_primary_key or None,
        )
        for column in output.columns
    )
    config = Config(
        name=_new_name(session, sent),
        created_by=owner,
        created_at=now(),
        data_action=_action(sent.get("data_action")),
        parse_options=source.parse_options,
        columns=columns,
    )
    return keep_config(session, config)


def _new_name(session: Session, sent: Mapping[str, JsonValue]) -> str:
    name = sent.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise bad_request("A config needs a name.")
    if "/" in name or not name.isprintable():
        raise bad_request("The name of a config holds no slash and nothing unprintable.")
    if any(config.name == name for config in all_configs(session)):
        raise Problem(409, "config.taken", "There is a config of this name already.")
    return name


def _action(given: JsonValue) -> Action:
    if not isinstance(given, str) or given not in _ACTIONS:
        raise bad_request(f"data_action is one of {', '.join(_ACTIONS)}.")
    return _ACTIONS[given]


def _columns(sent: JsonValue) -> tuple[ConfigColumn, ...] | None:
    if sent is None:
        return None
    if not isinstance(sent, list):
        raise bad_request("columns is a list.")
    try:
        columns = tuple(ConfigColumn.model_validate(entry) for entry in sent)
    except ValidationError:
        raise bad_request(
            "A column has field_name, display_name and transform_expr, and may have description,"
            " format, is_primary_key and flags."
        ) from None
    for column in columns:
        parse_expression(column.transform_expr)
    return columns
