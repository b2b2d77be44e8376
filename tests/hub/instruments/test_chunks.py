"""Files come in chunks, each compared and durable, one after the other, whatever comes between."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
import xxhash

if TYPE_CHECKING:
    from tests.hub.instruments.laboratory import Laboratory

DATA = bytes(range(256)) * 100_000  # 25.6 MB: three chunks


def chunk(
    lab: Laboratory, file: int, start: int, end: int, *, data: bytes | None = None,
    sum: str | None = None, size: int = len(DATA),
) -> Any:  # fmt: skip
    body = DATA[start:end] if data is None else data
    headers = {
        "Checksum": sum or xxhash.xxh3_64(body).hexdigest(),
        "Content-Range": f"{start}-{end}/{size}",
        "Content-Type": "application/octet-stream",
    }
    answer = lab.role.ask("POST", f"mydata_upload/{file}/upload/", content=body, headers=headers)
    assert answer.status_code == 200
    return answer.json()


def standing(lab: Laboratory, file: int) -> Any:
    return lab.role.ask("GET", f"mydata_upload/{file}/").json()


def test_a_file_in_three_chunks(lab: Laboratory):
    lab.approved()
    dataset = lab.dataset()
    file, _ = lab.announce(dataset, "big.bin", DATA)
    assert standing(lab, file) == {
        "success": True, "completed": False, "offset": 0, "size": 10_000_000,
        "checksum": "xxh3_64",
    }  # fmt: skip
    assert chunk(lab, file, 0, 10_000_000)["success"] is True
    early = lab.role.ask("GET", f"mydata_upload/{file}/complete/").json()
    assert (early["success"], "10000000 of" in early["error"]) == (False, True)
    # Wrong ones change nothing.
    assert chunk(lab, file, 10_000_000, 20_000_000, sum="0" * 16)["success"] is False
    assert chunk(lab, file, 10_000_000, 20_000_000, data=b"short")["success"] is False
    assert chunk(lab, file, 0, 10_000_000)["success"] is False
    assert chunk(lab, file, 20_000_000, len(DATA))["success"] is False
    assert standing(lab, file)["offset"] == 10_000_000
    second = hashlib.md5(DATA[10_000_000:20_000_000]).hexdigest()
    assert chunk(lab, file, 10_000_000, 20_000_000, sum=second)["success"] is True
    assert chunk(lab, file, 20_000_000, len(DATA)) == {"success": True, "id": file}
    done = lab.role.ask("GET", f"mydata_upload/{file}/complete/").json()
    assert done == {"success": True, "verified": True}
    assert standing(lab, file) == {"success": True, "completed": True}
    found = lab.role.get(
        "mydata_dataset_file/", dataset__id=dataset, filename="big.bin", directory=""
    )
    assert found["replicas"][0]["verified"] is True


def test_an_empty_file_is_complete_at_once(lab: Laboratory):
    lab.approved()
    file, _ = lab.announce(lab.dataset(), "empty", b"")
    assert standing(lab, file) == {"success": True, "completed": True}
    done = lab.role.ask("GET", f"mydata_upload/{file}/complete/").json()
    assert done == {"success": True, "verified": True}


@pytest.mark.parametrize(
    ("range", "sum"),
    [
        ("0-10/25", "0" * 16),
        ("10-0/25600000", "0" * 16),
        ("0-25600000/25600000", "0" * 16),
        ("bytes=0-1", "0" * 16),
        ("0-10/25600000", "xyz"),
        ("0-10/25600000", ""),
    ],
)
def test_what_makes_no_sense_is_told(lab: Laboratory, range: str, sum: str):
    lab.approved()
    file, _ = lab.announce(lab.dataset(), "big.bin", DATA)
    headers = {"Checksum": sum, "Content-Range": range}
    answer = lab.role.ask("POST", f"mydata_upload/{file}/upload/", content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["success"]) == (200, False)
    assert lab.stranger.ask("GET", f"mydata_upload/{file}/").json()["success"] is False
    assert lab.nobody.ask("GET", f"mydata_upload/{file}/").json()["success"] is False


@pytest.mark.parametrize(
    ("size", "chunk"),
    [(0, 10), (1, 10), (990_000_000, 10), (990_000_001, 20), (5 * 10**9, 60), (10**12, 100)],
)
def test_how_large_chunks_are(size: int, chunk: int):
    from lagan.hub.instruments.rules import chunk_size

    assert chunk_size(size) == chunk * 1_000_000
    assert size // chunk_size(size) < 100 or chunk == 100
