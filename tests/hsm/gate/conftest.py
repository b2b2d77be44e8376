"""A filesystem of its own with a gate that serves it, as `lagan recalld` does: as root."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm.gate.asked import ask
from lagan.hsm.states import state_of
from lagan.kit.errors import Unavailable

LAGAN = str(Path(sys.executable).with_name("lagan"))


def await_that(true: Callable[[], object], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.01)


class Site:
    """A root on a filesystem of its own, a target beside it, a gate with settings in between."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self.disk, self.bucket = folder / "disk", folder / "bucket"
        for each in (self.disk, self.bucket):
            each.mkdir()
        self.root = self.disk / "root"
        self.config, self.worker = folder / "recalld.conf", folder / "worker.conf"
        self.door = folder / "run" / "door"
        self.gate: subprocess.Popen[bytes] | None = None
        self.mount()

    def mount(self) -> None:
        if self.kind == "tmpfs":
            run("mount", "-t", "tmpfs", "none", str(self.disk))
        else:
            image = self.folder / "image"
            with image.open("wb") as file:
                file.truncate(512 << 20 if self.kind == "xfs" else 256 << 20)
            run(f"mkfs.{self.kind}", "-q", str(image))
            run("mount", "-o", "loop", str(image), str(self.disk))
        self.root.mkdir()
        self.worker.write_text(
            f"[settings]\nroots = {self.root}\nrecall_door = {self.door}\n"
            f"[target bucket]\nlocation = posix:{self.bucket}\n"
        )

    def configure(self, settings: str = "", rules: str = "", hub: str = "") -> None:
        self.config.write_text(
            f"[settings]\nworker = {self.worker}\ndoor = {self.door}\n"
            f"state = {self.folder / 'state'}\n{settings}\n[rules]\n{rules}\n"
            + (f"[hub]\n{hub}\n" if hub else "")
        )

    def start(self, settings: str = "", rules: str = "", hub: str = "") -> Site:
        self.configure(settings, rules, hub)
        with (self.folder / "gate.log").open("ab") as log:
            words = [LAGAN, "recalld", "--config", str(self.config)]
            self.gate = subprocess.Popen(words, stdout=log, stderr=log)
        await_that(lambda: self.gate_answers() or self.gate_ended())
        assert not self.gate_ended(), self.log()
        return self

    def gate_answers(self) -> bool:
        try:
            return ask(self.door, {"verb": "status"}) is not None
        except Unavailable:
            return False

    def gate_ended(self) -> bool:
        return self.gate is None or self.gate.poll() is not None

    def log(self) -> str:
        return (self.folder / "gate.log").read_text()

    def status(self) -> dict[str, Any]:
        answer = ask(self.door, {"verb": "status"})
        assert answer is not None
        return answer

    def mover(self) -> int:
        """The process that brings content back."""
        assert self.gate is not None
        children = Path(f"/proc/{self.gate.pid}/task/{self.gate.pid}/children").read_text().split()
        tasks = Path(f"/proc/{self.gate.pid}/task").iterdir()
        children += [word for task in tasks for word in (task / "children").read_text().split()]
        return int(children[0])

    def stop(self) -> None:
        if self.gate is not None:
            self.gate.send_signal(signal.SIGTERM)
            try:
                self.gate.wait(20)
            except subprocess.TimeoutExpired:
                self.gate.kill()
                self.gate.wait()
            self.gate = None

    def close(self) -> None:
        self.stop()
        run("umount", "-l", str(self.disk))

    def make(self, name: str = "scan.dat", content: bytes | None = None, size: int = 65536) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size) if content is None else content)
        return path

    def migrated(self, name: str = "scan.dat", content: bytes | None = None) -> tuple[Path, bytes]:
        """A file that is away, and its content."""
        path = self.make(name, content)
        was = path.read_bytes()
        self.hsm("migrate", path)
        assert self.state(path) == "migrated"
        return path, was

    def hsm(self, verb: str, *paths: Path, code: int = 0) -> list[dict[str, Any]]:
        words = [LAGAN, "hsm", verb, "--json", "--config", str(self.worker)]
        done = subprocess.run(
            [*words, *map(os.fsencode, paths)], capture_output=True, check=False, timeout=60
        )
        assert done.returncode == code, done.stderr + done.stdout
        return [json.loads(line) for line in done.stdout.splitlines() + done.stderr.splitlines()]

    def state(self, path: Path) -> str:
        return state_of(path, path.stat())


def run(program: str, *words: str) -> None:
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})  # fmt: skip
    assert done.returncode == 0, f"{program} (as root): {done.stderr}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, "ext4")
    yield made
    made.close()
