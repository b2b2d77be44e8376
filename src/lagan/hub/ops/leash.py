"""A process on a leash ends when the process that started it does, however that one ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent(sign: signal.Signals = signal.SIGTERM, *, parent: int | None = None) -> None:
    """Ask the kernel to send `sign` to this process when the thread that forked it ends.

    Call it in the new process. `parent` is the process that made it, where that is known: it may
    have ended before this call. Elsewhere than on Linux it does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    parent = parent or os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel knew
        os.kill(os.getpid(), sign)
