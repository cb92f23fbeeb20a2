from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from opengazette.adapters.contracts import load_contracts
from opengazette.adapters.deployments import (
    deployments_text,
    refuse_stale_deployments,
    write_deployments,
)
from opengazette.errors import ContractInvalid
from opengazette.model.contract import Contract

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def contracts() -> Iterable[Contract]:
    return load_contracts(ROOT).values()


def test_the_committed_deployments_are_what_the_contracts_say(
    contracts: Iterable[Contract],
) -> None:
    refuse_stale_deployments(ROOT, contracts)
    written = (ROOT / "deployments/prefect.yaml").read_text("utf-8")
    assert written == deployments_text(contracts)


def test_each_dataset_has_one_parametrised_schedule_in_its_time_zone(
    contracts: Iterable[Contract],
) -> None:
    document = YAML(typ="safe").load(deployments_text(contracts))
    publish, nightly, watch = document["deployments"]
    assert {
        s["parameters"]["dataset"]: (s["cron"], s["timezone"]) for s in publish["schedules"]
    } == {c.id: (c.schedule.cron, c.schedule.timezone) for c in contracts}
    assert len({s["slug"] for s in publish["schedules"]}) == len(publish["schedules"])
    assert nightly["schedules"] == [], "a scheduled night would publish everything twice"
    assert [s["cron"] for s in watch["schedules"]] == ["0 6 * * *"]


def test_entrypoints_are_dotted_names_that_exist(contracts: Iterable[Contract]) -> None:
    document = YAML(typ="safe").load(deployments_text(contracts))
    assert [d["entrypoint"] for d in document["deployments"]] == [
        "opengazette.flows.publish_dataset.publish_dataset",
        "opengazette.flows.nightly.nightly",
        "opengazette.flows.watch_portal.watch_portal",
    ]


def test_the_order_in_which_contracts_are_read_changes_nothing(
    contracts: Iterable[Contract],
) -> None:
    assert deployments_text(contracts) == deployments_text(reversed(list(contracts)))


def test_a_stale_file_is_refused_with_the_command_that_renews_it(
    contracts: Iterable[Contract], tmp_path: Path
) -> None:
    with pytest.raises(ContractInvalid, match="opengazette deploy"):
        refuse_stale_deployments(tmp_path, contracts)
    file = write_deployments(tmp_path, contracts)
    refuse_stale_deployments(tmp_path, contracts)
    file.write_text(file.read_text().replace("America/Los_Angeles", "UTC"))
    with pytest.raises(ContractInvalid, match="opengazette deploy"):
        refuse_stale_deployments(tmp_path, contracts)
