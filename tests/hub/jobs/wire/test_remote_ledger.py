"""A worker with the hub's address and a key does all that one with the database does, and what it
says twice is heard once."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import pytest
from django.db import connections

from lagan.hub.base.actors import SYSTEM
from lagan.hub.jobs.models import Job, Question, Site, SiteWorker, Task
from lagan.hub.jobs.questions import ask
from lagan.hub.jobs.rules import WALK
from lagan.hub.jobs.services import TaskSpec, cancel, create_job, ensure_site
from lagan.hub.jobs.starting import start
from lagan.hub.jobs.submission import Stage, Submission
from lagan.kit.errors import BadInput, Forbidden, NotFound, NotSignedIn, Unavailable
from lagan.worker.ledger import ItemFailure, LeaseLost, Outcome, Progress, WorkerFacts
from lagan.worker.remote import RemoteLedger
from tests.hub.jobs.wire.conftest import key_of
from tests.looping import run

pytestmark = pytest.mark.django_db(transaction=True)

STRANGE = [
    "plain",
    "new\nline",
    "café",
    os_name := b"\xff\xfe raw".decode("utf-8", "surrogateescape"),
]
LONG = 60.0


@pytest.fixture
def elsewhere() -> Iterator[Callable[..., Any]]:
    """Runs something in another thread, on a connection of its own."""
    with ThreadPoolExecutor(4) as pool:

        def run(act: Callable[..., Any], *args: Any, **named: Any) -> Any:
            def acted() -> Any:
                try:
                    return act(*args, **named)
                finally:
                    connections.close_all()

            return pool.submit(acted)

        yield run


def _job(*specs: TaskSpec) -> Job:
    return create_job(kind="k", title="t", by=SYSTEM, tasks=specs)


def test_a_task_comes_with_its_items_byte_for_byte_and_ends_with_its_failures(
    remote: RemoteLedger, lab: Site
) -> None:
    job = _job(TaskSpec("test.step", "lab", {"depth": 2}, STRANGE))
    (task,) = remote.claim(["lab"], "w1", 5)
    assert (task.step, task.site, task.attempt, task.args) == ("test.step", "lab", 1, {"depth": 2})
    assert list(task.items) == STRANGE
    assert remote.beat(task, Progress(2, 10)) is False
    failure = ItemFailure(os_name, "failed.unreadable", f"cannot read {os_name}")
    remote.finish(task, Outcome(3, 0, 1, [failure], {"where": os_name, "nul": "\0"}, 44))
    row = Task.objects.get()
    assert (row.state, row.worker, row.done_items, row.failed_items) == ("done", "w1", 3, 1)
    job.refresh_from_db()
    assert (job.state, job.processed, job.failed, job.bytes) == ("FAILURE", 3, 1, 44)


def test_what_is_said_twice_is_heard_once(remote: RemoteLedger, lab: Site) -> None:
    job = _job(*(TaskSpec("test.step", "lab", items=["a", "b"]) for _ in range(3)))
    finished, failed, released = remote.claim(["lab"], "w1", 3)
    for _ in range(2):
        remote.finish(finished, Outcome(2))
        remote.fail(failed, "out of order", permanent=True)
        remote.release(released)
    job.refresh_from_db()
    assert (job.processed, job.failed) == (2, 2)
    assert sorted(Task.objects.values_list("state", flat=True)) == ["done", "failed", "queued"]
    (again,) = remote.claim(["lab"], "w2")
    assert (again.id, again.attempt) == (released.id, 2)
    for late in (remote.finish, lambda task, _: remote.release(task)):
        with pytest.raises(LeaseLost):
            late(released, Outcome(2))


def test_a_batch_that_is_told_twice_is_kept_once(remote: RemoteLedger, lab: Site) -> None:
    stages = [Stage("test.step", "lab", {})]
    job = start(submission=Submission("w", "W", "lab", ["/x"], stages, "recursive"), by=SYSTEM)
    (walk,) = remote.claim(["lab"], "w1")
    remote.found(walk, [os_name, "/x/b"], 7)
    remote.found(walk, ["/x/c"], 1)
    same = {"id": walk.id, "attempt": 1, "items": ["/x/c"], "size": 1, "number": 2}
    assert remote._ask("found", same) == {}
    remote.finish(walk, Outcome(1, walks=[["/x/deep"]]))
    job.refresh_from_db()
    assert (job.total, Task.objects.filter(stage=0).count()) == (3, 2)
    assert Task.objects.filter(stage=WALK, state="queued").count() == 1
    batches = remote.claim(["lab"], "w1", 5)
    assert [os_name, "/x/b"] in [list(each.items) for each in batches]


def test_a_hint_is_claimed_while_it_is_true(remote: RemoteLedger, lab: Site) -> None:
    _job(TaskSpec("test.step", "lab", items=["a"]))
    id = Task.objects.get().pk
    task = remote.claim_hint(id, 0, False, "w1")
    assert task is not None
    assert task.attempt == 1
    assert remote.claim_hint(id, 0, False, "w2") is None
    assert remote.claim_hint(id + 1, 0, False, "w2") is None


def test_a_cancel_is_seen_at_the_next_beat(remote: RemoteLedger, lab: Site) -> None:
    job = _job(TaskSpec("test.step", "lab", items=["a"]))
    (task,) = remote.claim(["lab"], "w1")
    cancel(job=job.pk, by=SYSTEM)
    assert remote.beat(task, Progress()) is True


def test_the_tasks_of_another_site_look_absent(
    address: str, key: str, remote: RemoteLedger
) -> None:
    ensure_site(name="plant")
    _job(TaskSpec("test.step", "plant", items=["a"]))
    theirs = RemoteLedger(address, key_of("plant"))
    (task,) = theirs.claim(["plant"], "w")
    with pytest.raises(NotFound, match="plant"):
        remote.claim(["plant"], "w")
    with pytest.raises(NotFound, match="plant"):
        remote.present(WorkerFacts("w", ["lab", "plant"]))
    assert remote.claim_hint(task.id, 0, True, "w") is None
    for say in (
        lambda: remote.beat(task, Progress()),
        lambda: remote.finish(task, Outcome(1)),
        lambda: remote.fail(task, "no", True),
        lambda: remote.release(task),
        lambda: remote.found(task, ["x"], 1),
    ):
        with pytest.raises(LeaseLost):
            say()
    with pytest.raises(LeaseLost):
        remote.token(task)
    theirs.finish(task, Outcome(1))
    assert Job.objects.get().state == "SUCCESS"


def test_no_key_opens_nothing(address: str, lab: Site) -> None:
    for wrong in ("", "lgs_" + "a" * 12 + "_" + "b" * 43):
        with pytest.raises(NotSignedIn):
            RemoteLedger(address, wrong).claim(["lab"], "w")


def test_a_token_is_for_steps_that_act_for_somebody(remote: RemoteLedger, lab: Site) -> None:
    _job(TaskSpec("test.step", "lab", items=["a"]))
    (task,) = remote.claim(["lab"], "w")
    with pytest.raises(Forbidden):
        remote.token(task)


def test_a_step_that_acts_for_somebody_is_given_that_persons_token(
    remote: RemoteLedger, lab: Site
) -> None:
    from lagan.hub.accounts import services as accounts
    from lagan.hub.accounts.queries import authenticate
    from lagan.hub.base.actors import Actor

    accounts.bootstrap()
    user = accounts.create_user(by=SYSTEM, username="ada")
    ada = Actor(user.entity_id, "ada", "session")
    specs = [TaskSpec("dataset.put", "lab", items=["/x"])]
    create_job(kind="k", title="t", by=ada, tasks=specs)
    (task,) = remote.claim(["lab"], "w")
    actor = authenticate(authorization=f"Bearer {remote.token(task)}")
    assert (actor.entity, actor.name) == (user.entity_id, "ada")
    remote.finish(task, Outcome(1))
    with pytest.raises(Forbidden):
        remote.token(task)


def test_those_who_wait_hold_no_thread(address: str, key: str, lab: Site) -> None:
    headers = {"Authorization": f"Site-Key {key}"}
    wanted = {"sites": ["lab"], "wait": 30}

    async def crowd() -> int:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=LONG) as client:
            waiting = [
                asyncio.ensure_future(client.post("/api/work/ask", json=wanted)) for _ in range(60)
            ]
            while True:  # more than there are threads to answer
                told = await client.post("/api/work/claim", json={"count": 0, "wait": 0.2})
                if told.elapsed.total_seconds() < 2 and not any(each.done() for each in waiting):
                    break
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            return told.status_code

    assert run(crowd()) == 200


def test_who_waits_for_work_hears_of_it_at_once(
    remote: RemoteLedger, lab: Site, elsewhere: Callable[..., Any]
) -> None:
    assert remote.claim(["lab"], "w") == []
    waiting = elsewhere(remote.wait_for_work, ["lab"], LONG)
    _job(TaskSpec("test.step", "lab", items=["a"]))
    started = time.monotonic()
    assert waiting.result(LONG) is True
    assert time.monotonic() - started < LONG / 4
    assert len(remote.claim(["lab"], "w", 5)) == 1
    # What is due already was claimed; nothing is: it waits its time.
    assert remote.wait_for_work(["lab"], 0.2) is False


def test_a_worker_that_has_all_it_can_run_does_not_ask(remote: RemoteLedger, lab: Site) -> None:
    _job(*(TaskSpec("test.step", "lab", items=["a"]) for _ in range(2)))
    assert len(remote.claim(["lab"], "w", 1)) == 1
    assert remote.wait_for_work(["lab"], 0.1) is False


def test_a_task_is_not_given_to_who_went_away_while_waiting(
    address: str, key: str, remote: RemoteLedger, lab: Site
) -> None:
    import http.client
    import json

    from lagan.hub.jobs import bell

    host = address.removeprefix("http://")
    gone = http.client.HTTPConnection(host, timeout=LONG)
    wanted = json.dumps({"sites": ["lab"], "worker": "gone", "count": 1, "wait": 30})
    gone.request("POST", "/api/work/claim", wanted, {"Authorization": f"Site-Key {key}"})
    assert remote.claim(["lab"], "w") == []  # by now the other one waits
    gone.close()
    _job(TaskSpec("test.step", "lab", items=["a"]))
    while not (tasks := remote.claim(["lab"], "w")):
        bell.wait(0.05)
    assert tasks[0].items == ["a"]


def test_a_question_is_answered_through_the_hub(
    remote: RemoteLedger, lab: Site, elsewhere: Callable[..., Any]
) -> None:
    remote.present(WorkerFacts("w", ["lab"], roots=[os_name]))
    asked = elsewhere(ask, "lab", "folder", {"path": os_name}, LONG)
    (question,) = remote.ask(["lab"], LONG)
    assert (question.site, question.verb, question.args) == ("lab", "folder", {"path": os_name})
    remote.answer(question, {"names": STRANGE}, None)
    assert asked.result(LONG) == {"names": STRANGE}
    assert not Question.objects.exists()
    refused = elsewhere(ask, "lab", "folder", {"path": "/no"}, LONG)
    (question,) = remote.ask(["lab"], LONG)
    remote.answer(question, None, NotFound("There is no /no."))
    with pytest.raises(NotFound, match="There is no /no"):
        refused.result(LONG)


def test_questions_go_to_their_own_site_only(
    address: str, remote: RemoteLedger, lab: Site, elsewhere: Callable[..., Any]
) -> None:
    ensure_site(name="plant")
    theirs = RemoteLedger(address, key_of("plant"))
    remote.present(WorkerFacts("w", ["lab"]))
    asked = elsewhere(ask, "lab", "folder", {}, LONG)
    assert theirs.ask(["plant"], 0.2) == []
    (question,) = remote.ask(["lab"], LONG)
    theirs.answer(question, {"forged": True}, None)
    remote.answer(question, {"forged": False}, None)
    assert asked.result(LONG) == {"forged": False}


def test_a_site_without_a_worker_is_not_waited_for(lab: Site) -> None:
    with pytest.raises(Unavailable, match="lab"):
        ask("lab", "folder", {}, patience=LONG)


def test_workers_show_what_they_are(remote: RemoteLedger, lab: Site) -> None:
    facts = WorkerFacts("w1", ["lab"], "host", "1.0", "hub", 4, 1, 0.5, [os_name])
    remote.present(facts)
    remote.present(facts)
    row = SiteWorker.objects.get()
    assert (row.name, row.facts["threads"], row.facts["load"]) == ("w1", 4, 0.5)
    assert row.facts["roots"] == ["\\udcff\\udcfe raw"]


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("claim", {"count": -1}, "count"),
        ("claim", {"count": 1.5}, "count"),
        ("claim", {"sites": "lab"}, "sites"),
        ("claim", {"wait": "long"}, "wait"),
        ("beat", {"id": "1", "attempt": 1}, "id"),
        ("beat", {"id": 1 << 70, "attempt": 1}, "id"),
        ("fail", {"id": 1}, "attempt"),
        ("hint", {"id": 1, "attempt": 1, "worker": 7}, "worker"),
        ("present", {"sites": ["lab"], "name": None}, "name"),
        ("answer", {"id": 1, "error": "x"}, "error"),
        ("answer", {"id": 1, "error": {"code": "not-found"}}, "sentence"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    remote: RemoteLedger, lab: Site, verb: str, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        remote._ask(verb, body)
    assert refusal.value.facts["field"] == field


@pytest.mark.parametrize(
    "outcome",
    [
        {"done": 3},
        {"done": -1},
        {"failures": [["a", "failed"]]},
        {"failures": "a"},
        {"walks": [[1]]},
        {"result": []},
    ],
)
def test_an_odd_outcome_is_refused_and_changes_nothing(
    remote: RemoteLedger, lab: Site, outcome: dict[str, Any]
) -> None:
    _job(TaskSpec("test.step", "lab", items=["a", "b"]))
    (task,) = remote.claim(["lab"], "w")
    with pytest.raises(BadInput):
        remote._ask("finish", {"id": task.id, "attempt": task.attempt, **outcome})
    assert Task.objects.get().state == "running"


def test_a_hub_that_comes_back_is_told_what_it_missed(address: str, key: str, lab: Site) -> None:
    stop = Event()
    ledger = RemoteLedger(address, key, stop=stop)
    _job(TaskSpec("test.step", "lab", items=["a"]))
    (task,) = ledger.claim(["lab"], "w")
    real, calls = ledger._connection, []

    def away_twice(quick: bool = False) -> Any:
        calls.append(1)
        if len(calls) <= 2:
            raise Unavailable("gone for a moment")
        return real(quick)

    ledger._connection = away_twice  # type: ignore[method-assign]
    assert ledger.beat(task, Progress()) is False
    ledger.finish(task, Outcome(1))
    assert len(calls) == 3
    assert Job.objects.get().state == "SUCCESS"


def test_a_worker_that_stops_is_not_patient_for_ever(address: str, key: str, lab: Site) -> None:
    stop = Event()
    stop.set()
    ledger = RemoteLedger("http://127.0.0.1:1", key, stop=stop)
    _job(TaskSpec("test.step", "lab", items=["a"]))
    (task,) = RemoteLedger(address, key).claim(["lab"], "w")
    with pytest.raises(Unavailable):
        ledger.release(task)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"[1]", {}, 400),
        (b"{", {}, 400),
        (b'{"wait": NaN}', {}, 400),
        (b"\xff", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b" " * (65 << 20)), {"Content-Encoding": "gzip"}, 413),
        (b" " * ((16 << 20) + 1), {}, 413),
        (b"", {}, 200),
    ],
)
def test_odd_bodies_are_refused(
    address: str, key: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    sent = {"Authorization": f"Site-Key {key}", **headers}
    told = httpx.post(f"{address}/api/work/claim", content=body, headers=sent, timeout=LONG)
    assert told.status_code == status, told.text


@pytest.mark.parametrize("authorization", ["Bearer x", "Api-Key x", "Site-Key", "Site-Key  x y"])
def test_other_credentials_open_nothing(address: str, key: str, authorization: str) -> None:
    given = {"Authorization": authorization}
    told = httpx.post(f"{address}/api/work/claim", headers=given, timeout=LONG)
    assert told.status_code == 401
    assert key not in told.text
