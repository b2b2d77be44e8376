"""A demo begins with an empty folder, and removes nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from lagan.hub.ops.data_folder import held
from lagan.hub.ops.demo.folder import fresh_folder, hub_folder
from lagan.kit.errors import Conflict, LaganError, Locked, Unavailable


def test_an_earlier_demo_is_cleared_away(tmp_path: Path) -> None:
    made = fresh_folder(tmp_path / "demo")
    (made / "hub").mkdir()
    (made / "hub" / "old").write_text("old")
    again = fresh_folder(tmp_path / "demo")
    assert again == made
    assert [each.name for each in again.iterdir()] == [".lagan-demo"]


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    assert fresh_folder(tmp_path).is_dir()


@pytest.mark.parametrize("what", ["file in it", "hub", "file", "link"])
def test_what_is_not_a_demos_is_left_alone(tmp_path: Path, what: str) -> None:
    place, inner = tmp_path / "place", tmp_path / "place" / "thesis.tex"
    if what == "file":
        place.write_text("mine")
    elif what == "link":
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "thesis.tex").write_text("mine")
        place.symlink_to(tmp_path / "other")
    else:
        place.mkdir()
        inner.write_text("mine")
    with pytest.raises(Conflict) as caught:
        fresh_folder(place)
    assert str(place) in caught.value.sentence
    assert (place if what == "file" else inner).read_text() == "mine"


def test_a_demo_that_runs_is_left_alone(tmp_path: Path) -> None:
    made = fresh_folder(tmp_path / "demo")
    running = held(hub_folder(made), "http://127.0.0.1:1/")
    with running, pytest.raises(Locked, match="127.0.0.1:1"):
        fresh_folder(made)
    assert hub_folder(fresh_folder(made)).exists() is False


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LaganError) as caught:
        fresh_folder(tmp_path / "file" / "demo")
    assert isinstance(caught.value, Unavailable | Conflict)
    assert str(tmp_path) in caught.value.sentence
