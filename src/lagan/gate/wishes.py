"""What the other side's command asks for. The commands are those that uploading programs run; they
are never given to a shell."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from lagan.kit.errors import Forbidden

_MKDIR = re.compile(r"mkdir +(?:-m +2770 +-p|-p +-m +2770|-p) +(?:-- +)?(?P<path>.+)", re.DOTALL)
_CHMOD = re.compile(r"chmod +(?:-- +)?0?660 +(?:-- +)?(?P<path>.+)", re.DOTALL)
_SINK = re.compile(
    r"(?:/usr/bin/)?scp +(?P<options>(?:-[vqpdt]+ +)*)(?:-- +)?(?P<path>.+)", re.DOTALL
)
_SFTP = re.compile(r"internal-sftp|sftp|(?:/[\w.+-]+)+/sftp-server")


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """`mkdir -m 2770 -p <path>`."""

    path: str


@dataclass(frozen=True, slots=True)
class SetMode:
    """`chmod 660 <path>`."""

    path: str


@dataclass(frozen=True, slots=True)
class Sink:
    """`scp -t <path>`: a file comes by the protocol of scp; `folder` when the path must be one."""

    path: str
    folder: bool


@dataclass(frozen=True, slots=True)
class Sftp:
    """The SFTP subsystem."""


Wish = MakeFolder | SetMode | Sink | Sftp


def wish(command: str) -> Wish:
    """What a command asks for; Forbidden for every other command."""
    text = command.strip(" ")
    if found := _MKDIR.fullmatch(text):
        return MakeFolder(_one_path(found["path"]))
    if found := _CHMOD.fullmatch(text):
        return SetMode(_one_path(found["path"]))
    if found := _SINK.fullmatch(text):
        options = found["options"]
        if "t" in options:
            return Sink(_one_path(found["path"]), "d" in options)
    if _SFTP.fullmatch(text.partition(" ")[0]):
        return Sftp()
    raise Forbidden("This key puts files into its folder by SCP or SFTP, and does nothing else.")


def _one_path(text: str) -> str:
    """The path that was meant: programs quote it for a shell, or not at all, whatever is in it."""
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 else text
