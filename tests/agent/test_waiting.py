"""A hub that is away: what is to go is remembered and shown, and goes when the hub is back."""

from __future__ import annotations

import json
import threading
from contextlib import closing

import pytest

from lagan.agent.progress import Quiet
from lagan.agent.rows import Condition
from lagan.agent.state import State
from lagan.agent.sync import sync
from lagan.kit.errors import Unavailable
from tests.agent.conftest import Bench
from tests.agent.hub import TestHub
from tests.agent.observer import Kept


def waiting(bench: Bench) -> tuple[int, int, float | None]:
    with closing(State(bench.folder / "state")) as state:
        return state.waiting()


def away(bench: Bench, **changes: object) -> Kept:
    kept = Kept()
    settings = bench.settings(hub_url="http://127.0.0.1:9", connection_timeout=1, **changes)
    with pytest.raises(Unavailable):
        sync(settings, Quiet(), threading.Event(), observer=kept)
    return kept


def test_what_would_go_waits_and_goes_later(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif", b"12345")
    assert bench.sync().exit == 0
    hub.verified = True
    assert bench.sync().verified == 1
    bench.file("anna/d/b.tif", b"123")
    bench.file("ben/new/c.tif", b"1234")
    kept = away(bench)
    assert kept.conditions() == {"b.tif": Condition.NO_ANSWER, "c.tif": Condition.NO_ANSWER}
    files, size, since = waiting(bench)
    assert (files, size) == (2, 7)
    bench.file("ben/new/d.tif", b"1")
    away(bench)
    assert waiting(bench) == (3, 8, since), "since when the first one waits"
    code, out, _ = bench.run("status", "--json")
    told = json.loads(out)["waiting"]
    assert (code, told["files"], told["bytes"]) == (0, 3, 8)
    assert bench.sync().exit == 0
    assert waiting(bench) == (0, 0, None)
    assert len(hub.contents()) == 4


def test_what_failed_on_the_way_waits_too(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif", b"12345")
    hub.refuse("POST", "/api/uploads/batch/", 507, "no-space", times=9)
    assert bench.sync().exit == 12
    assert waiting(bench)[:2] == (1, 5)


def test_a_hub_that_goes_away_on_the_way_is_the_same(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif", b"12345")
    hub.refuse("POST", "/api/ingest/lookup/", 503, "unavailable", times=9)
    kept = Kept()
    with pytest.raises(Unavailable):
        sync(bench.settings(), Quiet(), threading.Event(), observer=kept)
    assert kept.conditions() == {"a.tif": Condition.BUSY}
    assert len(kept.rows["folders"]) == 1
    assert waiting(bench)[:2] == (1, 5)


def test_what_is_archived_does_not_wait_verified_or_not(bench: Bench, hub: TestHub) -> None:
    bench.file("anna/d/a.tif", b"12345")
    bench.file("anna/d/b.tif", b"12345")
    assert bench.sync().exit == 0
    away(bench)
    assert waiting(bench)[0] == 0
    bench.file("anna/d/b.tif", b"changed")
    away(bench)
    assert waiting(bench)[:2] == (1, 7)
