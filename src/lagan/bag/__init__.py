"""BagIt 1.0 and its drafts: packages judged straight from their archive, and made.

`judge` tells all that is wrong with a bag in one pass over a zip, tar, tar.gz or folder; `make_bag`
makes one, `finish` and `undo` look
after one that was made in place. Pure: no database, no network, nothing unpacked to a disk.
"""

from lagan.bag.algorithms import ALL_ALGORITHMS, DEFAULT_ALGORITHMS
from lagan.bag.crate import Crate
from lagan.bag.errors import BadProfile, Unbaggable, Unfinished
from lagan.bag.in_place import finish, undo
from lagan.bag.judge import judge
from lagan.bag.limits import DEFAULT_LIMITS, Limits
from lagan.bag.make import Made, make_bag
from lagan.bag.reader import BytesReader, FileReader, ObjectReader, Reader
from lagan.bag.verdict import Facts, Finding, Verdict

__all__ = [
    "ALL_ALGORITHMS",
    "DEFAULT_ALGORITHMS",
    "DEFAULT_LIMITS",
    "BadProfile",
    "BytesReader",
    "Crate",
    "Facts",
    "FileReader",
    "Finding",
    "Limits",
    "Made",
    "ObjectReader",
    "Reader",
    "Unbaggable",
    "Unfinished",
    "Verdict",
    "finish",
    "judge",
    "make_bag",
    "undo",
]
