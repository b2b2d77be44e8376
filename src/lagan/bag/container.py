"""What a bag is packed in: a list of members, and their content in one pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, cast

from isal import isal_zlib

from lagan.bag.errors import Damage
from lagan.bag.limits import Limits
from lagan.bag.verdict import Findings
from lagan.kit.digests import Buffer

CORRUPT = cast("type[Exception]", isal_zlib.IsalError)
"""What inflating raises about damaged content; the package's types call it an instance."""


@dataclass(slots=True)
class Member:
    """A file or folder. `name` has no slash at its end; `size` in bytes is what was announced;
    `mtime_ns` is a time of change in nanoseconds since the epoch, known of files of this
    machine."""

    name: str
    size: int
    folder: bool
    mtime_ns: int | None = field(default=None, kw_only=True)


class Container(Protocol):
    """An archive or a folder, its members known and free of tricks."""

    form: str

    @property
    def members(self) -> Iterable[Member]:
        """All of them."""

    def read(self, member: Member, limit: int) -> bytes:
        """The content of a small file. Damage when it is longer than `limit` bytes."""

    def contents(self, feed: Callable[[Buffer], None]) -> Iterator[tuple[Member, Iterator[Buffer]]]:
        """Every member in order, with its content in pieces; Damage while these are taken concerns
        that member only. `feed` sees every byte of an archive, in order."""


_DRIVE = re.compile(r"[A-Za-z]:")


def objection(name: str) -> str | None:
    """Why a member's name could leave the folder that it is unpacked into; None if it cannot."""
    if not name:
        return "The name is empty."
    if "\0" in name:
        return "The name holds a NUL."
    if "\\" in name:
        return "The name holds a backslash, which Windows takes for a separator."
    if name.startswith("/"):
        return "The name is absolute."
    if _DRIVE.match(name):
        return "The name begins with a drive."
    parts = name.split("/")
    if ".." in parts:
        return "The name goes up with `..`."
    if "" in parts or "." in parts:
        return "The name has an empty part or a dot as a part."
    return None


def check_members(members: Iterable[Member], limits: Limits, found: Findings) -> None:
    """Find names that leave the bag, occur twice, or lie beneath a file. Damage when one lies too
    deep."""
    kinds: dict[str, bool] = {}
    for member in members:
        if member.name.count("/") > limits.depth:
            raise Damage("limit-name", f"More than {limits.depth} folders in one another.")
        reason = objection(member.name)
        if reason is not None:
            found.error("member-name", member.name, reason)
        elif member.name in kinds:
            found.error("member-duplicate", member.name, "The archive holds this name twice.")
        kinds[member.name] = member.folder
    good: set[str] = set()
    for name in kinds:
        above, slash, _ = name.rpartition("/")
        while slash and above not in good:
            if kinds.get(above) is False:
                found.error("member-duplicate", name, f"It lies beneath the file {above!r}.")
            else:
                good.add(above)
            above, slash, _ = above.rpartition("/")


def check_growth(size: int, packed: int, limits: Limits) -> None:
    """Damage when `packed` bytes grow to `size` beyond what is allowed."""
    if size > limits.total:
        raise Damage("limit-total", f"It unpacks to {size} bytes; {limits.total} are allowed.")
    if size > limits.ratio_from and size > limits.ratio * packed:
        raise Damage(
            "limit-ratio",
            f"{packed} bytes unpack to {size}, more than {limits.ratio} times as many.",
        )


def gather(pieces: Iterable[Buffer], limit: int) -> bytes:
    """The pieces joined. Damage when they are more than `limit` bytes."""
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) > limit:
            raise Damage(
                "limit-tag-file", f"It has more than the {limit} bytes that tag files may have."
            )
    return bytes(joined)
