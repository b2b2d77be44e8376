"""A running node: its configuration, its state, its disks, and what a client's address leads to.

Verbs: `go_online`, `go_offline`, `handle` (a request becomes an answer, always), `close`. Commands
are found in a table (`commands/`), never by a name in a request; services run while it is ONLINE.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from django.db import DataError, close_old_connections

from lagan.hub.base.actors import Actor
from lagan.hub.doors.node.archival import recovering
from lagan.hub.doors.node.background.mirroring import Mirror
from lagan.hub.doors.node.commands import plug_in_commands
from lagan.hub.doors.node.commands.table import COMMANDS, Command
from lagan.hub.doors.node.config.loading import read
from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.hub.doors.node.config.xml import Element
from lagan.hub.doors.node.files.arriving import Arrivals
from lagan.hub.doors.node.plugins import system
from lagan.hub.doors.node.plugins.loading import PlugIns
from lagan.hub.doors.node.process import configuration
from lagan.hub.doors.node.process.errands import Errands
from lagan.hub.doors.node.process.logs import Logs, open_logs
from lagan.hub.doors.node.process.mail import Mail
from lagan.hub.doors.node.process.metrics import Meters, known
from lagan.hub.doors.node.process.running import Options
from lagan.hub.doors.node.process.services import Services
from lagan.hub.doors.node.process.start import DATA, host_id, root_of
from lagan.hub.doors.node.process.state import OFFLINE, ONLINE, State
from lagan.hub.doors.node.subscriptions.dispatching import Deliveries
from lagan.hub.doors.node.volumes import disk_rows, rebuilding
from lagan.hub.doors.node.volumes.disks import Disks, volume_folders
from lagan.hub.doors.node.wire import authorization
from lagan.hub.doors.node.wire.body import Body, Cut
from lagan.hub.doors.node.wire.moments import show_utc
from lagan.hub.doors.node.wire.reply import Call, Done, Failed
from lagan.hub.doors.node.wire.request_log import noted
from lagan.hub.doors.node.wire.request_store import open_requests
from lagan.hub.doors.node.wire.requests import Request
from lagan.hub.doors.node.wire.server import Answer
from lagan.hub.doors.node.wire.status import FAILURE, basic, document
from lagan.kit.errors import LaganError

_log = logging.getLogger(__name__)

NOT_RUNNING = "NOT-RUNNING"


class ArchiveNode:
    """One process, one port."""

    def __init__(
        self, config: NodeConfig, file: Path, options: Options, tree: Element | None = None
    ) -> None:
        self.config, self.file, self.options = config, file, options
        self.tree = tree or read(file)
        """The configuration's elements, as they are shown and changed."""
        self.host_id = host_id(config)
        self.by = Actor(None, f"node {self.host_id}", "system")
        self.root = root_of(config)
        self.state = State()
        self.logs = Logs()
        self.disks = Disks(config, self.host_id)
        self.arrivals = Arrivals(config.archiving.path_prefix if config.archiving else "")
        self.mail = Mail(self.root / DATA / "mail", self.host_id, lambda: self.config.notification)
        self.plug_ins = PlugIns(config, options.paths)
        self.plugged = plug_in_commands.table(self)
        """Commands that plug-ins of the configured folders implement."""
        self.deliveries = Deliveries(self)
        self.mirror = Mirror(self)
        self.services = Services(self)
        self.requests = open_requests(
            config.server.request_store, self.root / DATA / f"requests-{config.server.port}.sqlite"
        )
        """What is known of requests by their ids."""
        self.errands = Errands()
        """Work that goes on after its command was answered."""
        self.meters = Meters(self.host_id)
        self.ended = threading.Event()
        """Set when the process is to end."""
        self.turning = threading.Lock()
        """Held while the state changes."""
        self.archived: list[Callable[[object], None]] = []
        """Called with each new row, after its answer was sent."""

    @property
    def scratch(self) -> Path:
        """Where what is on its way to a client waits, on the disk of the root directory."""
        return self.root / "tmp"

    @property
    def address(self) -> str:
        """Host and port at which clients and peers reach it."""
        return f"{self.config.server.address}:{self.config.server.port}"

    @property
    def prefix(self) -> str:
        """The folder of a volume in which archived files lie; empty for the volume itself."""
        return self.config.archiving.path_prefix if self.config.archiving else ""

    def go_online(self) -> None:
        """Mount the disks, tell the cluster, start the services."""
        server, may = self.config.server, self.config.permissions
        disk_rows.announce(
            self.host_id,
            address=server.address,
            port=server.port,
            allowed={
                "archive": may.archive,
                "retrieve": may.retrieve,
                "process": may.process,
                "remove": may.remove,
            },
            archive=server.archive_name,
            slots=len(volume_folders(self.config)),
        )
        if not self.options.datamover:
            # A data mover reads the disks of another node; they are not its own.
            self.disks.mount(system.find_disks(self))
            rebuilding.take_in_strangers(self.disks, self.by)
            recovering.recover(self.disks, self.prefix, self.by)
        self.state.set_online(True)
        disk_rows.set_state(self.host_id, ONLINE)
        self.services.start()
        _log.info("%s is ONLINE with %d disks.", self.host_id, len(list(self.disks)))

    def go_offline(self) -> None:
        """End the services, let go of the disks."""
        self.state.set_online(False)
        self.errands.stop()
        self.services.stop()
        self.arrivals.close()
        recovering.note_clean(self.disks)
        system.let_disks_go(self)
        self.disks.unmount()
        disk_rows.set_state(self.host_id, OFFLINE)
        _log.info("%s is OFFLINE.", self.host_id)

    def close(self) -> None:
        """The process ends: OFFLINE if it is not, and known as not running."""
        with self.turning:
            if self.state.state == ONLINE:
                self.go_offline()
            disk_rows.set_state(self.host_id, NOT_RUNNING)
        self.requests.close()
        self.mail.close()

    def read_config(self) -> tuple[Element, NodeConfig]:
        """The configuration as its file, or the database, says now. BadInput leaves everything as
        it is."""
        return configuration.effective(self.file, self.options)

    def use(self, tree: Element, config: NodeConfig) -> None:
        """Work by this configuration from now on, while OFFLINE; address and port stay those that
        are served."""
        self.tree, self.config = tree, config
        if self.logs.where is not None:
            open_logs(self)
        self.plug_ins = PlugIns(config, self.options.paths)
        self.plugged = plug_in_commands.table(self)
        self.disks = Disks(config, self.host_id)
        self.arrivals = Arrivals(config.archiving.path_prefix if config.archiving else "")

    def handle(self, request: Request, body: Body, asker: tuple[str, int]) -> Answer:
        """The answer to a request; refusals are answers too."""
        call = Call(self, request, body, asker)
        close_old_connections()
        try:
            with self.state.serving():
                return noted(call, self.answer(call))
        finally:
            close_old_connections()

    def count(self, call: Call, status: int, *, seconds: float, sent: int) -> None:
        """A request was answered; what it cost goes to the metrics."""
        name = known(call.request.command, (*COMMANDS, *self.plugged))
        self.meters.note(name, status, seconds=seconds, received=call.body.read, sent=sent)

    def answer(self, call: Call) -> Answer:
        """As `handle`, for a request that is known."""
        try:
            call = replace(call, user=authorization.caller(call))
            name = call.request.command
            command = self.plugged.get(name) or COMMANDS.get(name)
            if command is None:
                raise Failed("Command not found", 404)
            return self._done(call, self._act(call, command))
        except Cut as error:
            return self._done(call, Done(str(error), status=FAILURE, code=400))
        except Failed as error:
            return self._done(call, _refusal(error))
        except LaganError as error:
            return self._done(call, Done(error.sentence, status=FAILURE, code=400))
        except DataError as error:
            _log.warning("The catalogue takes no such value: %s", error)
            said = "A parameter is longer or larger than the catalogue can hold."
            return self._done(call, Done(said, status=FAILURE, code=400))

    def failed(self, error: Exception) -> Answer:
        """The answer when something happened that nobody expected: the client learns that, the log
        everything."""
        if isinstance(error, LaganError):
            return self._document("-", Done(error.sentence, status=FAILURE, code=400))
        _log.exception("a request failed", exc_info=error)
        said = f"The node could not do this: {type(error).__name__}."
        return self._document("-", Done(said, status=FAILURE, code=500))

    def _act(self, call: Call, command: Command) -> Done | Answer:
        self.state.require(call.request.command, command.states, command.sub_states)
        command.require_allowed(self.config.permissions)
        if command.busy:
            with self.state.busy(), self.requests.following(call):
                return command.act(call)
        return command.act(call)

    def _done(self, call: Call, done: Done | Answer) -> Answer:
        if isinstance(done, Answer):
            return done
        return self._document(call.request.headers.get("host", ""), done)

    def _document(self, host: str, done: Done) -> Answer:
        status = basic(
            date=show_utc(datetime.now(UTC)),
            host=self.host_id,
            message=done.message,
            status=done.status,
            state=self.state.state,
            sub_state=self.state.sub_state,
            extra=done.extra,
        )
        content = document(host or self.address, [status, *done.children])
        headers = [("Content-Type", "text/xml"), *done.headers]
        return Answer(done.code, headers, content, after=done.after)


def _refusal(error: Failed) -> Done:
    return Done(
        error.sentence, error.children, status=FAILURE, code=error.http, headers=error.headers
    )
