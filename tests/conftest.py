"""What every test stands on: the database of LAGAN_TEST_DATABASE, real services, Django set up with
tests.settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.conf import settings

from tests.services.board import close_board, open_board, shared
from tests.services.process import Running

SERVICES = ("postgresql", "rabbitmq", "s3", "ssh", "smtp", "chromium")
DATABASE = os.environ.setdefault("LAGAN_TEST_DATABASE", "sqlite")
if DATABASE not in {"sqlite", "postgresql"}:
    raise pytest.UsageError(f"LAGAN_TEST_DATABASE is sqlite or postgresql, not {DATABASE!r}.")

_BOARD = open_board()
_DATA = None
if "LAGAN_DATA" not in os.environ or _BOARD is not None:
    _DATA = Path(tempfile.mkdtemp(prefix="lagan-tests-"))
    os.environ["LAGAN_DATA"] = str(_DATA)
if DATABASE == "postgresql":
    os.environ.update(shared("postgresql").address)
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
if find_spec("lagan.hub.accounts.models"):
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a service's fixture is marked `service`, so that `make check` leaves it
    out."""
    for item in items:
        if not set(SERVICES).isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.service)


@pytest.fixture(scope="session")
def postgresql() -> Running:
    """A PostgreSQL server; `address` has the hub's POSTGRES_* settings."""
    return shared("postgresql")
