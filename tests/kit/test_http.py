"""The client's HTTP: refusals keep their kind, only what is safe is repeated, no secret is ever
said."""

from __future__ import annotations

import pytest

from lagan.kit import errors
from lagan.kit.errors import LaganError
from lagan.kit.http import LONGEST_PAUSE, Http, pause, refusal
from tests.agent.hub import KEY, TestHub


def http(server: TestHub, paused: list[float] | None = None) -> Http:
    sleep = (paused if paused is not None else []).append
    return Http(server.url, authorization=lambda: f"Api-Key {KEY}", timeout=30, sleep=sleep)


@pytest.mark.parametrize(
    "kind",
    [
        errors.BadInput, errors.BadPath, errors.NotSignedIn, errors.Forbidden, errors.NotFound,
        errors.Conflict, errors.TooLarge, errors.DigestMismatch, errors.Locked, errors.NoSpace,
        errors.Unavailable,
    ],
)  # fmt: skip
def test_each_kind_of_refusal_survives_the_way(kind: type[LaganError]) -> None:
    document = {"type": f"/problems/{kind.code}", "detail": "So it is.", "dataset": 7}
    got = refusal(kind.status, document, "The hub")
    assert type(got) is kind
    assert (got.sentence, got.facts["dataset"]) == ("So it is.", 7)
    assert type(refusal(kind.status, None, "The hub")) in (kind, errors.BadInput)


def test_an_unknown_kind_is_known_by_its_status() -> None:
    got = refusal(409, {"type": "/problems/wrong-offset", "detail": "No."}, "The hub")
    assert type(got) is errors.Conflict
    assert got.facts["problem"] == "wrong-offset"
    assert type(refusal(500, None, "The hub")) is LaganError


def test_a_read_is_repeated_while_the_hub_is_busy() -> None:
    with TestHub() as server:
        paused: list[float] = []
        server.refuse("GET", "/api/auth/me/", 503, "unavailable", times=2)
        with http(server, paused).request("GET", "api/auth/me/") as answer:
            assert answer.json()["username"] == "facility"
        assert len(paused) == 2
        server.refuse("GET", "/api/auth/me/", 503, "unavailable", times=9)
        with pytest.raises(errors.Unavailable):
            http(server, paused).request("GET", "api/auth/me/")
        assert len(server.refusals) == 5


def test_a_cut_connection_is_tried_again_only_where_that_is_safe() -> None:
    with TestHub() as server:
        server.refuse("GET", "/api/auth/me/", 0, "cut")
        http(server).request("GET", "api/auth/me/").close()
        server.refuse("POST", "/api/datasets/", 0, "cut")
        with pytest.raises(errors.Unavailable, match="cannot be reached"):
            http(server).request("POST", "api/datasets/", json={"name": "x", "group": "1"})
        assert server.requests.count(("POST", "/api/datasets/")) == 1


def test_a_permanent_refusal_is_not_repeated() -> None:
    with TestHub() as server:
        with pytest.raises(errors.NotFound):
            http(server).request("GET", "api/nothing")
        assert len(server.requests) == 1


def test_secrets_are_not_said() -> None:
    for address in ("http://user:hunter2@127.0.0.1:9", "http://user:hunter2@127.0.0.1:9/x"):
        with pytest.raises(errors.Unavailable) as caught:
            Http(address, authorization=lambda: "Api-Key hunter2", retries=0).request("GET", "a")
        assert "hunter2" not in f"{caught.value!r} {caught.value.facts}"
    with pytest.raises(errors.BadInput) as refused:
        Http("user:hunter2@host")
    assert "hunter2" not in f"{refused.value!r} {refused.value.facts}"


def test_pauses_grow_within_bounds() -> None:
    assert all(0 < pause(n) <= LONGEST_PAUSE for n in range(40))
    assert pause(0, 7) == 7
    assert pause(0, 10**6) == LONGEST_PAUSE
