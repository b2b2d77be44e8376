"""A folder with odd names, as a place on this machine and as one behind a real SSH server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lagan.transfer import LocalPlace, Place, SftpPlace, Target
from tests.services.process import Running

ODD = ["a b", " lead", "new\nline", "quote\"'", "snö", "back\\slash", "#%?&", "-rf", "caf\udce9"]
"""Names that instruments and people give; the last one's bytes are no UTF-8."""


def target_of(ssh: Running, top: Path) -> Target:
    address = ssh.address
    return Target(
        host=address["host"],
        port=int(address["port"]),
        user=address["user"],
        host_key=(ssh.folder / "host_key.pub").read_text(),
        private_key=Path(address["key"]).read_text(),
        top=str(top),
    )


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """`top/` with `run/` in it; `tmp_path` itself lies outside."""
    made = tmp_path / "top"
    (made / "run" / "deep").mkdir(parents=True)
    (made / "first.txt").write_bytes(b"first")
    (made / "run" / "data.bin").write_bytes(bytes(range(256)) * 8192)
    (made / "run" / "deep" / "last.txt").write_bytes(b"last")
    os.utime(made / "first.txt", (1_700_000_000, 1_700_000_000))
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return made


@pytest.fixture(params=["local", "sftp"])
def place(request: pytest.FixtureRequest, top: Path) -> Iterator[Place]:
    if request.param == "local":
        made: Place = LocalPlace(str(top))
    else:
        made = SftpPlace(target_of(request.getfixturevalue("ssh"), top))
    yield made
    made.close()
