"""P12: judging a deposited bag straight from its zip, beside unpacking it and the package
bagit with as many processes.

Both find the bag valid. Ours also takes the SHA-256 of the complete zip, holds every header of it
against its directory, and writes nothing to a disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.result import Result, interleaved
from lagan.bag import make_bag
from lagan.kit.sizes import GIB, KIB, MIB

NUMBER, TITLE = "P12", "judging a deposited bag"
FILES, SIZE = 10_000, 64 * KIB  # at scale 1
LARGE = 4 * GIB  # the other bag's one file
PROCESSES = os.cpu_count() or 1
ALGORITHMS = ("sha256", "sha512")  # what the package bagit takes by default
_JUDGE = """
import resource, sys
from pathlib import Path
from lagan.bag import judge
verdict = judge(Path(sys.argv[1]))
assert verdict.valid, verdict.errors[:3]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def run(scale: float) -> list[Result]:
    """Ratios of seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = round(FILES * scale)
        many = make_bag(
            ((f"{n % 100:02}/{n:06}.dat", lambda n=n: [_noise(n, SIZE)]) for n in range(files)),  # type: ignore[misc]
            folder / "many.zip", algorithms=ALGORITHMS,
        ).path  # fmt: skip
        first = _compare(many, f"{files} files of {SIZE // KIB} KiB", 3, f"{FILES} files")
        many.unlink()
        size = round(LARGE * scale)
        one = make_bag(
            [("large", lambda: _pieces(size))], folder / "one.zip", algorithms=ALGORITHMS
        )
        return [first, _compare(one.path, f"one file of {size / GIB:.1f} GiB", 3, "one file")]


def _noise(seed: int, size: int) -> bytes:
    return (os.urandom(64) + seed.to_bytes(8, "big")) * (size // 72) + bytes(size % 72)


def _pieces(size: int) -> list[bytes]:
    block = os.urandom(MIB)
    return [block] * (size // MIB) + [block[: size % MIB]]


def _compare(archive: Path, what: str, rounds: int, name: str) -> Result:
    peaks: list[int] = []
    ours, peer = interleaved(
        rounds, lambda: _judged(archive, peaks), lambda: _unpacked_and_validated(archive)
    )
    peak = max(peaks)
    return Result(
        what=name,
        ratio=peer / ours,
        ours=f"{ours:.2f} s",
        peer=f"{peer:.2f} s",
        goal=1.5,
        notes=f"{what}, stored; {', '.join(ALGORITHMS)}; medians of {rounds}; unzip and bagit with"
        f" {PROCESSES} processes; our memory {peak} MiB at most",
        figures={"ours": ours, "peer": peer, "memory": peak},
        cost=ours,
    )


def _judged(archive: Path, peaks: list[int]) -> float:
    """Seconds of a fresh process, start of Python included."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _JUDGE, archive], capture_output=True, text=True, check=True
    )
    taken = time.perf_counter() - began
    peaks.append(int(done.stdout) // 1024)
    return taken


def _unpacked_and_validated(archive: Path) -> float:
    """The same for `unzip` and `bagit.py --validate`."""
    target = archive.parent / "unpacked"
    validate = [sys.executable, "-m", "bagit", "--quiet", "--processes", str(PROCESSES)]
    began = time.perf_counter()
    subprocess.run(["unzip", "-q", archive, "-d", target], check=True)
    subprocess.run([*validate, "--validate", target], check=True)
    taken = time.perf_counter() - began
    shutil.rmtree(target)
    return taken
