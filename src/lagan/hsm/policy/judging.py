"""Whether a file is one that a policy speaks of, by what the filesystem and the file's own marker
say; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from os import stat_result
from stat import S_ISREG

from lagan.hsm.policy.definition import NOT, ONLY, PREMIGRATE, Policy
from lagan.hsm.states import PREMIGRATED, SECTOR, UNMANAGED
from lagan.kit.patterns import Pattern, compiled, matches

NO_FILE, SMALL, READ, WRITTEN = "no-file", "small", "read", "written"
OWNER, NOT_INCLUDED, EXCLUDED = "owner", "not-included", "excluded"
PINNED, AWAY, STATE, NOT_FULL = "pinned", "away", "state", "not-full"
NOTHING_TO_FREE, UNREADABLE, NOT_NEEDED = "nothing-to-free", "unreadable", "not-needed"
WHY = (
    NOT_NEEDED, PINNED, EXCLUDED, NOT_INCLUDED, READ, WRITTEN, SMALL, OWNER, STATE, AWAY,
    NOTHING_TO_FREE, NOT_FULL, NO_FILE, UNREADABLE,
)  # fmt: skip
"""Why a file is left where it is."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy ready to be held against many files at one moment, `now` in seconds since the epoch.
    `owners` and `groups` are numbers, None for everybody's."""

    policy: Policy
    now: float
    include: tuple[Pattern, ...]
    exclude: tuple[Pattern, ...]
    owners: Collection[int] | None
    groups: Collection[int] | None

    def enters(self, folder: str) -> bool:
        """Whether a folder is looked into."""
        return not matches(self.exclude, folder)

    def why_not(self, path: str, facts: stat_result, keeps_read_times: bool) -> str | None:
        """Why a file is left where it is, by what its name and its facts say; None when these speak
        for it. Without `keeps_read_times` the time of writing stands for that of reading."""
        policy = self.policy
        if not S_ISREG(facts.st_mode):
            return NO_FILE
        if matches(self.exclude, path):
            return EXCLUDED
        if self.include and not matches(self.include, path):
            return NOT_INCLUDED
        if facts.st_size < policy.min_size:
            return SMALL
        if not self._is_theirs(facts):
            return OWNER
        if self.now - facts.st_mtime < policy.unwritten_for:
            return WRITTEN
        return READ if self.unread(facts, keeps_read_times) < policy.unread_for else None

    def why_not_in(self, state: str) -> str | None:
        """The same by the state that its marker tells."""
        if state not in (UNMANAGED, PREMIGRATED):
            return AWAY if state == "migrated" else STATE
        wanted = self.policy.premigrated
        if self.policy.action == PREMIGRATE or wanted == NOT:
            return STATE if state == PREMIGRATED else None
        return STATE if wanted == ONLY and state != PREMIGRATED else None

    def unread(self, facts: stat_result, keeps_read_times: bool) -> float:
        """Seconds since the file was read, or written, which tells as much."""
        read = max(facts.st_atime, facts.st_mtime) if keeps_read_times else facts.st_mtime
        return self.now - read

    def _is_theirs(self, facts: stat_result) -> bool:
        return (self.owners is None or facts.st_uid in self.owners) and (
            self.groups is None or facts.st_gid in self.groups
        )


def rules(
    policy: Policy,
    now: float,
    owners: Collection[int] | None = None,
    groups: Collection[int] | None = None,
) -> Rules:
    """The rules of a policy at a moment."""
    include, exclude = (tuple(map(compiled, each)) for each in (policy.include, policy.exclude))
    return Rules(policy, now, include, exclude, owners, groups)


def room_freed(facts: stat_result, policy: Policy) -> int:
    """Bytes of disk that migrating a file gives back; each of several names of one file its share,
    so that all of them together count it once."""
    if policy.action == PREMIGRATE:
        return 0
    return max(0, facts.st_blocks * SECTOR - policy.stub_size) // max(1, facts.st_nlink)
