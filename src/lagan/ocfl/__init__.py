"""OCFL 1.1 storage roots: `writing` adds versions of objects, each whole or not at all; `check`
tells everything that is wrong with a root or an object, reading each file once.

Pure: no database, no network; memory does not grow with the size of files.
"""

from lagan.ocfl.checking import check
from lagan.ocfl.errors import Damaged, InUse, NotARoot
from lagan.ocfl.findings import Finding, Findings
from lagan.ocfl.layout import Layout
from lagan.ocfl.staging import Content
from lagan.ocfl.writer import About, Added, Writer, writing

__all__ = [
    "About",
    "Added",
    "Content",
    "Damaged",
    "Finding",
    "Findings",
    "InUse",
    "Layout",
    "NotARoot",
    "Writer",
    "check",
    "writing",
]
