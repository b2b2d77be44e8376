"""What every test stands on: the database of LAGAN_TEST_DATABASE, real services, Django set up with
tests.settings."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings

from tests.order import fixtures_asked, in_good_order
from tests.services.board import close_board, open_board, shared
from tests.services.chromium import path as chromium_path
from tests.services.hub import Hub
from tests.services.process import Running

# How long one example takes depends on what else the machine does; whole tests have a time limit.
# What holds today holds tomorrow: the same examples each time. `make soak` looks for others.
hypothesis.settings.register_profile("lagan", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=3000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("LAGAN_EXAMPLES", "lagan"))
SERVICES = (
    "postgresql",
    "rabbitmq",
    "s3",
    "ssh",
    "smtp",
    "chromium",
    "running_hub",
    "oidc",
    "saml",
)
DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "running_hub"}
DATABASE = os.environ.setdefault("LAGAN_TEST_DATABASE", "sqlite")
if DATABASE not in {"sqlite", "postgresql"}:
    raise pytest.UsageError(f"LAGAN_TEST_DATABASE is sqlite or postgresql, not {DATABASE!r}.")

_BOARD = open_board()
if _BOARD is not None:
    # Told to end, the run still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
_DATA = None
if "LAGAN_DATA" not in os.environ or _BOARD is not None:
    _DATA = Path(tempfile.mkdtemp(prefix="lagan-tests-"))
    os.environ["LAGAN_DATA"] = str(_DATA)
if DATABASE == "postgresql":
    os.environ.update(shared("postgresql").address)
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
# pytest-django sets Django up only where the settings have been looked at.
assert settings.DATABASES["default"]["ENGINE"].endswith(DATABASE.replace("sqlite", "sqlite3"))


def pytest_unconfigure() -> None:
    """End what this run started; a process of pytest-xdist started nothing of its own."""
    if _BOARD is not None:
        close_board(_BOARD)
    if _DATA is not None:
        shutil.rmtree(_DATA, ignore_errors=True)


def pytest_report_header() -> str:
    return f"database: {DATABASE}"


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark tests by what they ask for: `service` stays out of `make check`, `database` runs
    twice. What was chosen by the marks is put in a good order for several processes."""
    for item in items:
        asked = fixtures_asked(item)
        if not asked.isdisjoint(SERVICES):
            item.add_marker(pytest.mark.service)
        uses = asked & DATABASE_FIXTURES or item.get_closest_marker("django_db")
        # What is run for hours is run on one.
        if uses and not any(map(item.get_closest_marker, ("once", "soak"))):
            item.add_marker(pytest.mark.database)
    yield
    items[:] = in_good_order(items)


@pytest.fixture(scope="session")
def postgresql() -> Running:
    """A PostgreSQL server; `address` has the hub's POSTGRES_* settings."""
    return shared("postgresql")


@pytest.fixture(scope="session")
def rabbitmq() -> Running:
    """A RabbitMQ server; see tests/services/rabbitmq.py for `address`."""
    return shared("rabbitmq")


@pytest.fixture(scope="session")
def s3() -> Running:
    """An S3 server; `address` has endpoint, access_key, secret_key, region and bucket."""
    return shared("s3")


@pytest.fixture(scope="session")
def ssh() -> Running:
    """An OpenSSH server; `address` has host, port, user, key and known_hosts."""
    return shared("ssh")


@pytest.fixture(scope="session")
def smtp() -> Running:
    """An SMTP server that keeps every message; `address` has host, port and maildir."""
    return shared("smtp")


@pytest.fixture(scope="session")
def oidc() -> Running:
    """An OpenID Connect provider; see tests/services/oidc.py for `address` and `put_person`."""
    return shared("oidc")


@pytest.fixture(scope="session")
def saml() -> Running:
    """A SAML identity provider; see tests/services/saml.py for `address`."""
    return shared("saml")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium's program, for Playwright's `executable_path`."""
    return chromium_path()


@pytest.fixture(scope="session")
def running_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A running hub on the database under test, shared by the tests of one process; each makes
    people and datasets of its own."""
    running = Hub(tmp_path_factory.mktemp("hub"), database=DATABASE).start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def hub(running_hub: Hub) -> Hub:
    """The same, where no folder means another hub by this name."""
    return running_hub
