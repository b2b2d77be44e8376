"""The hub's web server: granian with the settings that the data path was measured with."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from lagan.hub.ops.leash import end_with_parent

RECEIVE_BUFFER = (
    2 << 20
)  # bytes; fewer, larger pieces: an upload costs a fifth less CPU than at 400 KiB
LEAST_WORKERS = 2  # processes; one busy page then leaves another process to the uploads
BACKPRESSURE = 512  # requests in one process at a time; more wait in the kernel's queue
STOP_SECONDS = (
    15  # given to running requests when the server ends; less than the supervisor's grace
)


_server: int | None = None
"""The process that serves, known to the workers that it forks."""

Application = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]


def load_application() -> Application:
    """The application, loaded in a worker process that ends with the server."""
    end_with_parent(signal.SIGKILL, parent=_server)
    from lagan.hub import asgi

    application: Application = asgi.application
    return application


def serve(
    *, host: str, port: int, workers: int, load: Callable[[], Application] = load_application
) -> None:
    """Serve what `load` gives in each worker process, until TERM or INT; blocks."""
    global _server
    _server = os.getpid()
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, Loops, TaskImpl
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    Granian(
        target="lagan.hub.asgi:application",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=max(LEAST_WORKERS, workers),
        loop=Loops.uvloop,
        task_impl=TaskImpl.asyncio,  # the other one holds whole uploads in memory
        http=HTTPModes.http1,
        websockets=False,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(max_buffer_size=RECEIVE_BUFFER),
        log_level=LogLevels.warn,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        process_name=None,
    ).serve(target_loader=load, wrap_loader=False)
