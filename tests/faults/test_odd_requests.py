"""Requests that end in odd ways: empty, announced beforehand, refused in mid-body, sent one behind
the other, or given up while their commit is under way."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.faults.sending import RESUMABLE, STREAM, Refused, Sending, sha
from tests.services.hub import Hub, until

pytestmark = [pytest.mark.fault]


@pytest.fixture
def dataset(hub: Hub, request: pytest.FixtureRequest) -> int:
    return hub.dataset(request.node.name, owner="alice")


@pytest.fixture
def alice(hub: Hub, dataset: int) -> Iterator[httpx.Client]:
    with hub.as_user("alice") as client:
        yield client


@contextmanager
def line(hub: Hub) -> Iterator[socket.socket]:
    at = urlsplit(hub.url)
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=60) as raw:
        yield raw


def request(
    alice: httpx.Client, target: str, length: int, *more: str, method: str = "PUT"
) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: hub", f"Content-Length: {length}", *more]
    lines.append(f"Authorization: {alice.headers['Authorization']}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(file: Any) -> tuple[int, dict[str, str], bytes]:
    """The next answer on a connection."""
    status = int(file.readline().split()[1])
    headers = {}
    while text := file.readline().decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, file.read(int(headers.get("content-length", 0)))


def test_an_empty_file_by_every_door(hub: Hub, dataset: int, alice: httpx.Client) -> None:
    place = f"/api/datasets/{dataset}/content/empty"
    told = alice.put(place, content=b"")
    assert (told.status_code, told.json()["size"], told.json()["sha256"]) == (201, 0, sha(b""))
    assert alice.put(place, content=b"").status_code == 200
    got = alice.get(place)
    assert (got.status_code, got.content) == (200, b"")


def test_a_client_that_asks_before_it_sends(hub: Hub, dataset: int, alice: httpx.Client) -> None:
    target = f"/api/datasets/{dataset}/content/asked"
    with line(hub) as raw, raw.makefile("rb") as file:
        raw.sendall(request(alice, target, 5, "Expect: 100-continue"))
        assert answer(file)[0] == 100
        raw.sendall(b"hello")
        assert answer(file)[0] == 201
    assert alice.get(target).content == b"hello"


def test_one_that_asks_and_is_refused_sends_nothing(hub: Hub, dataset: int, alice) -> None:
    before = hub.incoming()
    with line(hub) as raw, raw.makefile("rb") as file:
        raw.sendall(request(alice, "/api/datasets/999999/content/x", 5, "Expect: 100-continue"))
        status, _, body = answer(file)
        assert (status, json.loads(body)["type"]) == (404, "/problems/not-found")
    until(lambda: set(hub.incoming()) <= set(before))


def test_requests_sent_one_behind_the_other(hub: Hub, dataset: int, alice: httpx.Client) -> None:
    with line(hub) as raw, raw.makefile("rb") as file:
        for n in range(5):
            raw.sendall(request(alice, f"/api/datasets/{dataset}/content/p{n}", 3) + b"%03d" % n)
        assert [answer(file)[0] for _ in range(5)] == [201] * 5
    for n in range(5):
        assert alice.get(f"/api/datasets/{dataset}/content/p{n}").content == b"%03d" % n


def test_what_follows_a_refused_body_is_no_request(hub: Hub, dataset: int, alice) -> None:
    """The rest of a refused body may look like a request; nobody takes it for one."""
    smuggled = request(alice, f"/api/datasets/{dataset}/content/smuggled", 1) + b"x"
    with line(hub) as raw, raw.makefile("rb") as file:
        head = request(alice, "/api/datasets/999999/content/x", 3 << 20)
        raw.sendall(head + b"y" * (1 << 20))
        status, headers, _ = answer(file)
        assert (status, headers.get("connection")) == (404, "close")
        try:
            raw.sendall(smuggled)
            assert file.read() == b""
        except ConnectionError:
            pass
    assert alice.get(f"/api/datasets/{dataset}/content/smuggled").status_code == 404
    assert alice.put(f"/api/datasets/{dataset}/content/next", content=b"x").status_code == 201


def test_a_client_that_leaves_while_its_commit_is_under_way(
    hub: Hub, dataset: int, alice: httpx.Client
) -> None:
    """What was complete is archived once, and who comes back for it is told so."""
    sending = Sending(dataset)
    sending._stands(alice)
    target = str(sending.upload)
    lines = [f"{key}: {value}" for key, value in {**STREAM, "Upload-Offset": "0"}.items()]
    with line(hub) as raw:
        raw.sendall(request(alice, target, len(RESUMABLE), *lines, method="PATCH") + RESUMABLE)

    def done() -> bool:
        """As a client does: while the hub still works for the one who left, it is asked again."""
        try:
            sending.go_on(alice)
        except Refused as refused:
            if refused.status != 423:
                raise
            return False
        return True

    until(done)
    got = alice.get(f"/api/datasets/{dataset}/content/resumable.bin")
    assert sha(got.content) == sha(RESUMABLE)
    page = alice.get(f"/api/datasets/{dataset}/files/").json()["results"]
    assert [row["version"] for row in page if row["name"] == "resumable.bin"] == [1]
    until(lambda: not any(target.rpartition("/")[2].replace("-", "") in k for k in hub.incoming()))


def test_two_who_send_one_upload(hub: Hub, dataset: int, alice: httpx.Client) -> None:
    """The second is told that it is held; when the first has left, it goes on."""
    sending = Sending(dataset)
    sending._stands(alice)
    target = str(sending.upload)
    headers = {**STREAM, "Upload-Offset": "0"}
    lines = [f"{key}: {value}" for key, value in headers.items()]
    patch = request(alice, target, len(RESUMABLE), *lines, method="PATCH")
    with line(hub) as raw:
        raw.sendall(patch + RESUMABLE[:1000])
        # Whoever came first holds it: either we are told so, or the other one is.
        told = alice.patch(target, content=b"", headers=headers).status_code
        while told == 204 and not select.select([raw], [], [], 0.2)[0]:
            told = alice.patch(target, content=b"", headers=headers).status_code
        if told == 204:
            with raw.makefile("rb") as file:
                told = answer(file)[0]
        assert told == 423
    until(lambda: alice.patch(target, content=b"", headers=headers).status_code in (204, 409))
    sending.go_on(alice)
    assert sending.acknowledged["resumable"] == {"resumable.bin": (1, sha(RESUMABLE))}
