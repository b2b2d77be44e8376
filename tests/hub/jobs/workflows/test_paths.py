"""Paths are absolute, written in one way, each once; what a walk finds anyway is not asked for
twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.hub.jobs.workflows.paths import common, plain, settle


def test_a_path_is_written_in_one_way_and_given_once() -> None:
    given = ["/data//a/", "/data/./a", "/data/b/.", "/", "//"]
    assert settle(given, walked=False) == (["/data/a", "/data/b", "/"], [])


def test_what_lies_beneath_another_path_is_left_to_its_walk() -> None:
    given = ["/data/a/b", "/data/a", "/data/ab", "/data/a-b/c", "/data/a/b/c"]
    assert settle(given, walked=True)[0] == ["/data/a", "/data/ab", "/data/a-b/c"]
    assert settle(given, walked=False)[0] == given
    assert settle(["/x", "/", "/y"], walked=True)[0] == ["/"]


def test_names_of_any_bytes_pass() -> None:
    odd = "/data/" + b"caf\xe9 \n x".decode("utf-8", "surrogateescape")
    assert settle([odd], walked=True) == ([odd], [])


@pytest.mark.parametrize(
    "path", ["data/a", "", "/data/../etc", "/a\0b", "/\ud800", "/" + "a" * 5000, 3, None, ["/a"]]
)
def test_other_paths_are_refused_by_name(path: Any) -> None:
    paths, reasons = settle(["/good", path], walked=True)
    assert not paths
    assert len(reasons) == 1


@pytest.mark.parametrize("given", [[], "/data", None, {"/data": 1}, 4])
def test_a_list_is_expected(given: Any) -> None:
    assert settle(given, walked=True) == ([], ["A list of at least one path is expected."])


def test_of_many_odd_paths_a_few_are_named() -> None:
    reasons = settle([f"p{n}" for n in range(100)], walked=True)[1]
    assert len(reasons) == 6
    assert reasons[-1] == "And 95 more."


_PATHS = st.lists(
    st.text("ab/.", max_size=6).map(lambda text: plain("/" + text.replace("..", "a")))
)


@given(_PATHS)
def test_every_path_lies_beneath_exactly_one_that_is_walked(paths: list[str]) -> None:
    walked = settle(paths, walked=True)[0]
    for path in paths:
        above = [each for each in walked if f"{path}/".startswith(f"{each.rstrip('/')}/")]
        assert len(above) == 1


@pytest.mark.parametrize(
    ("paths", "folder"),
    [(["/a/b"], "/a/b"), (["/a/b", "/a/c/d"], "/a"), (["/a", "/b"], "/"), ([], "/")],
)
def test_what_paths_have_in_common(paths: list[str], folder: str) -> None:
    assert common(paths) == folder
