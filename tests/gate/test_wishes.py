"""Of all commands only those of uploading programs are understood, however their paths are
quoted."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lagan.gate.wishes import MakeFolder, SetMode, Sftp, Sink, wish
from lagan.kit.errors import Forbidden

FOLDER = "/srv/staging/7/Spa%20ces-44/sub"


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (f"mkdir -m 2770 -p {FOLDER}", MakeFolder(FOLDER)),
        (f"mkdir -m 2770 -p '{FOLDER}'", MakeFolder(FOLDER)),
        (f'mkdir -m 2770 -p "{FOLDER}"', MakeFolder(FOLDER)),
        (f"mkdir -p {FOLDER}", MakeFolder(FOLDER)),
        (f"chmod 660 {FOLDER}/a b.txt", SetMode(f"{FOLDER}/a b.txt")),
        (f"chmod 660 {FOLDER}/it's", SetMode(f"{FOLDER}/it's")),
        (f"chmod 660 {FOLDER}/a\\ b", SetMode(f"{FOLDER}/a b")),
        (f"scp -t {FOLDER}/a", Sink(f"{FOLDER}/a", False)),
        (f"scp -pt '{FOLDER}/a b'", Sink(f"{FOLDER}/a b", False)),
        (f"scp -v -p -d -t -- {FOLDER}", Sink(FOLDER, True)),
        (f"/usr/bin/scp -p -t {FOLDER}/a", Sink(f"{FOLDER}/a", False)),
        ("internal-sftp", Sftp()),
        ("internal-sftp -l INFO", Sftp()),
        ("/usr/lib/openssh/sftp-server", Sftp()),
    ],
)
def test_what_programs_run(command: str, meant: object):
    assert wish(command) == meant


@pytest.mark.parametrize(
    "command",
    [
        "", "sh", "scp -f /a", "scp -r -t /a", "scp /a /b", "chmod 777 /a", "chmod -R 660 /a",
        "mkdir -m 0777 -p /a", "mkdir /a", "rm -r /a", "cat >> /a", "internal-sftp2",
        "rsync --server",
        "exec sftp", "env scp -t /a", "/tmp/scp -t /a", "sftp-server;id",
    ],
)  # fmt: skip
def test_what_else_is_refused(command: str):
    with pytest.raises(Forbidden):
        wish(command)


@given(st.text())
def test_no_text_breaks_it(text: str):
    for command in (text, f"chmod 660 {text}", f"scp -t {text}", f"mkdir -p {text}"):
        with suppress(Forbidden):
            assert isinstance(wish(command), MakeFolder | SetMode | Sink | Sftp)
