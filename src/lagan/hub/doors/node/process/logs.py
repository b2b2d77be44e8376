"""Where a node's log goes: standard output, a file that is put aside in time, syslog.

Verbs: `open_logs`, `change`, and of `Logs` `rotate`, `close`. Whatever is logged goes without
secrets. The numbers of levels are the archive server's: 1 critical to 5 everything, 0 nothing.
Source: seeds/archive-server-config.txt, `Log`; reference/ngas-http.md sections 1 and 8.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lagan.hub.base.logs import scrub_text
from lagan.hub.doors.node.config.shape import Log
from lagan.hub.doors.node.process.running import Options
from lagan.kit.errors import BadInput

if TYPE_CHECKING:
    from lagan.hub.doors.node.node import ArchiveNode

_log = logging.getLogger(__name__)

LEVELS = {
    1: logging.CRITICAL,
    2: logging.ERROR,
    3: logging.WARNING,
    4: logging.INFO,
    5: logging.DEBUG,
}
PUT_ASIDE, UNSAVED = "LOG-ROTATE-", ".unsaved"
"""A file that was put aside has both until somebody has looked after it."""
SYSLOG = "/dev/log"
"""Where Linux takes messages."""
DEFAULT_PREFIX = "ngams"


@dataclass(frozen=True, slots=True)
class Where:
    """What is logged and where to. `file` None is no file; `every` in seconds."""

    verbosity: int = 3
    file: Path | None = None
    level: int = 4
    every: float = 600.0
    syslog: bool = False
    prefix: str = DEFAULT_PREFIX
    address: str = ""


def where(config: Log, options: Options, root: Path) -> Where:
    """As configured; the command line has the last word."""
    name = config.file if options.log_file is None else options.log_file
    syslog = config.syslog if options.syslog is None else options.syslog
    prefix = config.syslog_prefix if options.syslog_prefix is None else options.syslog_prefix
    return Where(
        verbosity=options.verbosity,
        file=root / name if name else None,
        level=config.level if options.log_level is None else options.log_level,
        every=config.rotate_every.total_seconds(),
        syslog=syslog,
        prefix=prefix or DEFAULT_PREFIX,
        address=config.syslog_address,
    )


class Lines(logging.Formatter):
    """`<UTC time> <level> <thread> <logger>: <message>`, without secrets."""

    def __init__(self, prefix: str = "") -> None:
        stem = "%(asctime)s " if not prefix else ""
        super().__init__(f"{prefix}{stem}%(levelname)-8s %(threadName)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the library's name
        """With milliseconds, as all times of a node."""
        del datefmt
        return _moment(record.created)

    def format(self, record: logging.LogRecord) -> str:
        """The whole text, a traceback too; further lines are set in, so that what somebody sent
        does not look like a line of ours."""
        return scrub_text(super().format(record)).replace("\n", "\n    ")


class LogFile(logging.Handler):
    """Appends to a file; after `every` seconds the file is put aside under the time's name."""

    def __init__(self, path: Path, every: float) -> None:
        """Puts aside what a former process left. OSError."""
        super().__init__()
        self.path, self.every = path, every
        path.parent.mkdir(parents=True, exist_ok=True)
        put_aside(path)
        self._began = time.monotonic()
        self._stream = path.open("a", encoding="utf-8", errors="backslashreplace")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        try:
            self.rotate()
            self._stream.write(self.format(record) + "\n")
            self._stream.flush()
        except Exception:  # noqa: BLE001 - a full disk does not stop what is logged about
            self.handleError(record)

    def rotate(self) -> None:
        """Put the file aside if it is time and there is something in it."""
        self.acquire()
        try:
            if time.monotonic() - self._began < self.every:
                return
            self._began = time.monotonic()
            if self._stream.tell():
                self._stream.close()
                put_aside(self.path)
                self._stream = self.path.open("a", encoding="utf-8", errors="backslashreplace")
        finally:
            self.release()

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(OSError):
            self._stream.close()
        super().close()


def put_aside(path: Path) -> Path | None:
    """Give a log file its final name; None when there is nothing to put aside."""
    if not path.is_file() or not path.stat().st_size:
        return None
    # Whole milliseconds: with fractions one may be passed over, and a later log be named by it.
    now = time.time_ns() // 1_000_000
    for attempt in range(now, now + 1000):
        aside = path.with_name(f"{PUT_ASIDE}{_moment(attempt / 1000)}.nglog{UNSAVED}")
        if not aside.exists() and not saved(aside).exists():
            return path.rename(aside)
    return None


def saved(unsaved: Path) -> Path:
    """What a file is called once it was looked after."""
    return unsaved.with_name(unsaved.name.removesuffix(UNSAVED))


