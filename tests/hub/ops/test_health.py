"""Health says which part is not well, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from lagan.hub.jobs.queries import ScheduleRow
from lagan.hub.ops.background import pages_answer
from lagan.hub.ops.health import judge_queue, judge_scheduler, judge_volumes

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def volume(**facts: Any) -> Any:
    standard = {"name": "a", "state": "online", "damaged": {}, "total": 100, "free": 50}
    return SimpleNamespace(**{**standard, **facts})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": "missing"}, "a is missing"),
        ({"damaged": {"bad": 1}}, "a has damaged copies"),
        ({"free": 1}, "a is nearly full"),
    ],
)
def test_a_volume_that_is_not_well_is_named(facts: dict[str, Any], said: str) -> None:
    check = judge_volumes([volume(name="b"), volume(**facts)])
    assert (check.well, check.detail) == (False, said)


@pytest.mark.parametrize("facts", [{}, {"total": None, "free": None}, {"state": "retired"}])
def test_a_volume_without_fault_is_well(facts: dict[str, Any]) -> None:
    assert judge_volumes([volume(**facts)]).well


def test_a_hub_without_volumes_is_not_well() -> None:
    assert not judge_volumes([]).well


@pytest.mark.parametrize(("minutes", "well"), [(0, True), (14, True), (16, False)])
def test_a_queue_is_well_while_its_tasks_are_begun(minutes: int, well: bool) -> None:
    assert judge_queue(NOW - timedelta(minutes=minutes), NOW).well is well


def test_an_empty_queue_is_well() -> None:
    assert judge_queue(None, NOW).well


@pytest.mark.parametrize(("seconds", "well"), [(-10, True), (59, True), (61, False)])
def test_a_scheduler_is_well_while_nothing_is_overdue(seconds: int, well: bool) -> None:
    rows = [ScheduleRow("a", NOW - timedelta(seconds=seconds), "")]
    assert judge_scheduler(rows, NOW).well is well


def test_a_scheduler_that_never_ran_is_not_well() -> None:
    assert not judge_scheduler([], NOW).well


def test_healthz_of_an_empty_hub_is_503_and_says_why(db: None, client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    parts = {check["name"]: check for check in answer.json()["checks"]}
    assert parts["database"]["well"]
    assert parts["volumes"]["detail"] == "there is no volume"


def test_metrics_are_for_this_machine(db: None, client: Client) -> None:
    assert b'lagan_well{part="database"} 1.0' in client.get("/metrics").content
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 404


@pytest.mark.parametrize("status", [200, 503])
def test_a_hub_that_systemd_runs_is_asked_where_it_answers(status: int) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(status if self.path == "/healthz" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert pages_answer(f"http://127.0.0.1:{server.server_address[1]}")
        thread.join()
    assert not pages_answer(f"http://127.0.0.1:{server.server_address[1]}")
    assert not pages_answer("")
