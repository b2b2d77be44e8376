"""Asking the gate of this machine, if it has one."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lagan.hsm.errors import Busy, Unfit
from lagan.hsm.gate import wire
from lagan.kit.errors import BadInput, Forbidden, LaganError, Unavailable

PATIENCE = 30.0
"""Seconds for an answer; a mover that was killed is replaced in one or two."""
_REFUSALS: dict[str, type[LaganError]] = {
    each.code: each for each in (Busy, Unfit, Forbidden, BadInput, Unavailable)
}


@contextmanager
def quietly(door: Path, descriptor: int, *, cuts: bool = False) -> Iterator[int | None]:
    """The file that is open (O_PATH) as `descriptor` by one for reading and writing that raises no
    events, held as long as the block lasts; None when no gate serves its filesystem. Who `cuts` it
    says so: that raises events all the same, which are let through then.

    Busy while its content is moved by somebody else; OSError as for opening it.
    """
    given: list[int] = []
    try:
        answer = ask(door, {"verb": "open", "cuts": cuts}, [descriptor], given)
        yield given[0] if answer and answer.get("served") else None
    finally:
        wire.close_all(given)


def ask(
    door: Path,
    message: wire.Message,
    descriptors: list[int] | None = None,
    given: list[int] | None = None,
) -> dict[str, Any] | None:
    """What the gate answers; the descriptors that come with it are put into `given`. None when
    there is no gate, Unavailable when it does not answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(os.fsencode(door))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return None
        except (TimeoutError, BlockingIOError):
            raise Unavailable("The gate does not answer.") from None
        answer, got = _asked(connection, message, descriptors or [])
        if given is None:
            wire.close_all(got)
        else:
            given += got
    return _checked(answer)


def _asked(
    connection: socket.socket, message: wire.Message, descriptors: list[int]
) -> tuple[wire.Message, list[int]]:
    try:
        wire.send(connection, message, descriptors)
        return wire.receive(connection)
    except wire.Closed:
        raise Unavailable("The gate was just replaced; try again.") from None
    except TimeoutError:
        raise Unavailable("The gate does not answer.") from None


def _checked(answer: wire.Message) -> dict[str, Any]:
    if "errno" in answer:
        raise OSError(answer["errno"], answer["sentence"])
    if "refused" in answer:
        kind = _REFUSALS.get(answer["refused"], Unavailable)
        raise kind(str(answer["sentence"]))
    return answer
