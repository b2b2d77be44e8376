"""A node's process from its first line to its last: options, PID file, port, signals.

Source: reference/ngas-http.md section 1.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lagan.hub.doors.node.config.loading import judge, read, start_of, unknown
from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.kit.errors import Conflict, LaganError, NotFound
from lagan.kit.stopping import await_event, on_signals

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says, beside the configuration file. `verbosity` 0 is silence, 5
    everything; None for the log's settings means as configured."""

    autoonline: bool = False
    force: bool = False
    paths: tuple[Path, ...] = ()
    verbosity: int = 3
    log_file: str | None = None
    log_level: int | None = None
    syslog: bool | None = None
    syslog_prefix: str | None = None
    noautoexit: bool = False
    datamover: bool = False
    certificate: Path | None = None
    stored_config: str | None = None
    """A configuration in the database that takes the place of the file's."""


class AlreadyRunning(Conflict):
    """There is a PID file of this node."""

    code = "already-running"


def run(file: Path, options: Options) -> None:
    """Serve until EXIT or a signal. Every refusal is a LaganError, before the port is open."""
    tree = read(file)
    first = start_of(tree, str(file)) if options.stored_config else judge(tree, str(file))
    for path in options.paths:
        if not path.is_dir():
            raise NotFound(f"-path: there is no folder {path}.")
    from lagan.hub.doors.node.process import start

    start.set_up(first)
    start.migrate()
    from lagan.hub.doors.node.node import ArchiveNode
    from lagan.hub.doors.node.process.configuration import effective
    from lagan.hub.doors.node.volumes import importing

    importing.take_over(first)
    tree, config = effective(file, options)
    node = ArchiveNode(config, file, options, tree)
    with PidFile(node.root, node.host_id, force=options.force):
        _serve(node, options)


class PidFile:
    """`<root>/.<host>:<port>.pid`; gone after a clean end."""

    def __init__(self, root: Path, host_id: str, *, force: bool) -> None:
        self._path = root / f".{host_id}.pid"
        self._force = force

    def __enter__(self) -> PidFile:
        """AlreadyRunning when there is one, unless forced."""
        if self._path.exists() and not self._force:
            raise AlreadyRunning(
                f"NGAMS_ER_MULT_INST: the PID file {self._path} says that this node is running; "
                "-force starts it all the same.",
                file=str(self._path),
            )
        self._path.write_text(str(os.getpid()))
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)


def _serve(node: Any, options: Options) -> None:
    from lagan.hub.doors.node.process.logs import open_logs
    from lagan.hub.doors.node.wire.server import NodeServer

    open_logs(node)
    for passed in unknown(node.file.read_bytes()):
        _log.warning("%s; it is passed over.", passed)
    config: NodeConfig = node.config
    server = NodeServer(
        (config.server.address or "0.0.0.0", config.server.port),  # noqa: S104 - as configured
        node.handle,
        most=config.server.max_requests,
        timeout=config.server.timeout,
        failed=node.failed,
        tls=_tls(options.certificate),
    )
    on_signals(node.ended.set)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="port", daemon=True)
    thread.start()
    try:
        if options.autoonline:
            _go_online(node, options)
        await_event(node.ended)
    finally:
        server.shutdown()
        server.server_close()
        node.close()
        node.logs.close()


def _go_online(node: Any, options: Options) -> None:
    try:
        with node.turning:
            node.go_online()
    except LaganError as error:
        if not options.noautoexit:
            raise
        _log.error("The node stays OFFLINE: %s", error.sentence)


def _tls(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise NotFound(f"-cert: {certificate} is no certificate with its key: {error}.") from None
    return context
