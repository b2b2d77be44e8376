"""Bytes on volumes: what is acknowledged here is on stable storage, with a digest, under a name
that stays."""

from lagan.store.copy import copy
from lagan.store.identity import Identity, identify, prepare
from lagan.store.journal import Damage, FileLine, Journal, Line, NoteLine, VoidLine
from lagan.store.opening import open_volume
from lagan.store.packs import Member, PackWriter, members
from lagan.store.rate import Throttle
from lagan.store.verify import Finding, Part, verify, verify_parts
from lagan.store.volume import Capabilities, Incoming, ObjectStat, Usage, Volume
from lagan.store.writer import Landing, Verdict, Writer

__all__ = [
    "Capabilities",
    "Damage",
    "FileLine",
    "Finding",
    "Identity",
    "Incoming",
    "Journal",
    "Landing",
    "Line",
    "Member",
    "NoteLine",
    "ObjectStat",
    "PackWriter",
    "Part",
    "Throttle",
    "Usage",
    "Verdict",
    "VoidLine",
    "Volume",
    "Writer",
    "copy",
    "identify",
    "members",
    "open_volume",
    "prepare",
    "verify",
    "verify_parts",
]
