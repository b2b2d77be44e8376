"""What a configuration says as a whole must make sense; every reason is given at once.

Source: reference/ngas-http.md section 10, the semantic check at start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lagan.hub.doors.node.config.shape import NodeConfig
from lagan.kit.errors import BadInput


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: the element as a path, its attribute (or empty), its line (0: not one line),
    why."""

    element: str
    attribute: str
    line: int
    reason: str

    def __str__(self) -> str:
        what = f"{self.element}.{self.attribute}" if self.attribute else self.element
        return f"line {self.line}: {what}: {self.reason}" if self.line else f"{what}: {self.reason}"


class Refused(BadInput):
    """A configuration that a node will not start with. `problems` in its facts has every reason.

    The sentence begins as that of the server whose place the node takes, which scripts look for.
    """

    code = "configuration-refused"

    def __init__(self, file: str, found: Sequence[Problem]) -> None:
        reasons = "; ".join(map(str, found))
        super().__init__(
            "CHECK REPORT FOR NG/AMS CONFIGURATION; "
            f"Configuration Filename: {file or '-'}; {reasons}.",
            problems=[str(each) for each in found],
        )


def problems(config: NodeConfig) -> list[Problem]:
    """Everything in a readable configuration that does not fit together."""
    found = [
        *_types(config),
        *_sets(config),
        *_streams(config),
        *_archiving(config),
        *_caching(config),
        *_waiting(config),
        *_users(config),
    ]
    return [Problem(element, attribute, 0, reason) for element, attribute, reason in found]


Found = Iterator[tuple[str, str, str]]


def _types(config: NodeConfig) -> Found:
    if not config.mime_types.items:
        yield "MimeTypes", "", "no MimeTypeMap is listed"
    for extension in _twice(each.extension for each in config.mime_types.items):
        yield "MimeTypes", "Extension", f"{extension} is mapped twice"


def _sets(config: NodeConfig) -> Found:
    sets = config.storage_sets.items
    for id in _twice(each.id for each in sets):
        yield "StorageSets.StorageSet", "StorageSetId", f"{id} is there twice"
    slots = [slot for each in sets for slot in (each.main, each.replica) if slot]
    for slot in _twice(slots):
        yield "StorageSets.StorageSet", "MainDiskSlotId", f"the slot {slot} is used twice"


def _streams(config: NodeConfig) -> Found:
    known = {each.id for each in config.storage_sets.items}
    for mime_type in _twice(each.mime_type for each in config.streams.items):
        yield "Streams.Stream", "MimeType", f"{mime_type} has two streams"
    for stream in config.streams.items:
        if not stream.storage_sets and not stream.archiving_units:
            reason = f"{stream.mime_type} leads to no StorageSetRef and no ArchivingUnit"
            yield "Streams.Stream", "", reason
        for missing in sorted(set(stream.storage_sets) - known):
            reason = f"{stream.mime_type} names the storage set {missing}, which is not defined"
            yield "Streams.Stream", "StorageSetId", reason


def _archiving(config: NodeConfig) -> Found:
    if not config.permissions.archive:
        return
    if config.archiving is None:
        yield "ArchiveHandling", "", "archiving is allowed, so this element is needed"
        return
    prefix = config.archiving.path_prefix
    if prefix.startswith("/") or ".." in prefix.split("/"):
        yield "ArchiveHandling", "PathPrefix", "it leads out of the volume"


def _caching(config: NodeConfig) -> Found:
    if config.caching.enabled and not config.permissions.remove:
        yield "Caching", "Enable", "cache mode removes files, which AllowRemoveReq does not allow"


def _waiting(config: NodeConfig) -> Found:
    check = config.data_check
    if check is not None and check.active and check.cycle.total_seconds() <= 0:
        yield "DataCheckThread", "MinCycle", "an active check needs a time between two cycles"
    if config.caching.enabled and config.caching.period.total_seconds() <= 0:
        yield "Caching", "Period", "it is no time at all"
    if config.janitor.pause.total_seconds() <= 0:
        yield "JanitorThread", "SuspensionTime", "it is no time at all"


def _users(config: NodeConfig) -> Found:
    for name in _twice(each.name for each in config.authorization.users):
        yield "Authorization.User", "Name", f"{name} is there twice"


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
