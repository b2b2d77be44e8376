"""The forced command of an uploader's key: does what was asked for, if it is one of the few things
that it does."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

from lagan.gate.place import Place
from lagan.gate.sftp import Server
from lagan.gate.sink import receive
from lagan.gate.wishes import MakeFolder, SetMode, Sftp, Sink, wish
from lagan.kit.errors import LaganError


def serve(folder: Path, command: str, source: BinaryIO, target: BinaryIO) -> int:
    """The exit status of `command`; what it says goes to `target`, and a refusal to standard
    error."""
    os.umask(0o007)
    place = Place(folder)
    try:
        match wish(command):
            case MakeFolder(path):
                place.make_folders(path)
            case SetMode(path):
                place.set_mode(path)
            case Sink() as asked:
                return receive(place, asked, source, target)
            case Sftp():
                return Server(place, source, target).run()
    except LaganError as refusal:
        return _refuse(refusal.sentence)
    except OSError as error:
        return _refuse(os.strerror(error.errno) if error.errno else "It failed.")
    return 0


def _refuse(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 1
