"""Settings judged in the documented order: the first thing that is wrong, and what may be meant."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from lagan.agent.check import Finding, check
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub
from tests.agent.mytardis import KEY as OTHER_KEY
from tests.agent.mytardis import MyTardisServer

NOW = datetime(2026, 3, 2, 12, 0, 0)  # noqa: DTZ001 - the instrument's own clock


def wrong(bench: Bench, **changes: object) -> Finding | None:
    """The error that ends the check of settings with these changes."""
    found = list(check(bench.settings(**changes), NOW))
    errors = [each for each in found if each.level == "error"]
    assert len(errors) < 2
    assert not errors or found[-1] is errors[0], "the first error ends the check"
    return errors[0] if errors else None


ORDER = [
    ("instrument_name", {"instrument_name": ""}),
    ("data_directory", {"data_directory": "/nonexistent/data"}),
    ("includes_file", {"use_includes_file": True, "includes_file": "/nonexistent/list"}),
    ("hub_url", {"hub_url": "http://127.0.0.1:9", "connection_timeout": 1}),
    ("api_key", {"api_key": "wrong"}),
    ("facility_name", {"facility_name": "Elsewhere"}),
    ("contact_email", {"contact_email": "nobody"}),
    ("scheduled_time", {"schedule_type": "Once", "scheduled_date": "2020-01-01",
                        "scheduled_time": "10:00"}),
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_of_several_faults_the_first_in_order_is_told(
    bench: Bench, hub: TestHub, first: int
) -> None:
    changes: dict[str, object] = {}
    for _, more in reversed(ORDER[first:]):
        changes |= more
    found = wrong(bench, **changes)
    assert found is not None
    assert found.setting == ORDER[first][0], found


def test_settings_without_fault(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif")
    assert wrong(bench) is None
    assert hub.datasets == {}, "nothing is made but the instrument"


def test_the_only_facility_is_suggested_and_several_are_listed(bench: Bench, hub: TestHub) -> None:
    found = wrong(bench, facility_name="Elsewhere")
    assert found is not None
    assert found.suggestion == "Imaging"
    hub.facilities = {"Imaging", "Spectra"}
    found = wrong(bench, facility_name="Elsewhere")
    assert found is not None
    assert (found.suggestion, "Imaging, Spectra" in found.text) == (None, True)


def test_a_wrong_proxy_is_named(bench: Bench) -> None:
    found = wrong(bench, proxy="nonsense")
    assert found is not None
    assert found.setting == "proxy"


def test_a_mytardis_server_is_judged_alike(bench: Bench, tmp_path: Path) -> None:
    with MyTardisServer(tmp_path) as server:
        given = {"hub_url": server.url, "api_key": OTHER_KEY}
        assert wrong(bench, **given) is None
        found = wrong(bench, **given, facility_name="Elsewhere")
        assert found is not None
        assert found.suggestion == "Imaging"
        found = wrong(bench, hub_url=server.url, api_key="0" * 40, server_kind="mytardis")
        assert found is not None
        assert found.setting == "api_key"
