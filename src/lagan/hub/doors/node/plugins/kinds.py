"""The kinds of plug-ins, and what each is called with.

Source: reference/ngas-http.md section 12; seeds/archive-server-config.txt. `server` and `request`
are those of `facade.py`.

| kind | function | called with | gives back |
|---|---|---|---|
| archiving | named as its module | server, request | the status of the archived file |
| processing | named as its module | server, request, file name | results |
| registration | named as its module | server, request, parameters | as archiving |
| command | `handleCmd` | server, request, http | None, a message, or (code, status, message) |
| archive event | a class, the last name | its parameters by name | has `handle_event(event)` |
| subscription filter | named as its module | server, parameters, file name, id, version | bool |
| subscription auth | `ngas_subscriber_auth` | file name, address | the Authorization header |
| subscription job | named as its module | server, parameters, name, id, version, disk id | None |
| janitor | `run` | server, stop event | None |
| log file | `run` | parameters, server, file name | None |
| online | named as its module | server, request | None, or disks by slot |
| offline | named as its module | server, request | None |
| disk sync | named as its module | server | None |
| label | named as its module | server, text, request | None |
| suspension | named as its module | server | None |
| wake-up | named as its module | server, host id | None |
| cache control | named as its module | server, entry | bool: whether it may go |
| user service | named as its module | server, parameters | None |
| mirroring filter | named as its module | server, parameters, file name, id, version | bool |
| file staging | `isFileOffline` and `stageFiles` | file name; file names | bool; None |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Kind = Literal[
    "archiving",
    "processing",
    "registration",
    "command",
    "archive event",
    "subscription filter",
    "subscription auth",
    "subscription job",
    "janitor",
    "log file",
    "online",
    "offline",
    "disk sync",
    "label",
    "suspension",
    "wake-up",
    "cache control",
    "user service",
    "mirroring filter",
    "file staging",
]
FUNCTIONS: Mapping[str, str] = {
    "command": "handleCmd",
    "subscription auth": "ngas_subscriber_auth",
    "janitor": "run",
    "log file": "run",
    "file staging": "isFileOffline",
}
"""What is looked for in a module; else a function with the module's last name."""
CLASSES = frozenset({"archive event"})
"""Kinds whose name is that of a class: module, dot, class."""


def parts(kind: Kind, name: str) -> tuple[str, str]:
    """The module and what is looked for in it."""
    if kind in CLASSES:
        module, _, last = name.rpartition(".")
        return module, last
    return name, FUNCTIONS.get(kind, name.rpartition(".")[2])
