"""A file goes when everything speaks for it; if not, the report says what did not."""

from __future__ import annotations

import os
import stat
from typing import Any

import pytest

from lagan.hsm.policy import judging
from lagan.hsm.policy.definition import check
from lagan.hsm.policy.judging import Rules, room_freed, rules

NOW, DAY = 1_000_000_000.0, 86400.0


def facts(**given: Any) -> os.stat_result:
    own = {"mode": stat.S_IFREG | 0o644, "size": 1 << 20, "atime": 0, "mtime": 0, "links": 1,
           "uid": 5, "gid": 6, "blocks": 2048}  # fmt: skip
    own |= given
    whole = [own["mode"], 1, 1, own["links"], own["uid"], own["gid"], own["size"], own["atime"],
             own["mtime"], 0]  # fmt: skip
    return os.stat_result(
        [*whole, float(own["atime"]), float(own["mtime"]), 0.0, 0, 0, 0, 4096, own["blocks"], 0]
    )


def rules_of(**given: Any) -> Rules:
    return rules(check(given), NOW, given.get("owners") and {5}, given.get("groups") and {6})


def why(path: str = "/data/run/x.dat", keeps: bool = True, **given: Any) -> str | None:
    found = {name: given.pop(name) for name in ("atime", "mtime", "size", "mode", "uid", "gid")
             if name in given}  # fmt: skip
    return rules_of(**given).why_not(path, facts(**found), keeps)


def test_a_plain_file_goes() -> None:
    assert why() is None
    assert why(unread_for="90 d", atime=NOW - 91 * DAY) is None


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"mode": stat.S_IFLNK}, judging.NO_FILE),
        ({"exclude": ["*.dat"]}, judging.EXCLUDED),
        ({"exclude": ["/data/run/*"]}, judging.EXCLUDED),
        ({"exclude": ["run/x.*"]}, judging.EXCLUDED),
        ({"include": ["*.raw"]}, judging.NOT_INCLUDED),
        ({"size": 65535}, judging.SMALL),
        ({"owners": ["ann"], "uid": 7}, judging.OWNER),
        ({"groups": ["lab"], "gid": 7}, judging.OWNER),
        ({"unwritten_for": "1 d", "mtime": NOW - 100}, judging.WRITTEN),
        ({"unread_for": "90 d", "atime": NOW - 89 * DAY}, judging.READ),
        ({"unread_for": "90 d", "mtime": NOW - 89 * DAY}, judging.READ),
    ],
)
def test_what_speaks_against_a_file(given: dict[str, Any], reason: str) -> None:
    assert why(**given) == reason


def test_without_times_of_reading_those_of_writing_count() -> None:
    given: dict[str, Any] = {"unread_for": "90 d", "atime": NOW - DAY, "mtime": NOW - 91 * DAY}
    assert why(**given) == judging.READ
    assert why(keeps=False, **given) is None


@pytest.mark.parametrize(
    ("policy", "goes"),
    [
        ({}, {"unmanaged", "premigrated"}),
        ({"premigrated": "only"}, {"premigrated"}),
        ({"premigrated": "not"}, {"unmanaged"}),
        ({"action": "premigrate"}, {"unmanaged"}),
    ],
)
def test_which_states_go(policy: dict[str, Any], goes: set[str]) -> None:
    states = ("unmanaged", "premigrated", "migrated", "modified", "missing")
    held = rules_of(**policy)
    assert {state for state in states if held.why_not_in(state) is None} == goes
    assert held.why_not_in("migrated") == judging.AWAY


def test_excluded_folders_are_not_entered() -> None:
    held = rules_of(exclude=["scratch", "/data/keep"])
    assert not held.enters("/data/scratch")
    assert not held.enters("/data/keep")
    assert held.enters("/data/run")


def test_several_names_of_a_file_count_it_once() -> None:
    policy = check({"stub_size": 4096})
    assert room_freed(facts(), policy) == (1 << 20) - 4096
    assert room_freed(facts(links=2), policy) * 2 == (1 << 20) - 4096
    assert room_freed(facts(blocks=0), policy) == 0
    assert room_freed(facts(), check({"action": "premigrate"})) == 0
