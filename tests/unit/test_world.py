"""What is opened, when, and what a missing part says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opengazette.adapters.settings import Settings, package_folder
from opengazette.adapters.world import World
from opengazette.errors import ContractInvalid, SettingsInvalid

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Settings(root=CHECKOUT, var=tmp_path / "var"))


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'great_expectations', 'ibis', 'duckdb', 'pyarrow', 'sodapy', 'prefect'}"
    code = f"import opengazette.adapters.world, sys; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # pandas itself brings pyarrow in where it is installed.
    assert set(eval(run.stdout)) <= {"pyarrow"}  # noqa: S307 - our own output


def test_the_shipped_configuration_opens(world: World, tmp_path: Path) -> None:
    contracts = world.contracts()
    assert contracts
    for dataset, contract in contracts.items():
        assert world.contract(dataset) == contract
        assert world.department(contract.department).id == contract.department
        assert world.rule_pack(contract.disclosure.rule_pack).name == contract.disclosure.rule_pack
        assert world.source(contract)
    assert world.elements().elements
    assert world.populations()
    assert not (tmp_path / "var").exists(), "nothing is written by opening it"


def test_an_unknown_dataset_is_refused(world: World) -> None:
    with pytest.raises(ContractInvalid, match="no_such_dataset"):
        world.contract("no_such_dataset")


def test_a_contract_with_an_unknown_database_is_refused(world: World) -> None:
    contract = next(iter(world.contracts().values()))
    source = contract.source.model_copy(update={"database": "nowhere"})
    with pytest.raises(ContractInvalid, match="no database 'nowhere'"):
        world.source(contract.model_copy(update={"source": source}))


def test_the_local_portals_password_comes_from_its_secret_file(
    world: World, tmp_path: Path
) -> None:
    with pytest.raises(SettingsInvalid, match="no password for the portal"):
        world.portal()
    secret = tmp_path / "var" / "portal" / "publisher.secret"
    secret.parent.mkdir(parents=True)
    secret.write_text("hunter2\n")
    assert world.portal() is world.portal()


def test_another_portal_never_gets_the_local_portals_password(tmp_path: Path) -> None:
    secret = tmp_path / "portal" / "publisher.secret"
    secret.parent.mkdir(parents=True)
    secret.write_text("hunter2\n")
    settings = Settings(root=CHECKOUT, var=tmp_path, portal_url="https://data.example.gov")
    with pytest.raises(SettingsInvalid, match="OPENGAZETTE_PORTAL_PASSWORD"):
        World(settings).portal()


def test_the_demonstration_that_the_package_brings_goes_to_no_other_portal(tmp_path: Path) -> None:
    settings = Settings(
        root=package_folder(),
        var=tmp_path,
        portal_url="https://data.example.gov",
        portal_password="a-password",
    )
    with pytest.raises(SettingsInvalid, match="nor published elsewhere"):
        World(settings).portal()


def test_one_run_sees_one_state_of_the_rule_pack(world: World) -> None:
    assert world.rule_pack("calhhs-ddg-2.0") is world.rule_pack("calhhs-ddg-2.0")


def test_the_clock_has_a_zone(world: World) -> None:
    assert world.clock().now().utcoffset() is not None