class Logs:
    """The handlers of a node's process, on the root logger."""

    def __init__(self) -> None:
        self.where: Where | None = None
        self._handlers: list[logging.Handler] = []
        self._file: LogFile | None = None
        self._guard = threading.Lock()

    def apply(self, wanted: Where) -> None:
        """Log there from now on. What cannot be opened is named in what can."""
        with self._guard:
            if wanted == self.where:
                return
            refused = self._replace(wanted)
            self.where = wanted
        for each in refused:
            _log.error("The log does not go everywhere it should: %s", each)

    def rotate(self) -> None:
        """Put the log file aside if its time has come: when nothing happens nobody else does."""
        with self._guard, contextlib.suppress(OSError):
            if self._file is not None:
                self._file.rotate()

    def close(self) -> None:
        """Stop logging."""
        with self._guard:
            self._take_away()
            self.where = None
            logging.getLogger().setLevel(logging.WARNING)

    def _replace(self, wanted: Where) -> list[str]:
        kept = self._file if self.where and _same_file(self.where, wanted) else None
        self._take_away(kept)
        refused: list[str] = []
        for make in (_standard, _syslog):
            try:
                self._add(make(wanted))
            except OSError as error:
                refused.append(f"{make.__name__.strip('_')}: {error}")
        try:
            self._file = kept or _file(wanted)
            if self._file is not None:
                self._file.setLevel(LEVELS[wanted.level])
            self._add(self._file)
        except OSError as error:
            refused.append(f"{wanted.file}: {error}")
        levels = [each.level for each in self._handlers]
        logging.getLogger().setLevel(min(levels, default=logging.CRITICAL + 1))
        return refused

    def _add(self, handler: logging.Handler | None) -> None:
        if handler is not None:
            self._handlers.append(handler)
            logging.getLogger().addHandler(handler)

    def _take_away(self, kept: LogFile | None = None) -> None:
        for each in self._handlers:
            logging.getLogger().removeHandler(each)
            if each is not kept:
                each.close()
        self._handlers, self._file = [], None


def open_logs(node: ArchiveNode) -> None:
    """Begin to log as configured; after a change of the configuration, go on as it says."""
    # A handler that cannot write would print about it where nobody looks.
    logging.raiseExceptions = False
    logging.lastResort = None
    node.logs.apply(where(node.config.log, node.options, node.root))


def change(
    node: ArchiveNode,
    *,
    syslog: bool | None = None,
    prefix: str | None = None,
    file: str | None = None,
    level: int | None = None,
    verbosity: int | None = None,
) -> None:
    """Log otherwise until the configuration is read again; what is None stays. BadInput: a level is
    0 to 5, and a file lies where the configured one does."""
    known = node.logs.where or where(node.config.log, node.options, node.root)
    for name, number in (("level", level), ("verbosity", verbosity)):
        if number is not None and number not in (0, *LEVELS):
            raise BadInput(f"Invalid parameter: the {name} of a log is 0 to 5, not {number}.")
    if file is not None:
        known = replace(known, file=_beside(node.root / node.config.log.file, node.root, file))
    given = {"syslog": syslog, "prefix": prefix, "level": level, "verbosity": verbosity}
    node.logs.apply(replace(known, **{n: v for n, v in given.items() if v is not None}))  # type: ignore[arg-type]


def _beside(configured: Path, root: Path, name: str) -> Path:
    """A file in the configured one's folder: a request names no other place."""
    asked = root / name if "/" in name else configured.parent / name
    ours = asked.parent == configured.parent and asked.name not in ("", ".", "..")
    if not ours or asked.name.startswith(PUT_ASIDE) or asked.is_symlink() or "\0" in name:
        raise BadInput(f"Invalid parameter: a log file lies in {configured.parent}, not {name}.")
    return asked


def unsaved_files(file: Path) -> list[Path]:
    """What was put aside of a log and not looked after yet, oldest first."""
    return sorted(_aside(file, f".nglog{UNSAVED}"))


def saved_files(file: Path) -> list[Path]:
    """What was put aside and looked after, oldest first."""
    return sorted(_aside(file, ".nglog"))


def _aside(file: Path, end: str) -> Iterable[Path]:
    return (each for each in file.parent.glob(f"{PUT_ASIDE}*{end}") if each.is_file())


def _same_file(one: Where, other: Where) -> bool:
    return (one.file, one.every) == (other.file, other.every) and bool(one.level and other.level)


def _file(wanted: Where) -> LogFile | None:
    if wanted.file is None or not wanted.level:
        return None
    made = LogFile(wanted.file, wanted.every)
    made.setFormatter(Lines())
    return made


def _standard(wanted: Where) -> logging.Handler | None:
    if not wanted.verbosity:
        return None
    made = logging.StreamHandler(sys.stdout)
    made.setLevel(LEVELS[wanted.verbosity])
    made.setFormatter(Lines())
    return made


def _syslog(wanted: Where) -> logging.Handler | None:
    if not wanted.syslog:
        return None
    made = logging.handlers.SysLogHandler(syslog_address(wanted.address))
    made.setLevel(LEVELS[wanted.level or 4])
    made.setFormatter(Lines(f"{wanted.prefix}: "))
    return made


def syslog_address(text: str) -> str | tuple[str, int]:
    """A socket's path or host and port; 514 is syslog's own port."""
    if not text:
        return SYSLOG
    if text.startswith("/"):
        return text
    host, mark, port = text.rpartition(":")
    if mark and port.isdigit():
        return host.strip("[]"), int(port)
    return text, logging.handlers.SYSLOG_UDP_PORT


def _moment(seconds: float) -> str:
    """UTC with milliseconds."""
    at = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return at.isoformat(timespec="milliseconds")
