"""The service manager is told that we are ready, and keeps our descriptors while we are not there:
so a guard that dies lets nobody through.

Source: sd_notify(3), sd_pid_notify_with_fds(3), sd_listen_fds(3).
"""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Mapping, MutableMapping

_FIRST = 3
"""The first descriptor that is handed over."""


def kept(environ: MutableMapping[str, str] = os.environ) -> dict[str, int]:
    """What the manager kept for us, by name; asked once."""
    pid, number = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "0")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not number.isdecimal():
        return {}
    found = dict(zip(names, range(_FIRST, _FIRST + int(number)), strict=False))
    for descriptor in range(_FIRST, _FIRST + int(number)):
        os.set_inheritable(descriptor, False)
    return found


def keep(name: str, descriptor: int, environ: Mapping[str, str] = os.environ) -> bool:
    """Have the manager keep a descriptor under a name; whether there is one."""
    return tell(f"FDSTORE=1\nFDNAME={name}\nFDPOLL=0", environ, [descriptor])


def forget(name: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Have the manager keep it no more."""
    return tell(f"FDSTOREREMOVE=1\nFDNAME={name}", environ)


def tell(
    what: str, environ: Mapping[str, str] = os.environ, descriptors: list[int] | None = None
) -> bool:
    """Tell the manager, if we have one."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    name = "\0" + address[1:] if address.startswith("@") else address
    given = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors or []))]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.connect(name)
        manager.sendmsg([what.encode()], given if descriptors else [])
    return True
