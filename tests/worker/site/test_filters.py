"""Filters choose files by name, size and age, or are refused by name before anything runs."""

from __future__ import annotations

import os
from typing import Any

import pytest

from lagan.kit.errors import BadInput
from lagan.worker.site import filters

NOW = 1_800_000_000.0
DAY = 86400.0


def keeps(path: str, given: dict[str, Any], size: int = 10, age: float = 0.0) -> bool:
    facts = os.stat_result((0o100644, 1, 1, 1, 0, 0, size, NOW, NOW - age * DAY, NOW))
    return filters.check(given, now=NOW).keep(facts, path)


def test_without_filters_everything_is_kept() -> None:
    assert keeps("/data/x", {})
    assert keeps("/data/x", {"include": None, "min_size": "", "exclude": []})


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.tif", "/data/a.tif", True),
        ("*.tif", "/data/a.TIF", False),
        ("*.tif", "/data/a.tif/x", False),
        ("a?[0-9]", "/data/ab1", True),
        ("raw/*.tif", "/data/raw/x.tif", True),
        ("raw/*.tif", "/data/draw/x.tif", False),
        ("/data/*", "/data/deep/x", True),
        ("/data/*", "/other/data/x", False),
        ("*\n*", "/data/new\nline", True),
        ("*\udcff*", "/data/a\udcffb", True),
        ("(x|y)+$", "/data/x", False),
    ],
)
def test_patterns_are_those_of_a_shell(pattern: str, path: str, matches: bool) -> None:
    assert keeps(path, {"include": [pattern, "other"]}) is matches
    assert keeps(path, {"exclude": pattern}) is not matches
    assert filters.check({"exclude": pattern}).enters(path) is not matches
    assert filters.check({"include": pattern}).enters(path)


def test_what_is_both_included_and_excluded_is_kept_out() -> None:
    assert not keeps("/data/a.tif", {"include": "*.tif", "exclude": "a*"})


@pytest.mark.parametrize(
    ("given", "size", "kept"),
    [
        ({"min_size": 10}, 10, True),
        ({"min_size": "11"}, 10, False),
        ({"max_size": "1 kB"}, 1000, True),
        ({"max_size": "1 kB"}, 1001, False),
        ({"min_size": "1 MiB", "max_size": 2 << 20}, 3 << 19, True),
    ],
)
def test_sizes_are_bytes_or_words(given: dict[str, Any], size: int, kept: bool) -> None:
    assert keeps("/x", given, size=size) is kept


@pytest.mark.parametrize(
    ("given", "age", "kept"),
    [
        ({"older_than": 90}, 91, True),
        ({"older_than": "90"}, 89, False),
        ({"older_than": "90 d"}, 91, True),
        ({"newer_than": "12 h"}, 0.4, True),
        ({"newer_than": "12h"}, 0.6, False),
        ({"newer_than": 2.5, "older_than": 1}, 2, True),
        ({"newer_than": 7}, -1, True),
    ],
)
def test_ages_are_days_or_words(given: dict[str, Any], age: float, kept: bool) -> None:
    assert keeps("/x", given, age=age) is kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 1),
        ("include", 5),
        ("include", [""]),
        ("include", [7]),
        ("exclude", "x" * 1001),
        ("exclude", ["x"] * 101),
        ("exclude", {"x": 1}),
        ("min_size", -1),
        ("min_size", True),
        ("min_size", 1.5),
        ("max_size", "much"),
        ("max_size", "9" * 400 + ".0"),
        ("older_than", True),
        ("older_than", float("nan")),
        ("older_than", float("inf")),
        ("older_than", "long ago"),
        ("newer_than", -1),
        ("newer_than", ["1"]),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(BadInput) as caught:
        filters.check({name: value})
    assert caught.value.facts["field"] == f"filters.{name}"


@pytest.mark.parametrize(
    "given", [{"min_size": 2, "max_size": 1}, {"older_than": 2, "newer_than": 1}]
)
def test_filters_that_no_file_passes_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="no file has such"):
        filters.check(given)


def test_a_pattern_is_matched_in_time_that_nobody_notices() -> None:
    assert not keeps("/data/" + "a" * 255, {"include": "*a" * 200 + "b"})
