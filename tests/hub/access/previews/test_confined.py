"""A drawing process can reach neither other files nor the network, and is limited whatever it
does."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = "from lagan.hub.access.previews.confined import confine, close_files\nconfine()\n"


def outcome(act: str, *, limit: float = 120) -> str:
    """What became of `act` in a confined process: `done`, or the name of its error."""
    named = "except BaseException as error:\n    print(type(error).__name__)"
    body = f"try:\n    {act}\n    print('done')\n{named}"
    ran = subprocess.run(
        [sys.executable, "-c", BEGIN + body], capture_output=True, text=True, timeout=limit
    )
    return ran.stdout.strip() or f"ended by {-ran.returncode}"


def test_no_file_but_pythons_own_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret-key"
    secret.write_text("planted")
    assert outcome(f"open({str(secret)!r}).read()") == "PermissionError"
    assert outcome("open('/etc/passwd').read()") == "PermissionError"
    assert outcome("import json.tool") == "done"


def test_nothing_is_written(tmp_path: Path) -> None:
    assert outcome(f"open({str(tmp_path / 'new')!r}, 'w').write('x')") == "PermissionError"
    assert not (tmp_path / "new").exists()


def test_no_further_file_is_opened_once_they_are_closed() -> None:
    assert outcome("close_files(); open('/usr/bin/env', 'rb')") == "OSError"


def test_nobody_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        act = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        assert outcome(act) in {"PermissionError", "OSError", "ConnectionRefusedError"}


def test_memory_and_time_are_limited() -> None:
    assert outcome("bytearray(4 << 30)") == "MemoryError"
    assert outcome("confine(seconds=1)\n    while True: pass") == "ended by 9"


@pytest.mark.parametrize("name", ["LAGAN_SECRET_KEY", "POSTGRES_PASSWORD"])
def test_no_secret_is_handed_down(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from lagan.hub.access.previews import running

    monkeypatch.setenv(name, "planted")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = running._start(theirs)
        try:
            environment = Path(f"/proc/{child.pid}/environ").read_bytes()
        finally:
            child.kill()
            child.wait()
    assert b"planted" not in environment
