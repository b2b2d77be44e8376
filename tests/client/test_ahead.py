"""Files of a dataset as streams: small ones come ahead, in any order they are right, and one that
is not what was listed is refused."""

from __future__ import annotations

import hashlib
import os

import pytest

from lagan.client import Hub
from lagan.client.ahead import SMALL, WINDOW, Remote, fetching
from lagan.kit.errors import DigestMismatch
from tests.agent.hub import TestHub

CONTENTS = {f"{number:02}": os.urandom(100 + number) for number in range(2 * WINDOW)}
CONTENTS["05-large"] = os.urandom(SMALL + 1)
NAMES = sorted(CONTENTS)


def remote(path: str, content: bytes) -> Remote:
    return Remote(path, len(content), hashlib.sha256(content).hexdigest(), 1, 0, "")


@pytest.fixture
def files(hub: Hub, dataset: str) -> list[Remote]:
    for name in NAMES:
        hub.put(dataset, name, CONTENTS[name])
    return [remote(name, CONTENTS[name]) for name in NAMES]


def fetched(server: TestHub) -> list[str]:
    return [path.rpartition("/")[2] for method, path in server.requests if method == "GET"]


def test_all_come_in_order_each_fetched_once(
    hub: Hub, server: TestHub, dataset: str, files: list[Remote]
) -> None:
    server.requests.clear()
    with fetching(hub, dataset) as ahead:
        got = [b"".join(opener()) for opener in ahead.openers(files)]
    assert got == [CONTENTS[name] for name in NAMES]
    assert sorted(fetched(server)) == NAMES


def test_what_is_passed_over_does_no_harm(hub: Hub, dataset: str, files: list[Remote]) -> None:
    with fetching(hub, dataset) as ahead:
        openers = ahead.openers(files)
        for at in (0, 20, 21, 3, 30, 6):
            assert b"".join(openers[at]()) == CONTENTS[NAMES[at]]


def test_no_more_are_held_than_the_window(
    hub: Hub, server: TestHub, dataset: str, files: list[Remote]
) -> None:
    server.requests.clear()
    with fetching(hub, dataset) as ahead:
        next(iter(ahead.openers(files)[0]()))
    assert len(fetched(server)) <= WINDOW


@pytest.mark.parametrize("name", ["03", "05-large"])
def test_a_file_that_is_not_what_was_listed_is_refused(
    hub: Hub, dataset: str, files: list[Remote], name: str
) -> None:
    hub.put(dataset, name, CONTENTS[name][::-1])
    with fetching(hub, dataset) as ahead:
        opener = ahead.openers(files)[NAMES.index(name)]
        with pytest.raises(DigestMismatch, match=name):
            b"".join(opener())
