"""What a worker's file says of its targets: where each is, and which files go there."""

from __future__ import annotations

import grp
import pwd
import re
from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from lagan.hsm.choosing import Rule, pattern
from lagan.kit.errors import BadInput, LaganError
from lagan.kit.sizes import parse_size
from lagan.kit.times import parse_span
from lagan.store.opening import open_volume
from lagan.worker.archive_volume import check_location, is_archive

DAY = 86400.0
_PLAIN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
LOCATION = "location"


def location(lines: Mapping[str, str]) -> str:
    """Where a target is; it is opened once, so that a wrong one is known at the start. BadInput
    names the setting."""
    text = lines.get(LOCATION, "").strip()
    if not text:
        raise BadInput("needs a location.", setting=LOCATION)
    try:
        if is_archive(text):
            check_location(text)
        else:
            open_volume(text)
    except LaganError as error:
        raise BadInput(error.sentence, setting=LOCATION) from None
    return text


def rule(target: str, lines: Mapping[str, str]) -> Rule:
    """Which files go to a target. BadInput names the setting that makes no sense."""
    given: dict[str, Any] = {}
    for name, text in lines.items():
        if name == LOCATION:
            continue
        if name not in _READ:
            known = ", ".join([LOCATION, *_READ])
            raise BadInput(f"{name} is no setting of a target; there are {known}.", setting=name)
        field, read = _READ[name]
        try:
            given[field] = read(text.strip())
        except BadInput as error:
            raise BadInput(f"{name}: {error.sentence}", setting=name) from None
    made = Rule(target, **given)
    if made.min_size > made.max_size:
        raise BadInput("max_size is less than min_size: no file fits.", setting="max_size")
    if made.older_than > made.newer_than:
        raise BadInput("newer_than is less than older_than: no file fits.", setting="newer_than")
    return made


def _patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """One a line, or with commas between."""
    words = [word.strip() for line in text.splitlines() for word in line.split(",")]
    found = tuple(pattern(word) for word in words if word)
    if not found or len(found) > 100 or any(len(word) > 1000 for word in words):
        raise BadInput("write 1 to 100 shell patterns, one a line or with commas between.")
    return found


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except (BadInput, OverflowError):
        raise BadInput(f"{text[:40]!r} is no size; write 512, 200 kB or 10 GiB.") from None


def _age(text: str) -> float:
    try:
        seconds = float(text) * DAY if _PLAIN.fullmatch(text) else parse_span(text)
    except BadInput:
        seconds = -1.0
    if not 0 <= seconds < inf:
        raise BadInput(f"{text[:40]!r} is no age; write days, or text like 12 h or 90 d.")
    return seconds


def _owners(text: str) -> frozenset[int]:
    return _numbers(text, "user", lambda name: pwd.getpwnam(name).pw_uid)


def _groups(text: str) -> frozenset[int]:
    return _numbers(text, "group", lambda name: grp.getgrnam(name).gr_gid)


def _numbers(text: str, kind: str, look_up: Callable[[str], int]) -> frozenset[int]:
    """Names or numbers with commas or spaces between."""
    found = set()
    for word in text.replace(",", " ").split():
        try:
            found.add(int(word) if word.isascii() and word.isdigit() else look_up(word))
        except KeyError:
            raise BadInput(f"there is no {kind} {word[:64]!r} on this machine.") from None
    if not found:
        raise BadInput(f"name a {kind}.")
    return frozenset(found)


_READ: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "paths": ("paths", _patterns),
    "min_size": ("min_size", _size),
    "max_size": ("max_size", _size),
    "older_than": ("older_than", _age),
    "newer_than": ("newer_than", _age),
    "unread_for": ("unread_for", _age),
    "owner": ("owners", _owners),
    "group": ("groups", _groups),
}
