"""Objects are called as their files, every volume takes their names, and no two files share one."""

from __future__ import annotations

import os
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lagan.hsm.naming import elsewhere, object_name, record_name, suffixed
from lagan.store.layout import check_any, check_object

PARTS = some.binary(min_size=1, max_size=255).filter(
    lambda part: b"/" not in part and b"\0" not in part and part not in (b".", b"..")
)
PATHS = some.lists(PARTS, min_size=1, max_size=6).map(lambda parts: os.fsdecode(b"/".join(parts)))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a", "a"),
        ("run 1/T:300K.dat", "run 1/T:300K.dat"),
        ("mérení/žluť.fits", "mérení/žluť.fits"),
        (".hidden/.x", "%2Ehidden/%2Ex"),
        ("~/x", "%7E/x"),
        ("50%", "50%25"),
        ("two\nlines", "two%0Alines"),
        ("back\\slash", "back%5Cslash"),
        (os.fsdecode(b"caf\xe9"), "caf%E9"),
    ],
)
def test_a_readable_name(path: str, name: str) -> None:
    assert object_name(path) == name


@given(PATHS)
def test_every_volume_takes_every_name(path: str) -> None:
    name = object_name(path)
    for each in (name, suffixed(name, uuid4()), elsewhere(path, uuid4())):
        check_object(each)
        assert len(each.encode()) <= 800
    check_any(record_name(path))


@given(PATHS, PATHS)
def test_two_files_have_two_names(one: str, other: str) -> None:
    if one != other:
        assert object_name(one) != object_name(other)
        assert record_name(one) != record_name(other)


@pytest.mark.parametrize("path", ["C:", "x" * 255, "d/" * 400 + "x", "C:\\x/.."[:-3]])
def test_a_name_that_no_volume_takes_is_told_by_its_digest(path: str) -> None:
    assert object_name(path).startswith(("~/", "C:%5C"))
    check_object(object_name(path))
