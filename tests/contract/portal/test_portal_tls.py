"""The portal over HTTPS with a certificate of its own."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
import requests

from opengazette.localportal.tls import own_certificate

pytestmark = pytest.mark.servers


def test_a_client_that_is_given_the_authority_trusts_the_portal(
    https_portal: tuple[str, Path],
) -> None:
    address, folder = https_portal
    authority = str(folder / "tls" / "authority.pem")
    for at in (address, address.replace("localhost", "127.0.0.1")):
        url = f"{at}/api/users/current.json"
        answer = requests.get(url, auth=("ann", "correct horse"), verify=authority, timeout=10)
        assert answer.json()["id"] == "ann"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{address}/health", timeout=10)


def test_the_certificate_is_kept_while_it_fits_and_its_key_is_secret(tmp_path: Path) -> None:
    made = own_certificate(tmp_path, "data.example.gov")
    first = made.chain.read_bytes()
    assert own_certificate(tmp_path, "data.example.gov").chain.read_bytes() == first
    assert own_certificate(tmp_path, "localhost").chain.read_bytes() == first
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert own_certificate(tmp_path, "10.0.0.1").chain.read_bytes() != first
    ssl.create_default_context(cafile=str(made.authority)).load_cert_chain(made.chain, made.key)
