"""A volume filled to the last byte: uploads are refused and leave nothing, reading goes on, and
when there is room again uploads work without a restart."""

from __future__ import annotations

import ctypes
import errno
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from lagan.hub.archive.rules import RESERVE
from tests.faults.sending import RESUMABLE, STREAM, Sending, content
from tests.faults.test_killed_upload import expect_there
from tests.faults.victim import Victim, judges

SIZE = RESERVE + (24 << 20)
"""Bytes of the filesystem; it lies in memory only as far as it is filled."""


DATA = content("too much", 6 << 20)


class SmallDisk:
    """A filesystem of SIZE bytes that can be filled to the last one, and given room again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={SIZE}".encode()) != 0:
            reason = errno.errorcode[ctypes.get_errno()]
            pytest.fail(f"a tmpfs cannot be mounted, which takes root: {reason}")

    @property
    def _filler(self) -> Path:
        return self.folder / "lost+found" / "filler"

    def fill(self) -> None:
        self._filler.parent.mkdir(exist_ok=True)
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            for size in (1 << 20, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def empty(self) -> None:
        self._filler.unlink(missing_ok=True)

    def unmount(self) -> None:
        ctypes.CDLL(None).umount2(bytes(self.folder), 2)  # MNT_DETACH


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path_factory.mktemp("full") / "data/volumes/main")
    yield made
    made.unmount()


@pytest.fixture(scope="module")
def full(disk: SmallDisk) -> Iterator[Victim]:
    """A hub whose main volume is the small disk."""
    running = Victim(disk.folder.parents[2])
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def dataset(full: Victim, disk: SmallDisk, request: pytest.FixtureRequest) -> Iterator[int]:
    yield full.dataset(request.node.name, owner="alice")
    disk.empty()


@pytest.fixture
def alice(full: Victim, dataset: int) -> Iterator[httpx.Client]:
    with full.as_user("alice") as client:
        yield client


def left(full: Victim) -> tuple[dict[str, int], list[str]]:
    """What is on the disk but the filler."""
    objects = full.objects().items()
    return {name: size for name, size in objects if "filler" not in name}, full.incoming()


def put(client: httpx.Client, dataset: int, body: Iterator[bytes]) -> httpx.Response:
    headers = {"Content-Length": str(len(DATA))}
    return client.put(f"/api/datasets/{dataset}/content/much", content=body, headers=headers)


def batch(client: httpx.Client, dataset: int, body: Iterator[bytes]) -> httpx.Response:
    """DATA as one large member."""
    info = tarfile.TarInfo(f"{dataset}/much")
    info.size = len(DATA)

    def stream() -> Iterator[bytes]:
        yield info.tobuf()
        yield from body
        yield bytes(1024)

    return client.post("/api/uploads/batch/", content=stream())


def pack(client: httpx.Client, dataset: int, body: Iterator[bytes]) -> httpx.Response:
    """DATA as many small members."""

    def stream() -> Iterator[bytes]:
        for number, piece in enumerate(body):
            info = tarfile.TarInfo(f"{dataset}/much/{number}")
            info.size = len(piece)
            yield info.tobuf() + piece
        yield bytes(1024)

    return client.post("/api/uploads/batch/", content=stream())


def pieces(between: Callable[[], object] = lambda: None) -> Iterator[bytes]:
    """DATA in pieces of 64 KiB, and what happens when a third of them has gone."""
    step = 65536
    for start in range(0, len(DATA), step):
        if start // step == len(DATA) // step // 3:
            between()
        yield DATA[start : start + step]


@pytest.mark.fault
@pytest.mark.parametrize("send", [put, batch, pack])
def test_a_disk_that_fills_up_while_bytes_arrive(send, full, disk, dataset, alice) -> None:
    small = f"/api/datasets/{dataset}/content/small"
    assert alice.put(small, content=b"before").status_code == 201
    before = left(full)
    answer = send(alice, dataset, pieces(disk.fill))
    assert answer.status_code == 507, answer.text
    assert answer.json()["type"] == "/problems/no-space"
    assert left(full) == before
    assert alice.get(small).content == b"before"
    assert alice.get(f"/api/datasets/{dataset}/zip").status_code == 200
    assert alice.get(f"/api/datasets/{dataset}/files/").json()["results"][0]["name"] == "small"
    assert alice.get("/login/").status_code == 200
    again = send(alice, dataset, pieces())
    assert again.status_code == 507, "the disk is full from the start"
    assert left(full) == before

    disk.empty()
    answer = send(alice, dataset, pieces())
    assert answer.status_code in (200, 201), answer.text
    assert answer.text.count("refused") == 0
    name = "much/0" if send is pack else "much"
    expected = DATA[:65536] if send is pack else DATA
    assert alice.get(f"/api/datasets/{dataset}/content/{name}").content == expected


@pytest.mark.fault
def test_a_resumable_upload_goes_on_when_there_is_room_again(full, disk, dataset, alice) -> None:
    sending = Sending(dataset)
    sending._stands(alice)
    place, size = str(sending.upload), 400_000
    headers = {**STREAM, "Upload-Offset": "0"}
    assert alice.patch(place, content=RESUMABLE[:size], headers=headers).status_code == 204
    disk.fill()
    headers["Upload-Offset"] = str(size)
    refused = alice.patch(place, content=RESUMABLE[size:], headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (507, "/problems/no-space")
    disk.empty()
    sending.go_on(alice)
    expect_there(alice, dataset, sending.acknowledged)


@pytest.mark.fault
def test_afterwards_catalogue_and_volumes_agree(full, disk, dataset, alice) -> None:
    disk.fill()
    refused = alice.put(f"/api/datasets/{dataset}/content/x", content=b"x")
    assert refused.status_code == 507
    disk.empty()
    assert alice.put(f"/api/datasets/{dataset}/content/x", content=b"x").status_code == 201
    (disk.folder / "lost+found").rmdir()
    with judges(full) as (now, _):
        assert now.ask("look")["wrong"] == []
