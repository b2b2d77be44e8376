"""Whatever the other side says, nothing is written outside the folder and nothing is read."""

from __future__ import annotations

import io
import os
import stat
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lagan.gate import serve
from lagan.gate.packets import Code, Kind, text

WRITE, CREATE, CUT, FRESH, READ = 2, 8, 16, 32, 1


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "7").mkdir()
    return tmp_path / "7"


def run(top: Path, command: str, data: bytes = b"") -> tuple[int, bytes]:
    target, mask = io.BytesIO(), os.umask(0o022)
    try:
        return serve(top, command, io.BytesIO(data), target), target.getvalue()
    finally:
        os.umask(mask)


def packet(kind: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">IB", len(body) + 1, kind) + body


def answers(data: bytes) -> list[tuple[int, bytes]]:
    found, place = [], 0
    while place < len(data):
        length, kind = struct.unpack_from(">IB", data, place)
        found.append((kind, data[place + 5 : place + 4 + length]))
        place += 4 + length
    return found


def ask(top: Path, *packets: bytes) -> list[tuple[int, bytes]]:
    """The answers of an SFTP server after its greeting."""
    status, said = run(top, "internal-sftp", packet(1, struct.pack(">I", 3)) + b"".join(packets))
    assert status == 0
    greeting, *rest = answers(said)
    assert greeting == (Kind.VERSION, struct.pack(">I", 3))
    return rest


def codes(found: list[tuple[int, bytes]]) -> list[int]:
    return [struct.unpack_from(">I", body, 4)[0] for kind, body in found if kind == Kind.STATUS]


def n(value: int) -> bytes:
    return struct.pack(">I", value)


def test_folders_and_modes(top: Path):
    assert run(top, f"mkdir -m 2770 -p {top}/a/b c") == (0, b"")
    assert stat.S_IMODE((top / "a/b c").stat().st_mode) == 0o2770
    (top / "a/f").write_bytes(b"")
    assert run(top, f"chmod 660 {top}/a/f") == (0, b"")
    assert stat.S_IMODE((top / "a/f").stat().st_mode) == 0o660
    for path in (top, top / "a", top / "none", top.parent, "/etc/passwd", f"{top}/../8"):
        assert run(top, f"chmod 660 {path}")[0] == 1
    for path in (top.parent / "8", f"{top}/../8", "/tmp/lagan-x", f"{top}8"):
        assert run(top, f"mkdir -m 2770 -p {path}")[0] == 1
    assert sorted(each.name for each in top.parent.iterdir()) == ["7"]


@pytest.mark.parametrize("end", [b"\0", b""])
@pytest.mark.parametrize("announced", [b"C0644 3 f\n", b"T1 0 1 0\nC0660 3 other\n"])
def test_a_file_comes_by_scp(top: Path, announced: bytes, end: bytes):
    status, said = run(top, f"scp -p -t {top}/f", announced + b"abc" + end)
    assert (status, set(said)) == (0, {0})
    assert (top / "f").read_bytes() == b"abc"
    assert stat.S_IMODE((top / "f").stat().st_mode) == 0o660


@pytest.mark.parametrize(
    "sent",
    [
        b"C0644 3 f\nab", b"C0644 3 ../f\nabc\0", b"C0644 -1 f\n", b"C0644\n", b"D0755 0 d\n",
        b"C0644 99999999999999999999 f\n", b"\1broken\n", b"X", b"C0644 3 f\nabc\1no\n",
    ],
)  # fmt: skip
def test_what_is_no_whole_file_is_told(top: Path, sent: bytes):
    assert run(top, f"scp -t {top}/f", sent)[0] == 1


def test_scp_leaves_the_folder_by_no_name(top: Path):
    (top / "link").symlink_to(top.parent)
    for path in (f"{top}/../f", "/tmp/lagan-f", f"{top}/link/f", f"{top}/none/f", f"{top}\n/../f"):
        assert run(top, f"scp -t {path}", b"C0644 3 f\nabc\0")[0] == 1
    assert sorted(each.name for each in top.parent.iterdir()) == ["7"]


def test_a_file_comes_by_sftp(top: Path):
    found = ask(
        top,
        packet(Kind.REALPATH, n(1), text(".")),
        packet(Kind.MKDIR, n(2), text(f"{top}/d"), n(0)),
        packet(Kind.OPEN, n(3), text(f"{top}/d/f"), n(WRITE | CREATE | CUT), n(0)),
        packet(Kind.WRITE, n(4), text("1"), struct.pack(">Q", 3), text("def")),
        packet(Kind.WRITE, n(5), text("1"), struct.pack(">Q", 0), text("abc")),
        packet(Kind.FSETSTAT, n(6), text("1"), n(0)),
        packet(Kind.CLOSE, n(7), text("1")),
        packet(Kind.STAT, n(8), text(f"{top}/d/f")),
    )
    assert [kind for kind, _ in found] == [
        Kind.NAME, Kind.STATUS, Kind.HANDLE, Kind.STATUS, Kind.STATUS, Kind.STATUS, Kind.STATUS,
        Kind.ATTRS,
    ]  # fmt: skip
    assert set(codes(found)) == {Code.OK}
    assert (top / "d/f").read_bytes() == b"abcdef"


def test_sftp_only_puts(top: Path):
    (top / "f").write_bytes(b"secret")
    (top / "out").symlink_to("/etc")
    name = text(f"{top}/f")
    found = ask(
        top,
        packet(Kind.OPEN, n(1), name, n(READ), n(0)),
        packet(Kind.REMOVE, n(2), name),
        packet(Kind.RENAME, n(3), name, text(f"{top}/g")),
        packet(Kind.OPENDIR, n(4), text(str(top))),
        packet(Kind.OPEN, n(5), text("/etc/passwd"), n(WRITE), n(0)),
        packet(Kind.OPEN, n(6), text(f"{top}/out/lagan"), n(WRITE | CREATE), n(0)),
        packet(Kind.OPEN, n(7), name, n(WRITE | CREATE | FRESH), n(0)),
        packet(Kind.STAT, n(8), text("/etc/passwd")),
        packet(Kind.WRITE, n(9), text("9"), struct.pack(">Q", 0), text("x")),
        packet(Kind.CLOSE, n(10), text("9")),
        packet(20, n(11), text("symlink")),
        packet(Kind.OPEN, n(12), text(str(top)), n(WRITE), n(0)),
    )
    assert {kind for kind, _ in found} == {Kind.STATUS}
    assert Code.OK not in codes(found)
    assert (top / "f").read_bytes() == b"secret"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=60)), max_size=6), st.binary())
def test_no_packets_break_it(top: Path, packets: list[tuple[int, bytes]], rest: bytes):
    sent = b"".join(packet(kind, body) for kind, body in packets) + rest
    assert run(top, "internal-sftp", sent)[0] in (0, 1)
