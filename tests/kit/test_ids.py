"""Ids are unique, of version 7, and sort by when they were made."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from lagan.kit.ids import new_id


def test_ids_rise_and_are_of_version_7():
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {"specified in RFC 4122"}


def test_an_id_has_its_time():
    before = time.time_ns() // 1_000_000
    millis = new_id().int >> 80
    assert before <= millis <= time.time_ns() // 1_000_000 + 1


def test_threads_never_get_the_same():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: new_id(), range(20_000)))
    assert len(set(made)) == len(made)
