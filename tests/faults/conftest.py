"""A certificate that portals over TLS have, vouched for or not."""

from __future__ import annotations

import pytest

from opengazette.localportal.tls import Certificate, own_certificate


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return own_certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.authority))
    return certificate
