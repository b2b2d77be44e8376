"""What was written into a stub while no gate ran is settled beside a gate, which sees it cut."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest

from tests.hsm.gate.conftest import LAGAN, Site, read_error

SIZE = 65_536


@pytest.mark.parametrize("size", [10, SIZE, SIZE * 2])
def test_what_is_at_the_target_counts(site: Site, size: int) -> None:
    path, content = site.migrated("torn.dat", os.urandom(SIZE))
    with path.open("r+b") as stub:
        stub.write(b"written while no gate ran")
        stub.truncate(size)
    site.start()
    assert read_error(path) == errno.EIO
    words = [LAGAN, "hsm", "settle", "--keep", "there", str(path), "--config", str(site.worker)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert site.state(path) == "migrated"
    assert path.read_bytes() == content
