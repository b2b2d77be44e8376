"""A hub that only serves: its database and volumes made by `lagan up`, then `lagan serve` alone.

Without the workers that copy and check what arrived, which on a machine of two cores would be
measured with it; the peers do neither.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from lagan.hub.ops.stack import answers
from tests.services.hub import LAGAN, Hub
from tests.services.process import free_port

START_LIMIT = 30.0  # seconds
OWNER = "alice"


class Served(Hub):
    """Use `serving`."""

    def serve(self, **settings: str) -> None:
        """Serve, with these settings besides, until `stop`."""
        port = free_port()
        environment = {**self.environment, "LAGAN_DATA": str(self.data), **settings}
        with (self.folder / "serve.log").open("a") as log:
            self.process = subprocess.Popen(
                [str(LAGAN), "serve", "--port", str(port)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_LIMIT
        while not answers("127.0.0.1", port):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit((self.folder / "serve.log").read_text())
            time.sleep(0.05)
        self.url = f"http://127.0.0.1:{port}"

    def put_url(self, dataset: int, path: str) -> str:
        return f"{self.url}/api/datasets/{dataset}/content/{path}"

    def authorization(self) -> str:
        """A header line of the owner's, good for as long as the hub lives."""
        return f"Authorization: Api-Key {self.key(OWNER)}"

    def memory(self) -> int:
        """The most that each of its processes ever held, in bytes, all together."""
        assert self.process is not None
        first = psutil.Process(self.process.pid)
        return sum(map(_peak, [first, *first.children(recursive=True)]))

    def drop_objects(self) -> None:
        """Give the room on the disk back; the catalogue, which nobody asks again, stays."""
        root = self.data / "volumes" / "main"
        for name in self.objects():
            (root / name).unlink()


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """A hub in `folder` with the dataset owner OWNER, for the length of a `with` block."""
    folder.mkdir(exist_ok=True)
    hub = Served(folder)
    hub.start()
    hub.stop()
    hub.serve(**settings)
    try:
        yield hub
    finally:
        hub.stop()


def _peak(process: psutil.Process) -> int:
    """VmHWM of proc_pid_status(5), in bytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (line,) = [each for each in lines if each.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
