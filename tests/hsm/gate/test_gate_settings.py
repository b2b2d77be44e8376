"""recalld.conf is read whole, or refused by the name of what is odd."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from lagan.hsm.gate.settings import GateSettings, HubSettings, read_settings
from lagan.kit.errors import BadInput

EXAMPLE = Path(__file__).parents[3] / "deploy" / "recalld.conf.example"


def read(tmp_path: Path, text: str) -> GateSettings:
    path = tmp_path / "recalld.conf"
    path.write_text(text)
    return read_settings(path)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "") == GateSettings()


def test_everything_is_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("lgk_abc\n")
    settings = read(
        tmp_path,
        "[settings]\ntimeout = 5\ntimeout_error = EBUSY\nhuge = 1 GiB\nworker_user = root\n"
        "[rules]\ndeny = updatedb, /usr/bin/rsync\n  tracker\ndeny_users = 33, root\n"
        "refusal = EBUSY\nuser_at_once = 3\nbytes_per_hour = 1 TiB\n"
        f"[hub]\nbase_url = https://hub.example.org/api\nclient_key_file = {tmp_path}/key\n"
        "site = north\n",
    )
    assert (settings.timeout, settings.timeout_error, settings.huge) == (5, errno.EBUSY, 1 << 30)
    assert settings.rules.deny == {"updatedb", "/usr/bin/rsync", "tracker"}
    assert settings.rules.deny_users == {0, 33}
    assert (settings.rules.refusal, settings.rules.user_at_once) == (errno.EBUSY, 3)
    assert settings.rules.per_hour == 1 << 40
    assert settings.hub == HubSettings("https://hub.example.org/api", "lgk_abc", "north")
    assert "lgk_abc" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[settings]\ntimeout = soon", "timeout"),
        ("[settings]\ntimeout = 0", "timeout"),
        ("[settings]\ntimeout_error = ENOENT", "timeout_error"),
        ("[settings]\nsmall_threads = 0", "small_threads"),
        ("[settings]\ndoor = relative", "door"),
        ("[settings]\nhuge = big", "huge"),
        ("[settings]\nhugs = 1", "hugs"),
        ("[rules]\ndeny_users = nobody-of-that-name", "deny_users"),
        ("[rules]\nat_once = -1", "at_once"),
        ("[hub]\nsite = north", "base_url"),
        ("[hub]\nbase_url = ftp://x", "base_url"),
        ("[hub]\nclient_key_file = /nowhere", "client_key_file"),
        ("[elsewhere]", "elsewhere"),
        ("no ini", "no ini file"),
    ],
)
def test_what_is_odd_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        read(tmp_path, text)


@pytest.mark.parametrize("all_lines", [False, True])
def test_the_example_is_one(tmp_path: Path, all_lines: bool) -> None:
    text = EXAMPLE.read_text()
    if all_lines:
        text = re.sub(r"^#(\w+ = |\[)", r"\1", text, flags=re.MULTILINE)
    (tmp_path / "client-key").write_text("lgk_abc\n")
    text = text.replace("/etc/lagan/client-key", str(tmp_path / "client-key"))
    settings = read(tmp_path, text)
    assert "updatedb" in settings.rules.deny
    assert (settings.hub is not None) is all_lines
