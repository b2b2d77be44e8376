"""What the documentation says that programs see of a stub is what they see, on every filesystem."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lagan.hsm import marker as markers
from lagan.hsm.migrating import Outcome
from tests.hsm.conftest import MTIME, Files, state
from tests.hsm.filesystems import tools
from tests.hsm.filesystems.tools import TOOLS, Tool
from tests.hsm.gate.conftest import Site, made
from tests.services.disks import KINDS, Disk
from tests.services.process import ServiceFailed

SIZE = 200_000
TABLE = Path(__file__).parents[3] / "docs" / "administration" / "tiering.md"
SCRIPTS = {
    "{map}": 'import mmap, sys; f = open("scan.dat", "rb"); '
    "sys.stdout.buffer.write(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)[:])",
    "{copy}": 'import os, shutil; shutil.copy("scan.dat", os.environ["OUT"])',
    "{copy2}": 'import os, shutil; shutil.copy2("scan.dat", os.environ["OUT"])',
}


class Bench:
    """A folder with the file, and one for what programs make of it."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.path = files.make("here/scan.dat", size=SIZE)
        self.content = self.path.read_bytes()
        self.out = files.root / "out"
        self.out.mkdir()
        self.database = self._database()

    def _database(self) -> Path:
        path = self.files.root / "here" / "data.sqlite"
        with closing(sqlite3.connect(path)) as made:
            made.execute("create table t (x)")
            made.execute("insert into t values ('the content')")
            made.commit()
        return path

    def run(self, command: str) -> subprocess.CompletedProcess[bytes]:
        for name, script in SCRIPTS.items():
            command = command.replace(name, script)
        environment = {**os.environ, "OUT": str(self.out), "DATABASE": str(self.database)}
        environment["LC_ALL"] = "C.UTF-8"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.path.parent, env=environment, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode == 127:
            raise ServiceFailed(f"{command}: {done.stderr!r} (deploy/system-packages)")
        return done

    def tried(self, tool: Tool) -> str:
        """The verdict on a program, which may have seen the file while it was whole."""
        if tool.before:
            done = self.run(tool.before)
            assert done.returncode == 0, done.stderr
        for path in (self.path, self.database):
            self.files.migrate(path)
        done = self.run(tool.command)
        sys.stdout.write(f"{done}\n")
        return self.verdict(done, had=bool(tool.before))

    def verdict(self, done: subprocess.CompletedProcess[bytes], *, had: bool) -> str:
        """What the program found."""
        if done.returncode != 0:
            return tools.REFUSED
        copy = self.out / "scan.dat"
        if copy.exists():
            return self._copied(copy, had)
        said = done.stdout.decode().split()[0]
        return {
            **dict.fromkeys(digests(self.content), tools.CONTENT),
            **dict.fromkeys(digests(bytes(SIZE)), tools.ZEROS),
            str(SIZE): tools.FULL,
            **dict.fromkeys(["0", "1", "2", "4", "8"], tools.ROOM),
            "scan.dat": tools.TIME,
            "the": tools.CONTENT,
        }.get(said, said)

    def _copied(self, copy: Path, had: bool) -> str:
        marker = markers.read(copy)  # first: with a gate, reading brings content back
        marked = marker is not None and marker.away
        unread = self.path.exists() and state(self.path) == "migrated"
        if marked and (not self.path.exists() or self.path.samefile(copy)):
            return tools.STUB
        found = copy.read_bytes()
        if had and unread and found == self.content:
            return tools.MARKED if marked else tools.KEPT
        if marked:
            return tools.CLONE
        if found == self.content:
            return tools.CONTENT
        assert found == bytes(SIZE)
        return tools.ZEROS


def digests(content: bytes) -> list[str]:
    return [hashlib.new(name, content).hexdigest() for name in ("md5", "sha256")]


TRIED = [(kind, tool) for tool in TOOLS for kind in (KINDS[:1] if tool.once else KINDS)]


def named(value: str | Tool) -> str:
    return value if isinstance(value, str) else value.name


@pytest.mark.slow
@pytest.mark.parametrize(("disk", "tool"), TRIED, ids=named, indirect=["disk"])
def test_without_a_gate(files: Files, tool: Tool, disk: Disk) -> None:
    bench = Bench(files)
    assert bench.tried(tool) == tool.found
    if bench.path.exists():
        assert (state(bench.path), bench.path.stat().st_mtime_ns) == ("migrated", MTIME)


class Behind(Files):
    """Files whose mover asks the gate to open them."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.root / uuid4().hex, site.target)
        self._site = site

    def migrate(self, path: Path, **how: Any) -> Outcome:
        return self._site.migrate(path, **how)


@pytest.fixture(scope="module")
def _sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Site]]:
    """A gate for each kind that is asked for, whatever the order of the tests."""
    with ExitStack() as stack:
        yield cache(
            lambda kind: stack.enter_context(made(tmp_path_factory.mktemp(kind), kind)).start()
        )


@pytest.fixture
def gated(request: pytest.FixtureRequest, _sites: Callable[[str], Site]) -> Site:
    return _sites(request.param)


@pytest.mark.slow
@pytest.mark.parametrize(("gated", "tool"), TRIED, ids=named, indirect=["gated"])
def test_with_the_gate(gated: Site, tool: Tool) -> None:
    bench = Bench(Behind(gated))
    assert bench.tried(tool) == tool.gated
    if bench.path.exists():
        assert bench.path.read_bytes() == bench.content
        assert bench.path.stat().st_mtime_ns == MTIME


def test_the_documentation_has_this_table() -> None:
    assert tools.table() in TABLE.read_text()
