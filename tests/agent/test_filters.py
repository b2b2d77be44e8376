"""Filters decide by names and ages as the uploader's documentation says."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.agent.errors import BadSetting
from lagan.agent.filters import from_settings, name_rule, patterns
from lagan.agent.settings import parse
from lagan.agent.settle import may_still_grow
from lagan.agent.structures import Level

NAMES = st.text("abcXY.*?[]!-_ é", min_size=1, max_size=8)
DAY = 86_400


def test_a_folder_must_contain_the_text() -> None:
    made = from_settings(parse("[agent]\nuser_filter = smi\nexperiment_filter = 20?6\n"))
    assert made.wants_folder(Level.USER, "jsmith")
    assert made.wants_folder(Level.GROUP, "smithlab")
    assert not made.wants_folder(Level.EMAIL, "jones@example.org")
    assert made.wants_folder(Level.EXPERIMENT, "run 2026 b")
    assert not made.wants_folder(Level.EXPERIMENT, "run 206")
    assert made.wants_folder(Level.DATASET, "anything")


@pytest.mark.parametrize(
    ("number", "unit", "days", "wanted"),
    [
        (1, "day", 0.9, True),
        (1, "day", 1.1, False),
        (2, "weeks", 13, True),
        (2, "weeks", 15, False),
        (1, "months", 30, True),
        (1, "month", 31, False),
        (1, "year", 365, True),
        (1, "years", 366, False),
    ],
)
def test_old_datasets_are_left_out(number: int, unit: str, days: float, wanted: bool) -> None:
    text = f"ignore_interval_number = {number}\nignore_interval_unit = {unit}"
    made = from_settings(parse(f"[agent]\nignore_old_datasets = True\n{text}\n"))
    assert made.wants_age(1e9, 1e9 + days * DAY) is wanted


def test_new_datasets_are_left_out() -> None:
    text = "ignore_new_interval_number = 3\nignore_new_interval_unit = days"
    made = from_settings(parse(f"[agent]\nignore_new_datasets = True\n{text}\n"))
    assert not made.wants_age(1e9, 1e9 + 2 * DAY)
    assert made.wants_age(1e9, 1e9 + 4 * DAY)


def test_ages_do_not_matter_unless_asked() -> None:
    made = from_settings(parse("[agent]\nignore_interval_number = 1\nignore_interval_unit = day\n"))
    assert made.wants_age(0, 1e10)


def test_pattern_files(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("# pictures\n*.tif\n\n; others\n  *.dm?  \n")
    assert patterns((tmp_path / "in").read_text()) == ["*.tif", "*.dm?"]
    made = from_settings(
        parse(f"[agent]\nuse_includes_file = True\nincludes_file = {tmp_path}/in\n")
    )
    assert [made.wants_name(each) for each in ("a.tif", "b.dm3", "c.bak")] == [True, True, False]
    unused = from_settings(parse(f"[agent]\nincludes_file = {tmp_path}/in\n"))
    assert unused.wants_name("c.bak")


@pytest.mark.parametrize("name", ["includes_file", "excludes_file"])
def test_a_pattern_file_that_cannot_be_read_is_named(name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        from_settings(parse(f"[agent]\nuse_{name} = True\n{name} = /nonexistent\n"))


@given(NAMES, st.none() | st.lists(NAMES, max_size=4), st.none() | st.lists(NAMES, max_size=4))
def test_the_documented_rule(
    name: str, includes: list[str] | None, excludes: list[str] | None
) -> None:
    included = any(fnmatch.fnmatch(name, each) for each in includes or [])
    excluded = any(fnmatch.fnmatch(name, each) for each in excludes or [])
    match includes, excludes:
        case None, None:
            expected = True
        case _, None:
            expected = included
        case None, _:
            expected = not excluded
        case _:
            expected = not (excluded and not included)
    assert name_rule(includes, excludes)(name) is expected


@given(st.integers(-10_000, 10_000), st.integers(0, 3600))
def test_a_file_may_grow_within_its_quiet_time_on_either_side(offset: int, quiet: int) -> None:
    now = 1_700_000_000.0
    assert may_still_grow(int(now + offset) * 10**9, now, quiet) is (abs(offset) < quiet)
