"""Bytes come from other machines: a folder on another computer is listed, walked and read, with
errors that say whether trying again could help."""

from lagan.transfer.errors import (
    ChangedWhileRead,
    HostKeyChanged,
    KeyRefused,
    NoSuchPath,
    NotReadable,
    OutsideTop,
    Unreachable,
)
from lagan.transfer.folder import FolderPage, page_of
from lagan.transfer.keys import fingerprint, make_key, offered_key, public_part
from lagan.transfer.local import LocalPlace
from lagan.transfer.place import Found, Item, Place, Whole
from lagan.transfer.pool import borrow, forget
from lagan.transfer.sftp import SftpPlace, Target

__all__ = [
    "ChangedWhileRead",
    "FolderPage",
    "Found",
    "HostKeyChanged",
    "Item",
    "KeyRefused",
    "LocalPlace",
    "NoSuchPath",
    "NotReadable",
    "OutsideTop",
    "Place",
    "SftpPlace",
    "Target",
    "Unreachable",
    "Whole",
    "borrow",
    "fingerprint",
    "forget",
    "make_key",
    "offered_key",
    "page_of",
    "public_part",
]
