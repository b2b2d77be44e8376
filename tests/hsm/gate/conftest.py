"""A filesystem of its own with a gate that serves it, as `lagan recalld` does: as root."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from lagan.hsm.errors import Busy, Changed
from lagan.hsm.gate.asked import ask
from lagan.hsm.gate.holds import Holds
from lagan.hsm.migrating import Outcome, migrate
from lagan.hsm.recalling import recall
from lagan.hsm.states import state_of
from lagan.hsm.target import Target
from lagan.kit.errors import Unavailable
from lagan.store import open_volume
from lagan.worker.place import serving
from lagan.worker.settings import read_settings
from lagan.worker.site import paths
from lagan.worker.site.tiering import look

READ_AGAIN = "The settings were read again."
LAGAN = str(Path(sys.executable).with_name("lagan"))


def await_that(true: Callable[[], object], seconds: float = 100.0) -> None:
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
        self.target = Target("bucket", open_volume(str(self.bucket)))

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

    def reload(self, settings: str = "", rules: str = "") -> None:
        """New settings for the gate that runs."""
        assert self.gate is not None
        self.configure(settings, rules)
        before = self.log().count(READ_AGAIN)
        self.gate.send_signal(signal.SIGHUP)
        await_that(lambda: self.log().count(READ_AGAIN) > before)

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
        """The process that brings content back, as soon as there is one."""
        found: list[int] = []

        def there() -> bool:
            found[:] = self._children()
            return bool(found)

        await_that(there)
        return found[0]

    def _children(self) -> list[int]:
        assert self.gate is not None
        children: list[str] = []
        for task in Path(f"/proc/{self.gate.pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # its thread ended meanwhile
                children += (task / "children").read_text().split()
        return [int(each) for each in children]

    def stop(self) -> None:
        if self.gate is not None:
            self.gate.send_signal(signal.SIGTERM)
            try:
                self.gate.wait(60)
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

    def migrated(
        self, name: str = "scan.dat", content: bytes | None = None, *, stub_size: int = 0
    ) -> tuple[Path, bytes]:
        """A file that is away, and its content."""
        path = self.make(name, content)
        was = path.read_bytes()
        assert self.migrate(path, stub_size=stub_size).state == "migrated"
        return path, was

    @contextmanager
    def held(self, path: Path) -> Iterator[None]:
        """Recalls of the file wait until the end of the block."""
        found = path.stat()
        taken = Holds(self.door.parent / "holds").take(found.st_dev, found.st_ino)
        assert taken is not None
        try:
            yield
        finally:
            os.close(taken)

    @contextmanager
    def opened(self, path: Path) -> Iterator[int]:
        """As a worker beside the gate opens what it moves."""
        with serving(read_settings(self.worker).place()):
            spot = paths.locate(str(path))
            with paths.open_quietly(spot, os.O_RDWR, letting_go=True) as descriptor:
                yield descriptor

    def migrate(self, path: Path, **how: Any) -> Outcome:
        relative = str(path.relative_to(self.root))
        with self.opened(path) as descriptor:
            return migrate(descriptor, relative, self.target, origin=str(path), **how)

    def migrate_soon(self, path: Path) -> bool:
        """Whether it could be migrated just now."""
        try:
            return not self.migrate(path).already
        except (Busy, Changed):
            return False

    def recall(self, path: Path) -> Outcome:
        with self.opened(path) as descriptor:
            return recall(descriptor, self.target)

    def look(self, path: Path) -> str:
        """As a job that asks for the state does it."""
        with serving(read_settings(self.worker).place()):
            return look(str(path))

    def state(self, path: Path) -> str:
        return state_of(path, path.stat())


def read_error(path: Path) -> int | None:
    """What a reader is told, None when it is the content."""
    try:
        path.read_bytes()
    except OSError as error:
        return error.errno
    return None


def run(program: str, *words: str) -> None:
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})  # fmt: skip
    assert done.returncode == 0, f"{program} (as root): {done.stderr}"


@contextmanager
def made(folder: Path, kind: str = "ext4") -> Iterator[Site]:
    site = Site(folder, kind)
    try:
        yield site
    finally:
        site.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Its gate is not started yet."""
    with made(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a gate as it is without settings, for the tests of a module together."""
    with made(tmp_path_factory.mktemp("gated")) as site:
        yield site.start()
