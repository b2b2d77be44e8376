"""What the documentation says that programs see of a stub is what they see, on every filesystem."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from lagan.hsm import marker as markers
from tests.hsm.conftest import MTIME, Files, state
from tests.hsm.filesystems import tools
from tests.hsm.filesystems.tools import TOOLS, Tool
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
        marker = markers.read(copy)
        if marker is not None and marker.away:
            if had and copy.read_bytes() == self.content:
                return tools.MARKED
            here = self.path.exists() and not self.path.samefile(copy)
            return tools.CLONE if here else tools.STUB
        found = copy.read_bytes()
        if found == self.content:
            return tools.KEPT if had else tools.CONTENT
        assert found == bytes(SIZE)
        return tools.ZEROS


def digests(content: bytes) -> list[str]:
    return [hashlib.new(name, content).hexdigest() for name in ("md5", "sha256")]


def fits(tool: Tool, disk: Disk) -> bool:
    return not tool.once or disk.kind == KINDS[0]


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_without_a_gate(files: Files, tool: Tool, disk: Disk) -> None:
    if not fits(tool, disk):
        return
    bench = Bench(files)
    if tool.before:
        done = bench.run(tool.before)
        assert done.returncode == 0, done.stderr
    files.migrate(bench.path)
    files.migrate(bench.database)
    done = bench.run(tool.command)
    assert bench.verdict(done, had=bool(tool.before)) == tool.found, (done.stdout, done.stderr)
    if bench.path.exists():
        assert (state(bench.path), bench.path.stat().st_mtime_ns) == ("migrated", MTIME)


def test_the_documentation_has_this_table() -> None:
    assert tools.table() in TABLE.read_text()
