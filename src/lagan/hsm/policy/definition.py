"""What a policy says, checked: which files, in which order, how full a filesystem may be, and what
is done with them.

Sizes are given in bytes or as text like `64 KiB`, times as seconds or text like `90 d`, thresholds
in percent of what a filesystem holds for who is not root, as `df` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

from lagan.hsm.policy.errors import UnsoundPolicy
from lagan.kit import patterns
from lagan.kit.errors import BadInput
from lagan.kit.sizes import KIB, parse_size
from lagan.kit.times import parse_span

UNREAD, LARGEST, WEIGHTED = "unread", "largest", "weighted"
ORDERS = (UNREAD, LARGEST, WEIGHTED)
"""The longest unread first; the largest first; by bytes times the days for which they were not
read."""
MIGRATE, PREMIGRATE = "migrate", "premigrate"
ACTIONS = (MIGRATE, PREMIGRATE)
ANY, ONLY, NOT = "any", "only", "not"
COPIED = (ANY, ONLY, NOT)
"""Files whatever their state, those alone that are premigrated already (nothing is copied, so room
comes in seconds), those alone that are not."""
MIN_SIZE = 64 * KIB
"""Below this a stub saves little: ext4 keeps a block for the marker
(reference: docs/internals/hsm.md)."""
MOST_FILES, USUAL_FILES = 1_000_000, 100_000
"""Files of one run: what a worker holds in memory, about 300 bytes each."""
_MOST_TEXTS, _LONGEST_TEXT = 100, 4096
_LONGEST = 100 * 366 * 86400.0  # seconds
_MOST_BYTES = 2**62


@dataclass(frozen=True, slots=True)
class Policy:
    """A sound policy. Sizes in bytes, times in seconds, thresholds in percent."""

    paths: tuple[str, ...] = ()
    """Where it looks; everywhere at the site when empty."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_size: int = MIN_SIZE
    unread_for: float = 0.0
    unwritten_for: float = 0.0
    owners: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Names or numbers of accounts as the site knows them; of everybody when empty."""
    premigrated: str = ANY
    order: str = UNREAD
    high: float | None = None
    low: float | None = None
    """Nothing is done to a filesystem until it is fuller than `high`, nor once it is down to `low`;
    without them the policy always applies."""
    action: str = MIGRATE
    target: str = ""
    """The one that the site's rules choose when empty."""
    stub_size: int = 0
    most_bytes: int | None = None
    most_files: int = USUAL_FILES

    def as_json(self) -> dict[str, Any]:
        """As it is kept; `check` takes it back."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def check(given: Mapping[str, Any]) -> Policy:
    """The policy that `given` describes; UnsoundPolicy with every reason why it is none. What is
    missing, null or an empty text is as usual."""
    reasons: dict[str, list[str]] = {}
    read: dict[str, Any] = {}
    for name in sorted(set(given) - set(_READ)):
        known = ", ".join(_READ)
        reasons[name[:60]] = [f"A policy has no such field; it has {known}."]
    for name, reader in _READ.items():
        if given.get(name) in (None, ""):
            continue
        try:
            read[name] = reader(given[name])
        except BadInput as odd:
            reasons[name] = [odd.sentence]
    policy = Policy(**read)
    if not reasons:
        reasons = {field: [said] for field, said in _together(policy)}
    if reasons:
        raise UnsoundPolicy(reasons)
    return policy


def _together(policy: Policy) -> Iterator[tuple[str, str]]:
    """What only makes no sense with something else."""
    if (policy.high is None) != (policy.low is None):
        missing = "high" if policy.high is None else "low"
        yield missing, "Both thresholds are given, or neither."
    elif policy.high is not None and policy.low is not None and policy.low >= policy.high:
        yield "low", "It is below the threshold at which freeing begins."
    if policy.action == PREMIGRATE and policy.high is not None:
        yield "high", "Premigrating frees nothing, so there is no threshold to reach."
    if policy.action == PREMIGRATE and policy.premigrated == ONLY:
        yield "premigrated", "What is premigrated already cannot be premigrated."


def _number(value: Any, least: float, most: float, what: str) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else -1.0
    except (ValueError, OverflowError):
        number = -1.0
    if isinstance(value, bool) or not least <= number <= most:
        raise BadInput(f"{what} is expected.")
    return number


def _percent(value: Any) -> float:
    return _number(value, 0, 100, "A number of percent from 0 to 100")


def _files(value: Any) -> int:
    what = f"A whole number from 1 to {MOST_FILES}"
    number = _number(value, 1, MOST_FILES, what)
    if number != int(number):
        raise BadInput(f"{what} is expected.")
    return int(number)


def _size(value: Any) -> int:
    try:
        size = parse_size(value) if isinstance(value, str) else value
    except (BadInput, OverflowError):
        size = -1
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _MOST_BYTES:
        raise BadInput("A size is expected, like 64 KiB or 10 GiB.")
    return size


def _span(value: Any) -> float:
    try:
        seconds = parse_span(value) if isinstance(value, str) else value
    except BadInput:
        seconds = -1
    return _number(seconds, 0, _LONGEST, "A length of time, like 90 d or 12 h,")


def _one(value: Any, known: Sequence[str]) -> str:
    if value not in known:
        raise BadInput(f"One of {', '.join(known)} is expected.")
    return str(value)


def _texts(value: Any, most: int = _MOST_TEXTS, longest: int = _LONGEST_TEXT) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or len(texts) > most:
        raise BadInput(f"A list of at most {most} texts is expected.")
    if not all(isinstance(each, str) and 0 < len(each) <= longest for each in texts):
        raise BadInput(f"Each is a text of 1 to {longest} characters.")
    if not all(_is_text(each) for each in texts):
        raise BadInput("Only names that can be shown are taken here; name the folder above.")
    return tuple(dict.fromkeys(texts))


def _is_text(name: str) -> bool:
    """Names of odd bytes travel badly through forms and databases."""
    return name.isprintable()


def _paths(value: Any) -> tuple[str, ...]:
    paths = _texts(value)
    if odd := [each for each in paths if not each.startswith("/")]:
        raise BadInput(f"A path at a site is absolute, unlike {ascii(odd[0])[:120]}.")
    return paths


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 64 or not value.isprintable():
        raise BadInput("A name of one line and at most 64 characters is expected.")
    return value


_patterns = partial(_texts, most=patterns.MOST, longest=patterns.LONGEST)
_READ: Mapping[str, Any] = {
    "paths": _paths,
    "include": _patterns,
    "exclude": _patterns,
    "min_size": _size,
    "unread_for": _span,
    "unwritten_for": _span,
    "owners": _texts,
    "groups": _texts,
    "premigrated": partial(_one, known=COPIED),
    "order": partial(_one, known=ORDERS),
    "high": _percent,
    "low": _percent,
    "action": partial(_one, known=ACTIONS),
    "target": _text,
    "stub_size": _size,
    "most_bytes": _size,
    "most_files": _files,
}
FIELDS: tuple[str, ...] = tuple(field.name for field in fields(Policy))
"""What a policy consists of."""
