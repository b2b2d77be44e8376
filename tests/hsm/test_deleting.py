"""Deleting takes a name from the site and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.hsm.deleting import delete
from lagan.hsm.errors import Busy
from tests.hsm.conftest import Files


@pytest.fixture
def folder(root: Path) -> Iterator[int]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def test_a_file_goes_and_its_object_stays(files: Files, folder: int) -> None:
    path = files.make("a", size=1000)
    files.migrate(path)
    assert delete(folder, "a")
    assert not path.exists()
    assert files.objects() == ["a"]
    assert not delete(folder, "a")


def test_a_link_goes_and_what_it_points_to_stays(files: Files, folder: int) -> None:
    path = files.make("a", size=1)
    (files.root / "link").symlink_to(path)
    assert delete(folder, "link")
    assert path.exists()


def test_only_an_empty_folder_goes(files: Files, folder: int) -> None:
    path = files.make("run/a", size=1)
    with pytest.raises(Busy):
        delete(folder, "run")
    path.unlink()
    assert delete(folder, "run")
