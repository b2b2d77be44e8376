"""What the hub wants to know of a laboratory computer, and whether an answer can be; no database.

Source: seeds/dataset-archive.txt, by a laboratory computer (the nine questions). The answers are
system metadata, `system.computer.<name>`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lagan.hub.computers.errors import BadFacts
from lagan.kit.errors import BadInput, BadPath
from lagan.kit.paths import check_relative
from lagan.kit.sizes import parse_size
from lagan.transfer import OutsideTop

PREFIX = "system.computer."
PROTOCOLS = ("sftp",)
PERIODS = ("monthly", "yearly")
PORT = 22
LONGEST = 500

_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*\.?")
_USER = re.compile(r"[^\s:/@\x00-\x1f]{1,64}")
_WINDOWS = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Fact:
    """One question: its name, what it is called, what to write, what may be chosen."""

    name: str
    words: str
    hint: str = ""
    choices: tuple[str, ...] = ()
    group: str = "use"

    @property
    def key(self) -> str:
        """Of the metadata."""
        return PREFIX + self.name


FACTS = (
    Fact("name", "Descriptive name", "It usually follows the instrument, as QCM or NMR400."),
    Fact("need", "Storage need", "How much it will write, as 200 GB or 1.5 TB."),
    Fact("period", "The need is", choices=PERIODS),
    Fact("os", "Operating system", "Windows 10, macOS 14, Debian 12..."),
    Fact("responsible", "Responsible person", group="people"),
    Fact("science-group", "Science group", group="people"),
    Fact("department", "Department", group="people"),
    Fact("campus", "Campus", group="place"),
    Fact("building", "Building", group="place"),
    Fact("room", "Room", group="place"),
    Fact("outlet", "Network outlet", "The number on the wall, if it is cut off.", group="place"),
    Fact("host", "Host name", "As its operating system calls it.", group="reach"),
    Fact("ip", "IP address", "Where the hub finds it; the host name if empty.", group="reach"),
    Fact("path", "Top folder of the data", "Absolute, as /data or C:\\files.", group="reach"),
    Fact("protocol", "Protocol", choices=PROTOCOLS, group="reach"),
    Fact("port", "Port", "22 unless its SSH server was told otherwise.", group="reach"),
    Fact("user", "User name", "The account on it that may read the data.", group="reach"),
)
NAMES = tuple(each.name for each in FACTS)
REACH = ("host", "ip", "protocol", "port")
"""Facts whose change makes it another machine to the hub: its host key must be confirmed again."""


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """The answers as they are kept, stripped; BadFacts with every problem at once."""
    clean = {name: value.strip() for name, value in given.items()}
    reasons = {name: reason for name, value in clean.items() if (reason := _objection(name, value))}
    if reasons:
        raise BadFacts(reasons)
    return clean


def is_absolute(path: str) -> bool:
    r"""Whether it is a whole path: `/data`, `C:\files`, `d:`."""
    return path.startswith("/") or _WINDOWS.match(path) is not None


def beneath(top: str, path: str) -> str:
    """`path` relative to `top`, as SFTP writes it; `.` or the top itself is "". BadInput for no
    path, OutsideTop for one that leads elsewhere."""
    windows = _WINDOWS.match(top) is not None
    plain, start = (each.replace("\\", "/") if windows else each for each in (path, top))
    if not plain.strip():
        raise BadInput("Which folder or file on the computer?", field="source_path")
    if is_absolute(plain):
        start = start.rstrip("/") + "/"
        head = (plain.rstrip("/") + "/")[: len(start)]
        if head != start and not (windows and head.lower() == start.lower()):
            raise OutsideTop(f"{path!r} is not beneath {top!r}.", field="source_path")
        plain = plain[len(start) :]
    plain = plain.strip("/")
    try:
        return "" if plain in ("", ".") else check_relative(plain)
    except BadPath as error:
        raise OutsideTop(error.sentence, field="source_path", **error.facts) from None


def _objection(name: str, value: str) -> str | None:
    if name not in NAMES:
        return "There is no such fact."
    if not value:
        return None
    if len(value) > LONGEST or not value.isprintable():
        return f"It is one line of at most {LONGEST} characters."
    check = _CHECKS.get(name)
    return check(value) if check else None


def _size(value: str) -> str | None:
    try:
        parse_size(value)
    except BadInput as error:
        return error.sentence
    return None


def _address(value: str) -> str | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "It is an address like 192.0.2.7 or 2001:db8::7."
    return None


def _port(value: str) -> str | None:
    fits = value.isascii() and value.isdigit() and 0 < int(value[:6]) < 65536
    return None if fits else "It is a number from 1 to 65535."


def _path(value: str) -> str | None:
    parts = re.split(r"[\\/]", value)
    if not is_absolute(value) or ".." in parts:
        return "It is an absolute path without '..', as /data or C:\\files."
    return None


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "need": _size,
    "period": lambda value: None if value in PERIODS else f"It is {' or '.join(PERIODS)}.",
    "protocol": lambda value: None if value in PROTOCOLS else f"It is {' or '.join(PROTOCOLS)}.",
    "host": lambda value: None if _HOST.fullmatch(value) else "It is a host name.",
    "ip": _address,
    "port": _port,
    "path": _path,
    "user": lambda value: None if _USER.fullmatch(value) else "It is a user name.",
}
