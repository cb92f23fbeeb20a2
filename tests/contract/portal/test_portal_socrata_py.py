"""socrata-py, unchanged, with its whole test suite, takes the portal for Socrata.

The client and its suite come from elsewhere: the client from the package index into an
environment of its own, the suite from a checkout of its repository, which
`SOCRATA_PY_CHECKOUT` names or git fetches. Without either there is nothing to run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import venv
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.servers

VERSION: Final = "1.2.0"
COMMIT: Final = "eeb98f16156fdd90a4b35e351849986bad0e7e5a"
REPOSITORY: Final = "https://github.com/socrata/socrata-py"
#: What the portal does not do, and says so: it looks up no addresses, and fetches nothing.
NOT_HERE: Final = {"test_geocode_column", "test_create_from_url"}
READERS: Final = {
    "python_calamine": {"test_create_new_xls", "test_create_new_xlsx"},
    "shapefile": {"test_create_new_shapefile", "test_upload_shapefile"},
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds the suite, and not the client."""
    folder = tmp_path_factory.mktemp("suite")
    named = os.environ.get("SOCRATA_PY_CHECKOUT")
    checkout = Path(named) if named else folder / "checkout"
    if named is None:
        for command in (
            ["git", "init", "--quiet", str(checkout)],
            ["git", "-C", str(checkout), "fetch", "--quiet", "--depth=1", REPOSITORY, COMMIT],
            ["git", "-C", str(checkout), "checkout", "--quiet", "FETCH_HEAD"],
        ):
            if subprocess.run(command, check=False, capture_output=True, timeout=120).returncode:
                pytest.skip("the suite of socrata-py cannot be fetched; set SOCRATA_PY_CHECKOUT")
    shutil.copytree(checkout / "test", folder / "run" / "test")
    return folder / "run"


@pytest.fixture(scope="module")
def client_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that holds the client and nothing of ours."""
    folder = tmp_path_factory.mktemp("client")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    wanted = [f"socrata-py=={VERSION}", "pandas"]
    command = [str(python), "-m", "pip", "install", "--quiet", "--prefer-binary", *wanted]
    if subprocess.run(command, check=False, capture_output=True, timeout=600).returncode:
        pytest.skip("socrata-py cannot be installed from the package index")
    return python


def test_the_whole_suite_of_socrata_py_passes_but_for_what_is_named(
    suite: Path, client_python: Path, https_portal: tuple[str, Path]
) -> None:
    address, folder = https_portal
    environment = {
        "PATH": os.environ["PATH"],
        "SOCRATA_DOMAIN": address.removeprefix("https://"),
        "SOCRATA_USERNAME": "ann",
        "SOCRATA_PASSWORD": "correct horse",
        "REQUESTS_CA_BUNDLE": str(folder / "tls" / "authority.pem"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [str(client_python), "-m", "unittest", "discover", "-v"]
    ran = subprocess.run(
        [*command, "-s", "test", "-t", ".", "-p", "*_test.py"],
        cwd=suite,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    count = re.search(r"^Ran (\d+) tests", ran.stderr, re.MULTILINE)
    assert count is not None, ran.stderr[-2000:]
    assert int(count.group(1)) == 77
    missing = {name for module, names in READERS.items() for name in names if not find_spec(module)}
    failed = set(re.findall(r"^(?:ERROR|FAIL): (\w+)", ran.stderr, re.MULTILINE))
    assert failed == NOT_HERE | missing, ran.stderr[-4000:]
