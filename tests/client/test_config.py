"""The client's configuration: where it is, what it may say, what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lagan.client.config import Settings, address, default_path, read_settings
from lagan.kit.errors import BadInput


def settings_of(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "c.conf"
    path.write_text(text)
    return read_settings(path)


def test_the_documented_file(tmp_path: Path) -> None:
    read = settings_of(
        tmp_path,
        "[settings]\nbase_url = http://mypixserver:8000/api\nclient_key = k%ey\nsite = mysite\n"
        "wait = true\ntimeout = 180\nhydrate = true\nunknown = 1\n\n[other]\nx = y\n",
    )
    assert read == Settings("http://mypixserver:8000/api", "k%ey", "mysite", True, 180.0, True)
    assert address(read.base_url) == "http://mypixserver:8000"


@pytest.mark.parametrize("text", ["", "[other]\nwait = no\n", "[settings]\ntimeout =\nsite =\n"])
def test_what_is_not_said_is_as_documented(tmp_path: Path, text: str) -> None:
    assert settings_of(tmp_path, text) == Settings("http://localhost:8000", None, None, True)


@pytest.mark.parametrize(
    ("word", "means"),
    [("true", True), ("YES", True), ("Yes", True), ("false", False), ("No", False)],
)
def test_booleans(tmp_path: Path, word: str, means: bool) -> None:
    assert settings_of(tmp_path, f"[settings]\nwait = {word}\n").wait is means


@pytest.mark.parametrize(
    ("line", "named"),
    [("wait = maybe", "wait"), ("hydrate = 2", "hydrate"), ("timeout = soon", "timeout"),
     ("timeout = -1", "timeout"), ("timeout = nan", "timeout")],
)  # fmt: skip
def test_odd_values_are_refused_by_name(tmp_path: Path, line: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        settings_of(tmp_path, f"[settings]\n{line}\n")


def test_the_older_clients_file_is_used_where_ours_is_missing(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    ours, older = tmp_path / ".config/lagan/client.conf", tmp_path / ".config/ngenea"
    assert default_path(home) == ours
    older.mkdir(parents=True)
    (older / "ngenea-client.conf").touch()
    assert default_path(home) == older / "ngenea-client.conf"
    ours.parent.mkdir()
    ours.touch()
    assert default_path(home) == ours
