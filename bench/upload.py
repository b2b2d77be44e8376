"""P1: one large file, and four at once, sent with curl until they are hashed and on the disk.

`python -m bench.upload --memory "12 GiB"` prints what the hub's processes held at most while
one file of that size came in.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from bench import peers
from bench.hub import OWNER, Served, serving
from bench.peers import Peer
from bench.result import Result, interleaved
from bench.transfer import BLOCK, Connection, make_noise, request, timed, upload
from lagan.kit.sizes import parse_size

NUMBER, TITLE = "P1", "upload"
SIZE = 1 << 30  # bytes at scale 1, in one file or in four
MEMORY = 4 << 30  # bytes at scale 1 of the file that the memory is looked at with
GOALS = {"nginx, openssl dgst, sync": 1.2, "rclone serve s3": 2.5, "SeaweedFS": 3.0}
DAV = """\
        location / {
            root {root};
            dav_methods PUT DELETE;
            create_full_put_path on;
        }
"""
_numbers = count()


def run(scale: float) -> list[Result]:
    """Each ratio is the peer's time over ours."""
    size, rounds = int(SIZE * scale), 3 if scale >= 1 else 5
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hub = stack.enter_context(serving(folder / "hub"))
        ours = our_sender(hub)
        senders = {
            "nginx, openssl dgst, sync": by_hand(
                stack.enter_context(peers.nginx(folder / "nginx", DAV))
            ),
            "rclone serve s3": plainly(stack.enter_context(peers.rclone(folder / "rclone"))),
            "SeaweedFS": plainly(stack.enter_context(peers.seaweedfs(folder / "weed"))),
        }
        results = []
        for files in (1, 4):
            sources = [make_noise(folder / f"{n}.bin", size // files) for n in range(files)]
            results += measure([ours, *senders.values()], sources, rounds)
        hub.drop_objects()
        return [*results, flat_memory(hub, int(MEMORY * scale))]


Sender = Callable[[Path], None]


def measure(senders: list[Sender], sources: list[Path], rounds: int) -> list[Result]:
    def contender(sender: Sender) -> Callable[[], float]:
        def once() -> float:
            return timed(*[lambda source=source: sender(source) for source in sources])

        return once

    for sender in senders:  # folders are made, connections to the database opened
        sender(sources[0])
    ours, *theirs = interleaved(rounds, *map(contender, senders))
    size = sum(source.stat().st_size for source in sources)
    what = "one file" if len(sources) == 1 else f"{len(sources)} files at once"
    return [
        Result(
            what=f"{what}, against {name}",
            ratio=time / ours,
            ours=f"{size / ours / 1e6:.0f} MB/s",
            peer=f"{size / time / 1e6:.0f} MB/s",
            goal=goal,
            notes=f"{size >> 20} MiB in all, medians of {rounds}",
            figures={"ours": ours, "peer": time, "bytes": size},
            cost=ours,
        )
        for (name, goal), time in zip(GOALS.items(), theirs, strict=True)
    ]


def our_sender(hub: Served) -> Sender:
    """PUT to a hub, which answers when file, folder, journal and catalogue are on the disk."""
    dataset, who = hub.dataset("uploads", owner=OWNER), hub.authorization()

    def send(source: Path) -> None:
        upload(source, hub.put_url(dataset, f"{next(_numbers)}.bin"), who)

    return send


def by_hand(peer: Peer) -> Sender:
    """PUT to a plain server, then hash the file and see it to the disk."""

    def send(source: Path) -> None:
        name = f"{next(_numbers)}.bin"
        upload(source, f"{peer.url}/{name}")
        there = peer.root / name
        subprocess.run(
            ["openssl", "dgst", "-sha256", str(there)], check=True, stdout=subprocess.DEVNULL
        )
        subprocess.run(["sync", str(there), str(peer.root)], check=True)

    return send


def plainly(peer: Peer) -> Sender:
    """PUT to a server that answers when it likes."""
    return lambda source: upload(source, f"{peer.url}/{next(_numbers)}.bin")


def flat_memory(hub: Served, size: int) -> Result:
    """What the hub's processes held before, and after one file of `size` bytes."""
    before = hub.memory()
    send_large(hub, size)
    after = hub.memory()
    return Result(
        what="memory of one large file",
        ratio=before / after,
        ours=f"{after / 1e6:.0f} MB at most",
        peer=f"{before / 1e6:.0f} MB before",
        goal=0.9,
        notes=f"a file of {size >> 20} MiB; the most each process ever held, all added",
        figures={"before": before, "after": after, "bytes": size},
        cost=after,
    )


def send_large(hub: Served, size: int) -> None:
    """Send without having the bytes anywhere; they are removed again."""
    url = hub.put_url(hub.dataset("uploads", owner=OWNER), f"{next(_numbers)}.bin")
    piece = os.urandom(BLOCK)
    connection = Connection(url)
    head = request("PUT", url, hub.authorization(), f"Content-Length: {size // BLOCK * BLOCK}")
    status, _ = connection.ask(head, (piece for _ in range(size // BLOCK)))
    assert status == 201, status
    connection.close()
    hub.drop_objects()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", type=parse_size, default=parse_size("12 GiB"))
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "hub") as hub:
        send_large(hub, 64 << 20)
        print(flat_memory(hub, wanted.memory))


if __name__ == "__main__":
    main()
