"""The verbs of packages: deposit, follow by a new version, describe, give out."""

from lagan.hub.packages.depositing import Zip, begin_deposit, fail, stored
from lagan.hub.packages.downloading import HandOut, ask_for, prepare, proved
from lagan.hub.packages.rules import check_metadata, read_metadata
from lagan.hub.packages.updating import update_package

__all__ = [
    "HandOut",
    "Zip",
    "ask_for",
    "begin_deposit",
    "check_metadata",
    "fail",
    "prepare",
    "proved",
    "read_metadata",
    "stored",
    "update_package",
]
