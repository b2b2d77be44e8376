"""What is known of a request is true: its counts, its end, and after the process ended too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from lagan.hub.doors.node.wire.request_store import (
    InFile,
    InMemory,
    Requests,
    RequestState,
    open_requests,
)


def call(command: str = "CLONE") -> Any:
    return SimpleNamespace(
        id=uuid4(), began=datetime.now(UTC), request=SimpleNamespace(command=command)
    )


@pytest.fixture(params=["memory", "bsddb"])
def requests(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = open_requests(request.param, tmp_path / "deep" / "requests.sqlite")
    yield made
    made.close()


def found(requests: Requests, id: str) -> dict[str, str | None]:
    state = requests.find(id)
    assert state is not None
    return dict(state.attributes())


def test_progress_is_told_in_percent(requests: Requests) -> None:
    id = requests.begin(call(), expected=8)
    assert found(requests, id)["CompletionPercent"] is None
    requests.progress(id, 2)
    told = found(requests, id)
    assert (told["ActualCount"], told["ExpectedCount"]) == ("2", "8")
    assert told["CompletionPercent"] == "25.00"
    assert told["CompletionTime"] is None
    requests.progress(id, 8)
    requests.end(id)
    told = found(requests, id)
    assert told["CompletionPercent"] == "100.00"
    assert told["RemainingTime"] == "0.000"
    assert told["CompletionTime"] is not None


def test_what_is_expected_may_be_known_late(requests: Requests) -> None:
    id = requests.begin(call())
    requests.progress(id, 1, 4)
    assert found(requests, id)["CompletionPercent"] == "25.00"


def test_the_first_end_counts(requests: Requests) -> None:
    id = requests.begin(call())
    requests.end(id, "FAILURE", "no room")
    requests.end(id)
    state = requests.find(id)
    assert state is not None
    assert (state.status, state.message) == ("FAILURE", "no room")


def test_a_block_that_raises_ends_as_a_failure(requests: Requests) -> None:
    asked = call()
    with pytest.raises(ValueError, match="odd"), requests.following(asked):
        raise ValueError("odd")
    state = requests.find(str(asked.id))
    assert state is not None
    assert (state.status, state.message) == ("FAILURE", "ValueError")


def test_old_requests_are_forgotten(requests: Requests) -> None:
    ended, running = requests.begin(call()), requests.begin(call())
    requests.end(ended)
    requests.forget(datetime.now(UTC) + timedelta(seconds=1))
    assert requests.find(ended) is None
    assert requests.find(running) is not None


def test_without_a_store_nothing_is_known() -> None:
    requests = open_requests("null", Path("/nowhere"))
    with requests.following(call()):
        pass
    id = requests.begin(call())
    requests.progress(id, 1)
    requests.end(id)
    assert not requests.kept
    assert requests.find(id) is None


def test_memory_holds_only_so_many() -> None:
    shelf = InMemory(most=2)
    first = RequestState("a", "CLONE", 1, 1)
    for id in "abc":
        shelf.put(replace(first, id=id))
    assert [shelf.get(id) is None for id in "abc"] == [True, False, False]


def test_the_file_survives_the_process_and_says_what_was_cut_off(tmp_path: Path) -> None:
    shelf = InFile(tmp_path / "requests")
    done = RequestState("done", "CLONE", 1, 2, 3, 3, 2, "SUCCESS")
    shelf.put(done)
    shelf.put(RequestState("cut", "CLONE", 1, 2, 1, 3))
    shelf.close()
    again = InFile(tmp_path / "requests")
    assert again.get("done") == done
    cut = again.get("cut")
    assert cut is not None
    assert (cut.status, cut.ended, cut.actual) == ("FAILURE", 2, 1)
    again.close()
