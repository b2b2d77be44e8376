"""When a policy is due, and which filesystems it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lagan.hub.policies.rules import REST, about, is_too_full, rests, when
from lagan.kit.errors import BadInput

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def test_times_are_those_of_cron_or_spans() -> None:
    assert when("", NOW) is None
    assert when("30 2 * * *", NOW) == datetime(2026, 5, 2, 2, 30, tzinfo=UTC)
    assert when("6 h", NOW) == NOW + timedelta(hours=6)


@pytest.mark.parametrize("every", ["soon", "99 * * * *", "0 0 31 2 *", "1 s", "900 w", "9" * 400])
def test_what_is_no_time_is_refused(every: str) -> None:
    with pytest.raises(BadInput):
        when(every, NOW)


@pytest.mark.parametrize(
    ("paths", "meant"),
    [
        ([], ["/data", "/data/raw", "/home"]),
        (["/data"], ["/data", "/data/raw"]),
        (["/data/raw/x"], ["/data/raw"]),
        (["/data/rawer"], ["/data"]),
        (["/home", "/data/raw"], ["/data/raw", "/home"]),
        (["/elsewhere"], []),
    ],
)
def test_a_policy_is_about_the_filesystems_beneath_its_paths(
    paths: list[str], meant: list[str]
) -> None:
    told = [{"path": path} for path in ("/data", "/data/raw", "/home")]
    assert [each["path"] for each in about(paths, told)] == meant


def test_one_filesystem_that_is_too_full_is_enough() -> None:
    told = [{"percent": 10.0}, {"percent": 80.0}]
    assert not is_too_full(80.0, told)
    assert is_too_full(79.9, told)
    assert not is_too_full(None, told)


def test_fullness_waits_after_a_run_that_found_no_more() -> None:
    assert not rests(None, NOW)
    assert rests((NOW - REST / 2, False), NOW)
    assert not rests((NOW - REST / 2, True), NOW)
    assert not rests((NOW - REST, False), NOW)
