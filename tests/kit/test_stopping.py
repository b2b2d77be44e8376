"""A signal ends a program, whichever thread gets it and whatever the main one does just then."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, threading
from lagan.kit.stopping import await_event, on_signals
ended = threading.Event()
on_signals(ended.set)
{moment}
await_event(ended)
print("ended")
"""
OTHER_THREAD = """
def send():
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Event().wait()
threading.Thread(target=send, daemon=True).start()
"""
HOLDING_THE_LOCK = """
with ended._cond:
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000):
        pass
"""


@pytest.mark.parametrize("moment", [OTHER_THREAD, HOLDING_THE_LOCK])
def test_a_signal_ends_it(moment: str) -> None:
    words = [sys.executable, "-c", PROGRAM.format(moment=moment)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")
