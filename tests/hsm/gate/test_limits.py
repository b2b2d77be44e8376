"""An administrator says who brings what back and how long anybody waits; the gate that runs is told
so."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lagan.hsm.errors import Unsupported
from tests.hsm.gate.conftest import LAGAN, Site, await_that, read_error


@pytest.fixture(scope="module")
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(8)


def lagan(site: Site, *words: str) -> str:
    command = [LAGAN, "recalld", *words, "--config", str(site.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_denied_program_is_told_to_try_again_and_another_reads(
    gated: Site, tmp_path: Path
) -> None:
    path, content = gated.migrated("denied.dat")
    indexer = shutil.copy("/bin/cat", tmp_path / "indexer")
    gated.reload(rules="deny = indexer")
    denied = subprocess.run([indexer, str(path)], capture_output=True, check=False, timeout=30)
    assert b"Resource temporarily unavailable" in denied.stderr
    assert gated.state(path) == "migrated"
    read = subprocess.run(["cat", str(path)], capture_output=True, check=True, timeout=30)
    assert read.stdout == content
    here = subprocess.run([indexer, str(path)], capture_output=True, check=True, timeout=30)
    assert here.stdout == content, "what is here it may read"


def test_nobody_waits_longer_than_the_timeout_and_the_next_reader_gets_it(gated: Site) -> None:
    path, content = gated.migrated("late.dat")
    gated.reload("timeout = 0.2\ntimeout_error = EBUSY")
    with gated.held(path):
        assert read_error(path) == errno.EBUSY
    gated.reload()
    assert path.read_bytes() == content


def test_frozen_nothing_comes_back_until_thawed(gated: Site) -> None:
    path, content = gated.migrated("frozen.dat")
    gated.reload()
    lagan(gated, "freeze")
    assert read_error(path) == errno.EAGAIN
    assert "frozen" in lagan(gated, "status")
    lagan(gated, "thaw")
    assert path.read_bytes() == content


def test_limits_at_once_and_by_the_hour_hold(gated: Site, pool: ThreadPoolExecutor) -> None:
    first, content = gated.migrated("first.dat")
    second, others = gated.migrated("second.dat")
    gated.reload(rules="user_at_once = 1\nrefusal = EBUSY")
    with gated.held(first):
        reading = pool.submit(first.read_bytes)
        await_that(lambda: gated.status()["recalls"] == 1)
        assert read_error(second) == errno.EBUSY
    assert reading.result(20) == content
    gated.reload(rules="bytes_per_hour = 1")
    assert read_error(second) == errno.EAGAIN, "the first one spent them"
    gated.reload()
    assert second.read_bytes() == others


def test_odd_settings_leave_those_that_hold(gated: Site) -> None:
    path, _ = gated.migrated("odd-settings.dat")
    gated.reload(rules=f"deny = {Path(sys.executable).resolve()}")
    assert gated.gate is not None
    gated.configure(rules="deny_users = nobody-of-that-name")
    gated.gate.send_signal(1)
    await_that(lambda: "deny_users names" in gated.log())
    assert read_error(path) == errno.EAGAIN
    gated.reload()
    assert read_error(path) is None


def test_a_gate_with_odd_settings_does_not_start(gated: Site, tmp_path: Path) -> None:
    config = tmp_path / "odd.conf"
    config.write_text("[rules]\nrefusal = NONE\n")
    command = [LAGAN, "recalld", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "refusal" in done.stderr) == (2, True)


def test_two_gates_do_not_serve_one_door(gated: Site) -> None:
    command = [LAGAN, "recalld", "--config", str(gated.config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "Another gate" in done.stderr) == (6, True)
    assert gated.gate_answers()


def test_status_shows_what_waits(gated: Site, pool: ThreadPoolExecutor) -> None:
    path, _ = gated.migrated(os.fsdecode(b"\xffshown.dat"))
    with gated.held(path):
        reading = pool.submit(path.read_bytes)
        await_that(lambda: gated.status()["waiting"] == 1)
        command = [LAGAN, "recalld", "status", "--config", str(gated.config)]
        shown = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        assert b"1 wait for 1 files, 64.0 KiB" in shown
        assert os.fsencode(path) in shown
    reading.result(20)


def test_where_a_gate_is_required_nothing_is_let_go_without_one(site: Site) -> None:
    text = site.worker.read_text().replace("[settings]\n", "[settings]\nrecall_gate = required\n")
    site.worker.write_text(text)
    path = site.make()
    with pytest.raises(Unsupported, match="recall_gate"):
        site.migrate(path)
    assert site.state(path) == "unmanaged"
