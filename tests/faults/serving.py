"""`lagan serve` with one process and one thread for each kind of work, so that the calls of one run
are those of every run, and each thread can be found by its name.

`python -m tests.faults.serving PORT` starts what `lagan up` starts before its pages answer, then
the web server. The code is the hub's own; only its pool of threads is smaller.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from lagan.hub.ops import web_server
from lagan.hub.ops.leash import end_with_parent

DATA_PATH, WRITER = "data-path_0", "writer"
"""The threads in which the upload path makes its calls; others flush the files of one group."""

_PR_SET_NAME = 15
_PR_SET_PTRACER, _ANYBODY = 0x59616D61, ctypes.c_ulong(-1)


def name_threads(own: bytes = b"") -> None:
    """Threads that are started from now on, and with `own` this one, are named for the kernel; a
    tracer may look at them."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
    if own:
        prctl(_PR_SET_NAME, own, 0, 0, 0)
    run = threading.Thread.run

    def named(self: threading.Thread) -> None:
        prctl(_PR_SET_NAME, self.name[:15].encode(), 0, 0, 0)
        run(self)

    threading.Thread.run = named  # type: ignore[method-assign]


def load_application() -> web_server.Application:
    """The hub's application, with such threads."""
    name_threads()
    end_with_parent(signal.SIGKILL, parent=web_server._server)
    from lagan.hub import asgi
    from lagan.hub.base import raw

    raw._POOL = ThreadPoolExecutor(1, "data-path")
    application: web_server.Application = asgi.application
    return application


def main(port: int) -> None:
    end_with_parent(signal.SIGKILL)
    from django.db import connections

    from lagan.cli.up import prepare
    from lagan.hub.ops.settings import use_settings

    prepare(use_settings())
    connections.close_all()
    web_server.LEAST_WORKERS = 1
    web_server.serve(host="127.0.0.1", port=port, workers=1, load=load_application)


if __name__ == "__main__":
    main(int(sys.argv[1]))
