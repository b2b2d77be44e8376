"""P6: checking stored bytes, against a raw O_DIRECT read of them and against SHA-256 on all cores.

`python -m bench.scrub [--size "1 GiB"] [--folder DIR] [--rounds 3]` prints JSON: GB/s
(medians), the two ratios of P6, what stayed in the page cache, and the same at a tenth of the size.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import mmap
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.result import Result
from lagan.kit.digests import Digests
from lagan.kit.sizes import parse_size
from lagan.store import Volume, open_volume, verify
from lagan.store.verify import Depth

NUMBER, TITLE = "P6", "checking stored bytes"
SIZE = 4 << 30  # bytes at scale 1
CORES = os.cpu_count() or 1
BLOCK = 4 << 20
OBJECTS = 4 * CORES
"""So many that every core has several."""


@dataclass(frozen=True)
class Stored:
    """One object of the benchmark."""

    volume: Volume
    name: str
    digests: Digests

    @property
    def path(self) -> Path:
        path = self.volume.local_path(self.name)
        if path is None:
            raise SystemExit("the benchmark needs a folder")
        return path


def store(folder: Path, size: int) -> list[Stored]:
    """Fill a fresh volume with `size` bytes of noise and forget them."""
    volume = open_volume(str(folder))
    noise = os.urandom(BLOCK)
    stored = []
    for number in range(OBJECTS):
        incoming = volume.receive(f"bench-{number}")
        left = size // OBJECTS
        while left > 0:
            incoming.write([noise[: min(left, BLOCK)]])
            left -= BLOCK
        volume.publish([(incoming, f"{number}.bin")])
        stored.append(Stored(volume, f"{number}.bin", incoming.digests()))
    return stored


def forget(objects: Sequence[Stored]) -> None:
    for each in objects:
        with each.path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cached(objects: Sequence[Stored]) -> int:
    """Bytes of the objects in the page cache."""
    libc, total = ctypes.CDLL(None), 0
    for each in objects:
        size = each.path.stat().st_size
        seen = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
        with each.path.open("rb") as file, mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE) as view:
            address = ctypes.addressof(ctypes.c_char.from_buffer(view))
            libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), seen)
        total += sum(page & 1 for page in seen) * mmap.PAGESIZE
    return total


def read_raw(objects: Sequence[Stored]) -> None:
    """The disk's own limit: O_DIRECT, 4 MiB at a time, nothing done with it."""
    buffer = mmap.mmap(-1, BLOCK)
    for each in objects:
        descriptor = os.open(each.path, os.O_RDONLY | os.O_DIRECT)
        offset = 0
        while count := os.preadv(descriptor, [buffer], offset):
            offset += count
        os.close(descriptor)


def hash_memory(objects: Sequence[Stored]) -> None:
    """The processor's own limit: SHA-256 of as many bytes in memory, on all cores."""
    noise = os.urandom(BLOCK)

    def hash_one(stored: Stored) -> None:
        digest = hashlib.sha256()
        for _ in range(stored.digests.size // BLOCK):
            digest.update(noise)

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(hash_one, objects))


def scrub(objects: Sequence[Stored], depth: Depth) -> None:
    def look(stored: Stored) -> None:
        digests = stored.digests
        found = verify(stored.volume, stored.name, 0, digests.size, digests, depth=depth)
        if not found.good:
            raise SystemExit(f"{stored.name}: {found}")

    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(look, objects))


WORK: dict[str, Callable[[Sequence[Stored]], None]] = {
    "raw O_DIRECT read": read_raw,
    "SHA-256 on all cores": hash_memory,
    "routine check (CRC-32C)": lambda objects: scrub(objects, "crc"),
    "full check (SHA-256)": lambda objects: scrub(objects, "full"),
}


def measure(objects: Sequence[Stored], rounds: int) -> dict[str, object]:
    """Interleaved rounds, everything cold."""
    size = sum(each.digests.size for each in objects)
    rates: dict[str, list[float]] = {name: [] for name in WORK}
    left = 0
    for _ in range(rounds):
        for name, act in WORK.items():
            forget(objects)
            start = time.perf_counter()
            act(objects)
            rates[name].append(size / (time.perf_counter() - start) / 1e9)
            left = max(left, cached(objects))
    median = {name: round(statistics.median(values), 3) for name, values in rates.items()}
    raw, sha, crc, full = median.values()
    return {
        "bytes": size,
        "GB/s": median,
        "routine / raw read": round(crc / raw, 2),
        "full / SHA-256 on all cores": round(full / sha, 2),
        "full / slower of the two": round(full / min(raw, sha), 2),
        "left in page cache, bytes": left,
    }


def run(scale: float) -> Result:
    """The lesser of the routine check against the raw read and the full one against SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure(store(Path(folder), int(SIZE * scale)), 3)
    rates: Any = found["GB/s"]
    raw, sha, crc, full = rates.values()
    return Result(
        ratio=min(crc / raw, full / sha),
        ours=f"routine {crc:.2f} GB/s, full {full:.2f} GB/s",
        peer=f"raw read {raw:.2f} GB/s, SHA-256 on all cores {sha:.2f} GB/s",
        goal=0.9,
        notes=f"left in the page cache: {found['left in page cache, bytes']} bytes",
        cost=scale / full,
        figures={"raw": raw, "sha256": sha, "routine": crc, "full": full},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=parse_size, default=parse_size("1 GiB"))
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    results = []
    for size in (wanted.size // 10, wanted.size):
        with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
            results.append(measure(store(Path(folder), size), wanted.rounds))
    json.dump({"benchmark": "P6", "cores": CORES, "results": results}, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
