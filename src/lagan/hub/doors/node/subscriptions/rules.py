"""What a subscription may say, when two are the same, where a file goes; pure.

Source: reference/ngas-http.md section 7.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from lagan.hub.doors.node.wire.messages import CMD_SYNTAX
from lagan.hub.doors.node.wire.reply import Failed

PRIORITY, THREADS = 10, 1
"""What a subscription has that says nothing of them."""
MOST_THREADS = 24
"""Deliveries at once to one subscriber, whatever it asks for."""
IN_ORDER, IN_ANY_ORDER = "____", "----"
"""What stands between addresses of which one is enough."""
JOB = "ngasjob"
LONGEST_ID, LONGEST_URL = 255, 2000
PAUSE = timedelta(seconds=3)
"""After a receiver could not be reached; twice as long after each further time."""
PAUSE_BETWEEN_TRIES, EXPIRES = timedelta(minutes=5), timedelta(days=8)
"""SuspensionTime and BackLogExpTime of a node without a SubscriptionDef."""
REFUSALS = 10
"""Files in a row that a receiver may refuse before it is left alone for a moment."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """All that a client can say of one. `start` is local time as a client writes it; None when it
    was not told."""

    id: str
    url: str
    start: str | None = None
    priority: int = PRIORITY
    filter: str = ""
    parameters: str = ""
    threads: int = THREADS

    def same(self, other: Subscription) -> bool:
        """Whether it is the other one, told again; a start that is not told differs from none."""
        start = other.start if self.start is None else self.start
        return replace(self, start=start) == other


def default_id(url: str) -> str:
    """The id of a subscription that has none of its own: its address up to the query."""
    return url.partition("?")[0]


def check_url(url: str) -> str:
    """The address, or addresses, to which files go; Failed in the words that clients look for."""
    if not url.strip():
        raise _bad("the URL is empty: the parameter url is needed")
    if len(url) > LONGEST_URL:
        raise _bad(f"the URL has more than {LONGEST_URL} characters")
    for each in split_url(url)[0]:
        _check_one(each)
    return url


def _check_one(url: str) -> None:
    shown = url[:200]
    if re.search(r"[\x00-\x20\x7f]", url):
        raise _bad(f"the URL {shown!r} has blanks or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _bad(f"the URL {shown!r} cannot be read: {error}") from None
    if not parts.scheme:
        raise _bad(f"no scheme found in the URL {shown!r}")
    if parts.scheme not in ("http", "https", JOB):
        raise _bad(f"only http or https scheme allowed, not {parts.scheme}")
    if not parts.netloc or not parts.hostname or port == 0:
        raise _bad(f"no netloc found in the URL {shown!r}")


def _bad(what: str) -> Failed:
    return Failed(CMD_SYNTAX.say("SUBSCRIBE", what))


def split_url(url: str) -> tuple[list[str], bool]:
    """The addresses of a subscription, and whether their order counts."""
    if IN_ORDER in url:
        return [each for each in url.split(IN_ORDER) if each], True
    return [each for each in url.split(IN_ANY_ORDER) if each], IN_ANY_ORDER not in url


def targets(url: str, shuffle: Callable[[list[str]], None] = random.shuffle) -> Sequence[str]:
    """The addresses in the order in which they are tried."""
    found, ordered = split_url(url)
    if not ordered:
        shuffle(found)
    return found


def is_rearchive(url: str) -> bool:
    """Whether the receiver keeps version, path and dates, which it is told then."""
    return urlsplit(url).path.endswith("/REARCHIVE")


@dataclass(frozen=True, slots=True)
class Job:
    """A plug-in that is called in the place of a receiver."""

    plug_in: str
    parameters: str
    redo: bool


def job(url: str) -> Job | None:
    """`ngasjob://<plug-in>?redo_on_fail=0|1&plugin_params=...`; None for another address."""
    parts = urlsplit(url)
    if parts.scheme != JOB:
        return None
    asked = dict(parse_qsl(parts.query))
    return Job(parts.netloc, asked.get("plugin_params", ""), asked.get("redo_on_fail") == "1")


def pause_after(failures: int, longest: timedelta) -> timedelta:
    """How long a receiver is left alone that could not be reached so many times in a row."""
    grown: timedelta = PAUSE * 2 ** min(failures - 1, 16)
    return min(grown, max(longest, timedelta(seconds=1)))


def receiver_status(url: str) -> str | None:
    """Where a receiver that is a node says what it has; None where that is not known."""
    parts = urlsplit(url)
    folder, _, command = parts.path.rpartition("/")
    if command not in ("QARCHIVE", "ARCHIVE", "REARCHIVE"):
        return None
    return parts._replace(path=f"{folder}/STATUS", query="", fragment="").geturl()
