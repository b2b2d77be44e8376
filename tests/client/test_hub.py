"""The client's calls: what is sent arrives, what is fetched is compared, what is refused is the
refusal."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from lagan.client import Hub, Member, State, Wanted
from lagan.client.credentials import RENEW_AFTER, Token
from lagan.client.described import Described
from lagan.kit.errors import BadInput, DigestMismatch, NotFound, NotSignedIn, Unavailable
from tests.agent.hub import TestHub

LARGE = os.urandom(3 << 20)


def test_who_am_i(hub: Hub) -> None:
    assert hub.me()["username"] == "facility"


def test_a_password_signs_in_or_is_refused(server: TestHub) -> None:
    hub = Hub(server.url)
    with pytest.raises(NotSignedIn):
        hub.me()
    with pytest.raises(NotSignedIn, match="password is wrong"):
        hub.sign_in("facility", "nonsense")
    hub.sign_in("facility", "secret")
    assert hub.me()["username"] == "facility"
    hub.close()


def test_a_token_is_renewed_before_it_runs_out() -> None:
    now, asked = [0.0], []

    def ask() -> str:
        asked.append(now[0])
        return f"t{len(asked)}"

    token = Token(ask, lambda: now[0])
    assert token.header() == "Bearer t1"
    now[0] = RENEW_AFTER - 1
    assert token.header() == "Bearer t1"
    now[0] = RENEW_AFTER + 1
    assert token.header() == "Bearer t2"
    assert "t2" not in repr(token)


def test_datasets_are_found_or_made_in_order(hub: Hub) -> None:
    rows = [Described(owner, None, "d", "2026-01-01") for owner in ("anna", "nobody", "ben")]
    first = hub.ensure_datasets("i", rows)
    assert [each.id for each in first] == ["d0", None, "d1"]
    assert isinstance(first[1].error, NotFound | BadInput)
    assert [each.id for each in hub.ensure_datasets("i", rows)] == ["d0", None, "d1"]


def test_a_whole_file(hub: Hub, server: TestHub, dataset: str, tmp_path: Path) -> None:
    source = tmp_path / "large.raw"
    source.write_bytes(LARGE)
    ids: list[str] = []
    stored = hub.upload(source, dataset, "x/large.raw", on_created=ids.append)
    assert stored.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert server.contents() == {"facility/d/x/large.raw": LARGE}
    assert len(ids) == 1
    seen = source.stat()
    asked = [Wanted(dataset, [("x/large.raw", seen.st_size, seen.st_mtime_ns)])]
    assert hub.look_up(asked)[0].states == [State.SAME]


def test_a_whole_file_goes_on(hub: Hub, server: TestHub, dataset: str, tmp_path: Path) -> None:
    source = tmp_path / "large.raw"
    source.write_bytes(LARGE)
    ids: list[str] = []
    server.cut_at = server.received + (2 << 20)
    with pytest.raises(Unavailable):
        hub.upload(source, dataset, "large.raw", on_created=ids.append)
    server.received = 0
    hub.upload(source, dataset, "large.raw", resume=ids[0], on_created=ids.append)
    assert len(ids) == 1
    assert server.received < 2 << 20
    assert server.contents() == {"facility/d/large.raw": LARGE}
    hub.upload(source, dataset, "again.raw", resume="gone", on_created=ids.append)
    assert server.contents()["facility/d/again.raw"] == LARGE


def test_an_empty_file(hub: Hub, server: TestHub, dataset: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    hub.upload(tmp_path / "empty", dataset, "empty")
    assert server.contents() == {"facility/d/empty": b""}
    with pytest.raises(BadInput, match="none"):
        hub.upload(tmp_path / "none", dataset, "none")


def test_a_batch_streams_and_answers_for_each(hub: Hub, server: TestHub, dataset: str) -> None:
    contents = {f"{n}.tif": os.urandom(1 + n) for n in range(500)} | {"..": b"bad"}
    members = (
        Member(dataset, path, n, lambda path=path: contents[path])  # type: ignore[misc]
        for n, path in enumerate(contents)
    )
    answers = {each.member.path: each for each in hub.send_batch(members)}
    assert list(answers) == list(contents)
    assert answers.pop("..").error is not None
    assert {each.status for each in answers.values()} == {"stored"}
    assert server.files[dataset]["3.tif"].content == contents["3.tif"]
    again = hub.send_batch([Member(dataset, "3.tif", 3, lambda: contents["3.tif"])])
    assert [each.status for each in again] == ["present"]


def test_an_empty_batch_asks_nothing(hub: Hub, server: TestHub, dataset: str) -> None:
    server.requests.clear()
    assert list(hub.send_batch([])) == []
    assert list(hub.send_batch([Member(dataset, "x", 0, lambda: None)])) == []
    assert server.requests == []


def test_a_batch_that_is_cut_is_unavailable(hub: Hub, server: TestHub, dataset: str) -> None:
    server.cut_at = server.received + 10_000
    members = [Member(dataset, str(n), 0, lambda: b"x" * 5000) for n in range(10)]
    with pytest.raises(Unavailable):
        list(hub.send_batch(members))
    assert server.contents() == {}


def test_put_and_download(hub: Hub, server: TestHub, dataset: str, tmp_path: Path) -> None:
    assert hub.put(dataset, "a b/ü#?.txt", b"hello", 5).size == 5
    target = tmp_path / "got"
    hub.download(dataset, "a b/ü#?.txt", target)
    assert target.read_bytes() == b"hello"
    hub.download_zip(dataset, target)
    assert target.read_bytes() == b"hello"


def test_a_download_goes_on_after_a_cut(
    hub: Hub, server: TestHub, dataset: str, tmp_path: Path
) -> None:
    hub.put(dataset, "large", LARGE)
    server.cut_at = 1 << 20
    hub.download(dataset, "large", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == LARGE
    assert [method for method, _ in server.requests].count("GET") == 2


def test_a_damaged_download_gets_no_name(
    hub: Hub, server: TestHub, dataset: str, tmp_path: Path
) -> None:
    hub.put(dataset, "a", b"hello")
    server.corrupt = 1
    (tmp_path / "got").write_bytes(b"before")
    with pytest.raises(DigestMismatch):
        hub.download(dataset, "a", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["got"]
    with pytest.raises(NotFound):
        hub.download("nonsense", "a/b", tmp_path / "got")


def test_lists_go_page_by_page(hub: Hub) -> None:
    for n in range(5):
        hub.create_dataset(str(n), "7")
    assert [row["name"] for row in hub.datasets()] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("url", ["", "hub.example.org", "ftp://x", "http://"])
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(BadInput, match="address"):
        Hub(url)
