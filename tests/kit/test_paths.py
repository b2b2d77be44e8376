"""A name that would leave its root is refused by its reason; links are never followed."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.kit import paths
from lagan.kit.errors import BadPath
from lagan.kit.paths import check_relative, open_beneath

REASONS = [
    ("", "empty"),
    ("/etc/passwd", "absolute"),
    ("..", "parent"),
    ("a/../b", "parent"),
    ("a/..", "parent"),
    (".", "dot"),
    ("a/./b", "dot"),
    ("a//b", "empty-part"),
    ("a/", "empty-part"),
    ("a\0b", "nul"),
    ("a/" + "é" * 128, "long-part"),
    ("x" * 256, "long-part"),
    ("a/" * 2050 + "b", "long"),
    ("\ud800", "encoding"),
    ("..\\..\\evil", "windows"),
    ("a\\..\\..\\evil", "windows"),
    ("\\\\server\\share", "windows"),
    ("C:\\evil", "windows"),
    ("c:/evil", "windows"),
    ("C:", "windows"),
    ("C:..", "windows"),
    ("c:..\\evil", "windows"),
    ("0:/evil", "windows"),
]


@pytest.mark.parametrize(("name", "reason"), REASONS)
def test_what_would_leave_its_root_is_refused_by_its_reason(name: str, reason: str) -> None:
    with pytest.raises(BadPath) as refused:
        check_relative(name)
    assert refused.value.facts["reason"] == reason


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "a/b",
        ".hidden",
        "...",
        "a..b",
        "T:300K.dat",
        "T:..x",
        "ab:",
        "a\\b",
        " ",
        "\n",
        "é" * 127,
    ],
)
def test_odd_but_harmless_names_pass_unchanged(name: str) -> None:
    assert check_relative(name) == name


@given(st.text(max_size=40) | st.from_regex(r"([a.\\/:]|\.\.){1,12}", fullmatch=True))
def test_whatever_passes_stays_beneath_its_root_everywhere(name: str) -> None:
    try:
        check_relative(name)
    except BadPath:
        return
    assert os.path.normpath("/root/" + name).startswith("/root/")
    windows = PureWindowsPath(name)
    assert not windows.root
    assert ".." not in windows.parts


@pytest.fixture(params=["openat2", "part by part"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "part by part":
        monkeypatch.setattr(paths, "_syscall", None)
    return str(request.param)


@pytest.mark.usefixtures("way")
class TestOpening:
    def test_a_file_beneath_is_opened(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a/b").write_text("inside")
        descriptor = open_beneath(tmp_path, "a/b", os.O_RDONLY)
        with os.fdopen(descriptor) as file:
            assert file.read() == "inside"

    def test_a_file_can_be_made_beneath_an_open_folder(self, tmp_path: Path) -> None:
        folder = os.open(tmp_path, os.O_PATH)
        os.close(open_beneath(folder, "new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.close(folder)
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("name", ["link", "folder/secret", "inner/secret"])
    def test_links_are_refused_wherever_they_lead(self, tmp_path: Path, name: str) -> None:
        outside, root = tmp_path / "outside", tmp_path / "root"
        outside.mkdir()
        root.mkdir()
        (outside / "secret").write_text("secret")
        (root / "real").mkdir()
        (root / "real/secret").write_text("inside, yet by a link")
        (root / "link").symlink_to(outside / "secret")
        (root / "folder").symlink_to(outside)
        (root / "inner").symlink_to("real")
        with pytest.raises(BadPath) as refused:
            open_beneath(root, name, os.O_RDONLY)
        assert refused.value.facts["reason"] == "link"

    def test_what_is_absent_is_absent(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            open_beneath(tmp_path, "no/where", os.O_RDONLY)

    def test_no_descriptor_is_lost(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("/etc")
        before = len(list(Path("/proc/self/fd").iterdir()))
        for name in ("link", "link/passwd", "absent", "a/b"):
            with pytest.raises((BadPath, OSError)):
                open_beneath(tmp_path, name, os.O_RDONLY)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
