"""Whether an address can be listened on, said before a server tries."""

from __future__ import annotations

import errno
import socket

from lagan.kit.errors import BadInput, Unavailable

LAST_PORT = 65535


def require_free(host: str, port: int) -> int:
    """The port, or a free one for 0. Unavailable when it cannot be listened on, with the reason."""
    if not 0 <= port <= LAST_PORT:
        raise BadInput(f"A port is a number from 0 to {LAST_PORT}, not {port}.", port=port)
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise BadInput(f"{host}:{port} is not an address to listen on.") from None
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen()
        except OSError as error:
            raise Unavailable(_reason(host, port, error), host=host, port=port) from None
        return int(probe.getsockname()[1])


def _reason(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} of {host} is taken by another program; choose one with --port."
        case errno.EACCES:
            return f"Port {port} needs more rights than this account has; choose one above 1023."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine."
        case _:
            return f"Cannot listen on {host}:{port}: {error.strerror}."
