"""Messages that are on their way to a mail server: kept as files until it has taken them.

A thread of its own sends; a server that is down is asked again, ever less often. What waits
survives a restart. What a server refuses for good, and what nobody took for `KEPT`, is dropped with
a line in the log.
"""

from __future__ import annotations

import contextlib
import logging
import smtplib
import threading
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

from lagan.kit.files import write_atomically
from lagan.kit.ids import new_id

_log = logging.getLogger(__name__)

KEPT = 7 * 86_400.0
"""Seconds: a mail server may be down over a long weekend."""
MOST = 10_000
"""Messages kept; the oldest go first, so that a folder never grows without end."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds after a failure; each further one doubles the pause."""
PATIENCE = 20.0
"""Seconds for every step of a conversation."""
PARTING = 5.0
"""Seconds that the end of the process waits for one."""


class Outbox:
    """A folder of messages and the thread that empties it."""

    def __init__(self, folder: Path, server: Callable[[], tuple[str, int]]) -> None:
        """`server` says host and port as they are configured just now; without a host everything
        is dropped."""
        self._folder, self._server = folder, server
        self._guard = threading.Lock()
        self._changed = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        if any(folder.glob("*.eml")):
            self.wake()

    def put(self, message: bytes) -> None:
        """Take a message; it is on stable storage when this returns. OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        write_atomically(self._folder / f"{time.time_ns():020d}-{new_id().hex}.eml", message)
        self.wake()

    def wake(self) -> None:
        """Try now, if anything waits."""
        with self._guard:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mail", daemon=True)
                self._thread.start()
        self._changed.set()

    def close(self) -> None:
        """Stop after the message that is being sent; a server that hangs is not waited for, what it
        did not take is sent after the next start."""
        with self._guard:
            self._closed = True
            thread = self._thread
        self._changed.set()
        if thread is not None:
            thread.join(PARTING)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed:
            self._changed.clear()
            try:
                self._send_all()
                pause, wait = FIRST_PAUSE, None
            except (OSError, smtplib.SMTPException) as error:
                _log.warning("The mail server does not take mail, asked again: %s", error)
                pause, wait = min(pause * 2, LONGEST_PAUSE), pause
            # New mail does not make a server that is down be asked more often.
            if wait is None:
                self._changed.wait()
            else:
                self._pause(wait)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._closed and (left := until - time.monotonic()) > 0:
            self._changed.clear()
            if not self._closed:
                self._changed.wait(left)

    def _send_all(self) -> None:
        waiting = sorted(self._folder.glob("*.eml"))
        for each in waiting[: max(0, len(waiting) - MOST)]:
            self._drop(each, "there are too many")
        host, port = self._server()
        if not host:
            for each in waiting:
                self._drop(each, "no SmtpHost is configured")
            return
        if waiting:
            with smtplib.SMTP(host, port, timeout=PATIENCE) as connection:
                for each in waiting[-MOST:]:
                    if not self._closed:
                        self._send(connection, each)

    def _send(self, connection: smtplib.SMTP, file: Path) -> None:
        message = message_from_bytes(file.read_bytes())
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            self._refused(file, code, said)
        except smtplib.SMTPResponseException as error:
            self._refused(file, error.smtp_code, error.smtp_error)
        else:
            file.unlink(missing_ok=True)

    def _refused(self, file: Path, code: int, said: bytes | str) -> None:
        if code >= 500:
            self._drop(file, f"the mail server said {code} {said!r}")
        elif time.time() - file.stat().st_mtime > KEPT:
            self._drop(file, "nobody took it")

    def _drop(self, file: Path, why: str) -> None:
        with contextlib.suppress(OSError):
            file.unlink()
        _log.error("The mail %s was dropped: %s.", file.name, why)
