"""An SMTP server that takes every message and puts it into a Maildir."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.services.process import Running, accepts, await_ready, free_port, start_process


def start(folder: Path) -> Running:
    """Take mail; `address` has host, port and maildir (read it with `mailbox.Maildir`)."""
    port, maildir = free_port(), folder / "mail"
    listen = ["-n", "-l", f"127.0.0.1:{port}"]
    handler = ["-c", "aiosmtpd.handlers.Mailbox", str(maildir)]
    process = start_process([sys.executable, "-m", "aiosmtpd", *listen, *handler], folder=folder)
    await_ready(lambda: accepts(port), process=process, folder=folder)
    address = {"host": "127.0.0.1", "port": str(port), "maildir": str(maildir)}
    return Running(process.pid, address, folder)
