"""A file goes to the first target whose rule fits it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lagan.hsm.choosing import Rule, choose, pattern

NOW = 1_800_000_000.0
DAY = 86400.0


@pytest.fixture
def facts(tmp_path: Path) -> os.stat_result:
    """Of a file of 1,000 bytes that was changed 30 days ago, read 10 days ago."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1000)
    os.utime(file, (NOW - 10 * DAY, NOW - 30 * DAY))
    return file.stat()


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({}, True),
        ({"min_size": 1000, "max_size": 1000}, True),
        ({"min_size": 1001}, False),
        ({"max_size": 999}, False),
        ({"older_than": 30 * DAY}, True),
        ({"older_than": 31 * DAY}, False),
        ({"newer_than": 30 * DAY}, True),
        ({"newer_than": 29 * DAY}, False),
        ({"unread_for": 10 * DAY}, True),
        ({"unread_for": 11 * DAY}, False),
        ({"owners": frozenset({os.getuid()})}, True),
        ({"owners": frozenset({os.getuid() + 1})}, False),
        ({"groups": frozenset({os.getgid()})}, True),
        ({"groups": frozenset({os.getgid() + 1})}, False),
        ({"paths": (pattern("*.dat"),)}, True),
        ({"paths": (pattern("*.txt"),)}, False),
        ({"paths": (pattern("*.txt"), pattern("scan*"))}, True),
        ({"paths": (pattern("run 1/*"),)}, True),
        ({"paths": (pattern("/data/*"),)}, True),
        ({"paths": (pattern("/run 1/*"),)}, False),
        ({"min_size": 1, "paths": (pattern("*.txt"),)}, False),
    ],
)
def test_all_conditions_of_a_rule_must_hold(
    rule: dict[str, object], fits: bool, facts: os.stat_result
) -> None:
    made = replace(Rule("cold"), **rule)  # type: ignore[arg-type]
    assert made.fits("/data/run 1/scan.dat", facts, NOW) is fits


def test_the_first_that_fits_wins(facts: os.stat_result) -> None:
    rules = [Rule("large", min_size=5000), Rule("old", older_than=DAY), Rule("rest")]
    assert choose(rules, "/data/a", facts, NOW) == "old"
    assert choose(rules[:1], "/data/a", facts, NOW) is None
    assert choose([rules[2], *rules], "/data/a", facts, NOW) == "rest"


def test_a_name_of_any_bytes_is_held_against_patterns(facts: os.stat_result) -> None:
    name = os.fsdecode(b"/data/\xff\n.dat")
    assert Rule("a", paths=(pattern("*.dat"),)).fits(name, facts, NOW)
