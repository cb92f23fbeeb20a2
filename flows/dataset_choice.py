"""The dataset as a choice: what the form of a run offers, and what a run accepts."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from opengazette.adapters.contracts import dataset_ids
from opengazette.adapters.settings import Settings


class DatasetChoice(str):
    """The id of a dataset that has a contract.

    The choices are the names of the files in config/datasets at the moment when a form is drawn
    or a run starts; no contract is read for it.
    """

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            _known,
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = list(choices())
        return {"type": "string", "enum": found} if found else {"type": "string"}


def choices() -> tuple[str, ...]:
    """Return the ids of the datasets that have a contract, in order; read no contract."""
    return dataset_ids(Settings().root)


def _known(dataset: str) -> DatasetChoice:
    if dataset not in choices():
        raise ValueError(f"no such dataset; choose one of: {', '.join(choices())}")
    return DatasetChoice(dataset)
