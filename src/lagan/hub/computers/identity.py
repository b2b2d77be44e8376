"""The hub's own SSH key: made once, kept in the data folder, readable by nobody else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from django.conf import settings

from lagan.transfer import make_key, public_part


def private_key() -> str:
    """The key that the hub signs in with, in OpenSSH's format; made when it is first asked for."""
    path = Path(settings.CONFIG.data) / "ssh" / "hub_ed25519"
    if not path.exists():
        _make(path)
    return path.read_text()


def public_key() -> str:
    """The line for a computer's `authorized_keys`."""
    return public_part(private_key())


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(make_key(f"lagan@{socket.gethostname()}"))
    try:
        os.link(new, path)  # whoever was first wins
    except FileExistsError:
        pass
    finally:
        new.unlink()
