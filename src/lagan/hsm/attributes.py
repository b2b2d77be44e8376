"""What a file or folder wears besides its name and content: mode, owner, access list, people's own
attributes. They mean the same at another site: who is known there by name is meant by name, whoever
is not by number.
"""

from __future__ import annotations

import base64
import errno
import grp
import os
import pwd
import stat
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Protocol

from lagan.hsm import marker as markers

CARRIED = ("user.", "system.posix_acl_")
"""Attributes that mean the same at another site."""
_ACL = "system.posix_acl_"
_HEAD, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
_USER, _GROUP = 0x02, 0x08
"""Entries of an access list that name somebody (linux/posix_acl.h)."""
_FOREIGN = (errno.EOPNOTSUPP, errno.EPERM, errno.EACCES)


class Worn(Protocol):
    """Whatever has been written down. `names` are the names behind the numbers of access lists:
    `u1000`, `g100`."""

    @property
    def mode(self) -> int:
        """Permission bits."""

    @property
    def uid(self) -> int:
        """The owner's number."""

    @property
    def gid(self) -> int:
        """The group's."""

    @property
    def owner(self) -> str:
        """The owner's name, if it had one."""

    @property
    def group(self) -> str:
        """The group's."""

    @property
    def xattrs(self) -> Mapping[str, str]:
        """Attributes in base64 by name."""

    @property
    def names(self) -> Mapping[str, str]:
        """Names of those whom access lists name."""


def worn(descriptor: int, found: os.stat_result) -> dict[str, Any]:
    """What an open file or folder wears, by the names of `Worn`."""
    held = {name: os.getxattr(descriptor, name) for name in _carried(descriptor)}
    return {
        "mode": stat.S_IMODE(found.st_mode),
        **owners(found),
        "xattrs": {name: base64.b64encode(value).decode() for name, value in held.items()},
        "names": _named(value for name, value in held.items() if name.startswith(_ACL)),
    }


def owners(found: os.stat_result) -> dict[str, Any]:
    """Owner and group by number and by name."""
    uid, gid = found.st_uid, found.st_gid
    return {"uid": uid, "gid": gid, "owner": _user(uid, _minute()), "group": _group(gid, _minute())}


def dress(descriptor: int, them: Worn) -> None:
    """Give an open file or folder all that was worn. Who is not root keeps what may not be given
    away: the owner stays the worker's. An access list that the folder above gave it goes."""
    for name in _carried(descriptor):
        if name.startswith(_ACL) and name not in them.xattrs:
            os.removexattr(descriptor, name)
    for name, text in them.xattrs.items():
        value = base64.b64decode(text)
        _give(descriptor, name, _meant(value, them.names) if name.startswith(_ACL) else value)
    with suppress(PermissionError):
        os.fchown(descriptor, uid_of(them), gid_of(them))
    os.fchmod(descriptor, them.mode)  # after the owner: changing that takes away set-uid


def is_dressed(descriptor: int, found: os.stat_result, them: Worn) -> bool:
    """Whether an open file or folder wears it already."""
    mine = (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
    if mine != (them.mode, uid_of(them), gid_of(them)):
        return False
    here = {name: os.getxattr(descriptor, name) for name in _carried(descriptor)}
    wanted = {name: base64.b64decode(text) for name, text in them.xattrs.items()}
    for name in wanted.keys() | {each for each in here if each.startswith(_ACL)}:
        value = wanted.get(name)
        if value is not None and name.startswith(_ACL):
            value = _meant(value, them.names)
        if here.get(name) != value:
            return False
    return True


def uid_of(them: Worn) -> int:
    """The owner's number here."""
    with suppress(KeyError):
        return pwd.getpwnam(them.owner).pw_uid if them.owner else them.uid
    return them.uid


def gid_of(them: Worn) -> int:
    """The group's number here."""
    with suppress(KeyError):
        return grp.getgrnam(them.group).gr_gid if them.group else them.gid
    return them.gid


def user_name(uid: int) -> str:
    """What a user is called here; empty when by nothing."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def group_name(gid: int) -> str:
    """What a group is called here; empty when by nothing."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""


def _minute() -> int:
    """Names of people are asked for once a minute: a directory service may be far away."""
    return int(time.monotonic() // 60)


@lru_cache(maxsize=1024)
def _user(uid: int, minute: int) -> str:
    return user_name(uid)


@lru_cache(maxsize=1024)
def _group(gid: int, minute: int) -> str:
    return group_name(gid)


def expect_sound(xattrs: Mapping[str, str], names: Mapping[str, str]) -> None:
    """ValueError for attributes that are not carried, or cannot be read."""
    for name, value in xattrs.items():
        if not name.startswith(CARRIED) or name == markers.NAME:
            raise ValueError("an attribute that is not carried")
        base64.b64decode(value, validate=True)
    if not all(isinstance(each, str) for each in (*names, *names.values())):
        raise ValueError("no names")


def _carried(descriptor: int) -> list[str]:
    try:
        names = os.listxattr(descriptor)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return []
        raise
    return [name for name in sorted(names) if name.startswith(CARRIED) and name != markers.NAME]


def _give(descriptor: int, name: str, value: bytes) -> None:
    """An attribute that this filesystem does not know, or that is not ours to give, stays away."""
    try:
        os.setxattr(descriptor, name, value)
    except OSError as error:
        if error.errno not in _FOREIGN:
            raise


def _named(lists: Iterator[bytes]) -> dict[str, str]:
    """The names of everybody whom some access lists name."""
    found = {}
    for each in lists:
        for tag, _, number in _entries(each):
            if tag == _USER:
                found[f"u{number}"] = user_name(number)
            elif tag == _GROUP:
                found[f"g{number}"] = group_name(number)
    return {key: name for key, name in found.items() if name}


def _meant(value: bytes, names: Mapping[str, str]) -> bytes:
    """An access list with the numbers that those whom it names have here, in the kernel's order."""
    entries = [(tag, may, _number(tag, number, names)) for tag, may, number in _entries(value)]
    if not entries:
        return value
    return value[: _HEAD.size] + b"".join(
        _ENTRY.pack(*each) for each in sorted(entries, key=lambda each: (each[0], each[2]))
    )


def _number(tag: int, number: int, names: Mapping[str, str]) -> int:
    with suppress(KeyError):
        if tag == _USER and (name := names.get(f"u{number}")):
            return pwd.getpwnam(name).pw_uid
        if tag == _GROUP and (name := names.get(f"g{number}")):
            return grp.getgrnam(name).gr_gid
    return number


def _entries(value: bytes) -> list[tuple[int, int, int]]:
    """Of an access list; none when it is not as Linux writes them."""
    if (len(value) - _HEAD.size) % _ENTRY.size or len(value) <= _HEAD.size:
        return []
    return [tuple(each) for each in _ENTRY.iter_unpack(value[_HEAD.size :])]
