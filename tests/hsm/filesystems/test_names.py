"""Names of any bytes and of any depth move on every filesystem, through the steps of a job."""

from __future__ import annotations

import os
from pathlib import Path

from lagan.worker.site import tiering
from tests.hsm.conftest import state
from tests.worker.told import Told

NAMES = [
    *(b"new\nline", b"caf\xe9", b"\xff\xfe", b".hidden", b"~", b"~x", b"C:", b"-rf", b"*", b"a b "),
    *(b"%0A", b"back\\slash", b"\x01\x7f", b"'\"", b"x" * 255, "é".encode() * 127, b"...", b"%"),
    *("é".encode(), "e\u0301".encode(), b"CAPITAL", b"capital"),  # alike for people alone
]
"""All but `/` and NUL is allowed in a name."""
DEPTH, PART = 56, "d" * 60


def test_names_of_any_bytes(site: Path) -> None:
    folder = os.fsencode(site)
    wanted = {folder + b"/" + name: name + os.urandom(9000) for name in NAMES}
    for path, content in wanted.items():
        Path(os.fsdecode(path)).write_bytes(content)
    items = [os.fsdecode(path) for path in wanted]
    for verb, told in ((tiering.migrate, "migrated"), (tiering.recall, "premigrated")):
        context = Told()
        verb(context, {}, items)
        assert (context.failed, context.skipped) == ({}, {})
        assert {state(Path(each)) for each in items} == {told}
    assert {os.fsencode(each): Path(each).read_bytes() for each in items} == wanted


def test_a_deep_folder(site: Path) -> None:
    """Its path is as long as the system lets one be."""
    deep = site.joinpath(*[PART] * DEPTH)
    deep.mkdir(parents=True)
    path = deep / "scan.dat"
    content = os.urandom(9000)
    path.write_bytes(content)
    assert len(str(path)) > 3400
    for verb, told in ((tiering.migrate, "migrated"), (tiering.recall, "premigrated")):
        context = Told()
        verb(context, {}, [str(path)])
        assert (context.failed, state(path)) == ({}, told)
    assert path.read_bytes() == content
