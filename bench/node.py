"""P2: files into an archive node, beside a bare server of the standard library with the same
checksum and the same flushes.

Both answer when the bytes, the name, the folder and a catalogue row are on the disk (ours a journal
line besides). Large files are sent with curl, small ones on kept-alive connections.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from bench.peers import Peer
from bench.result import Result, interleaved
from bench.transfer import Connection, make_noise, timed, upload
from tests.services.node import Node
from tests.services.process import accepts, await_ready, free_port, start_process, stop_process

NUMBER, TITLE = "P2", "archive node"
SIZE = 1 << 30  # bytes at scale 1 of the large file
FILES = 1000  # at scale 1, for each number of connections
SMALL = 1024  # bytes of each
BEFORE = {1: (85.0, 2.0), 8: (76.0, 10.0)}
"""By connections: files/s of the archive server before (its own rough figures, on such cores and
without flushes), and how many times as many are the goal."""
ARCHIVING = (
    '<ArchiveHandling PathPrefix="saf" Replication="0" BackLogBuffering="0"'
    ' BackLogBufferDirectory="." CRCVariant="1" FreeSpaceDiskChangeMb="0"'
    ' MinFreeSpaceWarningMb="0"/>'
)
_numbers = count()


def run(scale: float) -> list[Result]:
    """Ratios of times for the large file, of files per second for small ones."""
    size, files, rounds = round(SIZE * scale), round(FILES * scale), 3 if scale >= 1 else 5
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        node = stack.enter_context(archive_node(folder / "node"))
        peer = stack.enter_context(bare(folder / "bare"))
        results = [large(node, peer, make_noise(folder / "large.bin", size), rounds)]
        for connections in BEFORE:
            results += small(node, peer, files, connections, rounds)
        return results


def large(node: str, peer: Peer, source: Path, rounds: int) -> Result:
    """One large file at a time."""
    ours, theirs = interleaved(
        rounds,
        lambda: timed(lambda: upload(source, address(node))),
        lambda: timed(lambda: upload(source, address(peer.url))),
    )
    size = source.stat().st_size
    return Result(
        what="one large file",
        ratio=theirs / ours,
        ours=f"{size / ours / 1e6:.0f} MB/s",
        peer=f"{size / theirs / 1e6:.0f} MB/s",
        goal=1.0,
        notes=f"{size >> 20} MiB, CRC-32C, medians of {rounds}",
        figures={"ours": ours, "peer": theirs, "bytes": size},
        cost=ours,
    )


def small(node: str, peer: Peer, files: int, connections: int, rounds: int) -> list[Result]:
    """Many small files, on some connections at once."""

    def contender(url: str) -> Callable[[], float]:
        return lambda: send_small(url, files, connections) / files

    ours, theirs = interleaved(rounds, contender(node), contender(peer.url))
    before, times = BEFORE[connections]
    said = f"{connections} connection{'s' if connections > 1 else ''}"
    figures = {"ours": ours, "peer": theirs, "files": files}
    return [
        Result(
            what=f"small files on {said}",
            ratio=theirs / ours,
            ours=f"{1 / ours:.0f} files/s",
            peer=f"{1 / theirs:.0f} files/s",
            goal=1.0,
            notes=f"{files} files of 1 KiB, medians of {rounds}",
            figures=figures,
            cost=ours * files,
        ),
        Result(
            what=f"small files on {said}, against the archive server before",
            ratio=1 / ours / before,
            ours=f"{1 / ours:.0f} files/s",
            peer=f"{before:.0f} files/s",
            goal=times,
            notes="the peer's rate was measured elsewhere, without flushes",
            figures=figures,
        ),
    ]


def send_small(url: str, files: int, connections: int) -> float:
    """Seconds until so many new files are acknowledged."""
    body = os.urandom(SMALL)

    def send(names: range) -> None:
        connection = Connection(url)
        for _ in names:
            status, _ = connection.ask(head(url, SMALL) + body)
            assert status == 200, status
        connection.close()

    os.sync()
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(send, [range(n, files, connections) for n in range(connections)]))
    return time.perf_counter() - began


def address(url: str) -> str:
    """Where the next new file goes."""
    return f"{url}/QARCHIVE?filename=file{next(_numbers)}.bin&mime_type=application/octet-stream"


def head(url: str, size: int) -> bytes:
    """The head of a request that keeps its connection."""
    host, target = address(url).removeprefix("http://").split("/", 1)
    lines = [f"POST /{target} HTTP/1.1", f"Host: {host}", f"Content-Length: {size}"]
    return "\r\n".join([*lines, "Connection: keep-alive", "", ""]).encode()


@contextmanager
def archive_node(folder: Path) -> Iterator[str]:
    """A node with one volume and a catalogue in SQLite."""
    node = Node(folder, volumes=("volume1",), elements={"ArchiveHandling": ARCHIVING})
    node.start()
    try:
        yield f"http://127.0.0.1:{node.port}"
    finally:
        node.stop()


@contextmanager
def bare(folder: Path) -> Iterator[Peer]:
    """The bare server."""
    root, port = folder / "root", free_port()
    root.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.bare", str(port), str(root)]
    here = {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = start_process(command, folder=folder, environment=here)
    try:
        await_ready(lambda: accepts(port), process=process, folder=folder)
        yield Peer(f"http://127.0.0.1:{port}", root)
    finally:
        stop_process(process.pid)
